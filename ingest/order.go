package ingest

import (
	"time"

	"millwright/ingest/take"
)

// heldBack is the oldest drop for which there is no room today, although there
// would be in an empty spool. Smaller ones pass it, else it would hold up every
// machine; but they may also take the room that becomes free, so that after a
// while it has its turn: then nothing passes, and what becomes free is its own.
type heldBack struct {
	folder, name string
	since        time.Time // real time
}

// turn is for how long drops pass a larger one, and then for how long they do not.
const turn = 30 * time.Minute

// pass gives those of left that may be tried before the first of them, for which
// there was no room. Only much smaller ones are worth asking for. oldest tells
// that nothing was held back in this pass before.
func (h *heldBack) pass(left []take.Candidate, now time.Time, oldest bool) []take.Candidate {
	first := left[0]
	if oldest {
		if h.folder != first.Folder || h.name != first.Name {
			*h = heldBack{first.Folder, first.Name, now}
		}
		if now.Sub(h.since)/turn%2 == 1 {
			return nil
		}
	}
	var smaller []take.Candidate
	for _, c := range left[1:] {
		if c.Size <= first.Size/2 {
			smaller = append(smaller, c)
		}
	}
	return smaller
}
