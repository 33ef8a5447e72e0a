package take

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"millwright/internal/drop"
	"millwright/internal/segment"
)

// Whichever worker was first, the first candidate that is taken at all is the
// one with the rows, and the others are repeats of it.
func TestTwins(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 0))
		n := 2 + r.IntN(4)
		winner := r.IntN(n)
		lost := r.IntN(4) == 0 // the one that was read is not taken
		all := make([]outcome, n)
		for i := range all {
			d := drop.Drop{Name: fmt.Sprint(i), State: drop.Repeat}
			if all[i] = (outcome{taking: drop.Taking{Drop: d}, twin: winner}); i == winner {
				all[i].taking.Drop.State, all[i].twin = drop.Taken, -1
				all[i].taking.Blocks = []segment.Ref{{}}
				if lost {
					all[i] = outcome{later: &notYet{}}
				}
			}
		}
		twins(all)
		for i, o := range all {
			d := o.taking.Drop
			switch {
			case lost:
				if o.later == nil {
					t.Errorf("seed %d: %d is %+v", seed, i, d)
				}
			case d.Name != fmt.Sprint(i), (d.State == drop.Taken) != (i == 0), len(o.taking.Blocks) != 0 != (i == 0):
				t.Errorf("seed %d: %d is %+v", seed, i, d)
			case i > 0 && d.Reason != "the same content as 0, taken with it":
				t.Errorf("seed %d: %d: %s", seed, i, d.Reason)
			}
		}
	}
}
