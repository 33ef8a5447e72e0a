package take

import (
	"fmt"
	"sync"

	"millwright/internal/drop"
)

// claims are the identities of the drops read for a batch: the ledger does not
// know them yet.
type claims struct {
	mu    sync.Mutex
	first map[[32]byte]int // candidate
}

// claim is what one candidate of a batch may claim.
type claim struct {
	*claims
	index int
}

// take gives the candidate that has the identity, or notes that it is this one's.
func (c claim) take(id [32]byte) (other int, taken bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if other, ok := c.first[id]; ok && other != c.index {
		return other, true
	}
	c.first[id] = c.index
	return c.index, false
}

// twins completes the repeats of drops of the same batch. Whichever of them was
// read, the first candidate is the one that is taken: the order of paths decides
// conflicts. A repeat of a drop that is not taken after all is no repeat.
func twins(all []outcome) {
	for i := range all {
		o := &all[i]
		if o.later != nil || o.refused || o.taking.Drop.State != drop.Repeat || o.twin < 0 {
			continue
		}
		first := &all[o.twin]
		if first.later == nil && !first.refused && first.taking.Drop.State == drop.Repeat {
			o.twin = first.twin // they have changed places
			first = &all[o.twin]
		}
		switch {
		case first.later != nil || first.refused:
			*o = outcome{later: &notYet{holdNothing, nil}}
			continue
		case o.twin > i && first.taking.Drop.State == drop.Taken:
			first.taking, o.taking = o.taking, first.taking
			exchange(&o.taking.Drop, &first.taking.Drop)
			o, first, o.twin, first.twin = first, o, -1, i
		}
		d, of := &o.taking.Drop, &first.taking.Drop
		d.Reason = fmt.Sprintf("the same content as %s, taken with it", of.Name)
		if a, b := &d.Part, of.Part; a.From == b.From && a.To == b.To && a.Prefix == b.Prefix {
			*a = b // it is read on like the first
		}
	}
}

// exchange swaps which files two drops of the same content are.
func exchange(a, b *drop.Drop) {
	a.Folder, b.Folder = b.Folder, a.Folder
	a.Name, b.Name = b.Name, a.Name
	a.ModTime, b.ModTime = b.ModTime, a.ModTime
}
