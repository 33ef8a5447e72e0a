package seal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"millwright/internal/window"
)

const (
	// forRoom is how long one pass waits for room on the shelf: writing a file
	// costs more than a moment, but deadlines do not wait.
	forRoom = time.Second
	// fewest is how many windows a round has at least: with room for fewer, all
	// of a round's go where there is room, and the rest to files.
	fewest = 16
	// unknownSize is what a window is taken to have before one was sealed.
	unknownSize = 64 << 10
)

// fitting is how many windows the next round may have so that the shelf has
// room for them. It waits until half of it is free: the uploader has the other
// half to send meanwhile, and each round costs a commit.
func (s *Sealer) fitting(ctx context.Context, patience time.Duration) int {
	if s.usual == 0 {
		s.usual = unknownSize
	}
	held := s.settings.Shelf
	if !held.Takes(s.usual) {
		return round
	}
	free := held.Room(ctx, min(round*s.usual, held.Limit()/2), patience)
	if n := free / s.usual; n >= fewest {
		return int(min(n, round))
	}
	return round
}

// hand gives committed windows to the uploader.
func (s *Sealer) hand(fresh []window.Sealed) {
	if len(fresh) == 0 {
		return
	}
	sum := int64(0)
	for i := range fresh {
		sum += fresh[i].Size
	}
	s.usual = sum/int64(len(fresh))*9/8 + 1 // with the room that the shelf leaves for growth
	if s.settings.Sealed != nil {
		s.settings.Sealed(fresh)
	}
}

// discard removes what is left of a window that is in the bucket; tidy removes
// files that are left over.
func (s *Sealer) discard(id window.ID, generation int64, filed bool) {
	s.settings.Shelf.Remove(id, generation, false)
	for g := max(1, generation-2); g <= generation && filed; g++ {
		_ = os.Remove(s.dirs.path(id, g))
	}
}

// Leave writes the windows that are only on the shelf to files. It is for the
// end, when nobody seals or uploads any more: what begins next may have another
// configuration, or be another program, and make other bytes of the same rows.
// Without it, as after a crash, they are made again.
func (s *Sealer) Leave(ctx context.Context) error {
	var temps []*os.File
	var records []window.Record
	var errs []error
	for _, it := range s.settings.Shelf.Items() {
		r, ok, err := s.ledger.Window(ctx, it.ID)
		if err != nil {
			errs = append(errs, err)
			break
		}
		if !ok || r.Generation != it.Generation || r.Closed || inBucket(r) {
			continue
		}
		out := newSpooled()
		out.begin(s.dirs.path(it.ID, it.Generation))
		out.buf = s.settings.Shelf.Get(it.ID, it.Generation)
		f, sum, err := out.flush()
		if err != nil {
			errs = append(errs, err, out.abort())
			break
		}
		r.Path, r.MD5 = out.path, sum
		temps, records = append(temps, f), append(records, r)
	}
	errs = append(errs, durable(temps))
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("leave windows for the next start: %w", err)
	}
	return s.ledger.CommitSealed(ctx, records)
}
