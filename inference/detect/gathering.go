package detect

import (
	"context"

	"millwright/inference/detect/crew"
	"millwright/inference/detect/moments"
)

// gather makes a pass for the moments of the rows of a class, by fold and mode, and
// gives those of a fold to done when the pass is through with it.
func (t *trainer) gather(ctx context.Context, of class, done func(fold int, modes []*moments.Moments)) error {
	t.pass("statistics")
	c := crew.New(t.s.Cores)
	defer c.Close()
	floor := moments.NewFloor(c)
	p := (Lags + 1) * len(t.basis.columns)
	g, fold := t.gathering(floor, p, t.basis.scale.Center), 0
	through := func(next int) { // with the folds before the next one
		for ; fold < next; fold++ {
			done(fold, g.close())
			if fold+1 < folds {
				g = t.gathering(floor, p, t.basis.scale.Center)
			}
		}
	}
	err := t.vectors(ctx, func(i int, v *vector) error {
		through(int(t.fold[i]))
		if t.class[i] == of && v.lagged {
			g.add(i, v.mode, v.values)
		}
		return nil
	})
	through(folds)
	return err
}

// gathering gathers the moments of each mode's vectors.
type gathering struct {
	modes []*moments.Moments
	by    []*moments.Gatherer
	last  []int // row that was added last
}

func (t *trainer) gathering(floor *moments.Floor, p int, centers [][]float64) *gathering {
	g := &gathering{}
	for k := range t.basis.modes.Count() {
		m := moments.New(p)
		g.modes, g.by, g.last = append(g.modes, m), append(g.by, floor.Gather(m, centers[k])), append(g.last, -2)
	}
	return g
}

func (g *gathering) add(i, mode int, vector []float64) {
	g.by[mode].Add(vector, g.last[mode] == i-1)
	g.last[mode] = i
}

func (g *gathering) close() []*moments.Moments {
	for _, by := range g.by {
		by.Close()
	}
	return g.modes
}

// sums are the moments of the learnt rows by fold and mode.
func (t *trainer) sums(ctx context.Context) ([][]*moments.Moments, error) {
	var sums [][]*moments.Moments
	err := t.gather(ctx, learnt, func(_ int, modes []*moments.Moments) { sums = append(sums, modes) })
	return sums, err
}

// unlearn takes the trimmed rows away from the moments of the learnt ones.
func (t *trainer) unlearn(ctx context.Context, sums [][]*moments.Moments) error {
	return t.gather(ctx, trimmed, func(fold int, worst []*moments.Moments) {
		for m := range worst {
			sums[fold][m].Remove(worst[m])
		}
	})
}
