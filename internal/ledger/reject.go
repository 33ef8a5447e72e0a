package ledger

import (
	"fmt"

	"millwright/internal/drop"
)

// rejection is a drop that cannot be committed, whatever is tried.
type rejection struct {
	index int
	err   error
}

func (r *rejection) Error() string { return r.err.Error() }
func (r *rejection) Unwrap() error { return r.err }

// refuse notes why a drop is not taken. What would be its repeat is not taken
// either: it says that its rows are had.
func refuse(batch []drop.Taking, bad *rejection, refused map[int]string) {
	first := batch[bad.index].Drop
	for i := range batch {
		if d := &batch[i].Drop; i == bad.index || d.State == drop.Repeat && d.Identity == first.Identity {
			refused[i] = fmt.Sprintf("the ledger cannot take it (%v): please report this; it is looked at again at the next start", bad.err)
		}
	}
}
