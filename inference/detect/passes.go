package detect

import (
	"context"
	"errors"
	"math"
	"slices"

	"millwright/inference/detect/frame"
)

// rows makes a pass over the held rows.
func (t *trainer) rows(ctx context.Context, fn func(i int, r frame.Row) error) error {
	tracker := frame.NewTracker(t.rules)
	i := 0
	believed := make([]float64, len(t.src.Names()))
	return t.src.Each(ctx, func(label int64, cells []float64) error {
		if cells = t.believe(believed, cells); cells == nil {
			return nil
		}
		return tracker.Add(label, cells, func(r frame.Row) error {
			err := fn(i, r)
			i++
			return err
		})
	})
}

// believe leaves out readings outside the fences, and gives nil where nothing is left.
func (t *trainer) believe(dst, cells []float64) []float64 {
	if t.basis.fences == nil {
		return cells
	}
	some := false
	for i, v := range cells {
		if dst[i] = v; !t.believes(i, v) {
			dst[i] = math.NaN()
		}
		some = some || !math.IsNaN(dst[i])
	}
	if !some {
		return nil
	}
	return dst
}

// errChanged is what passes over the vectors give when their rows are not those that
// classify has met: files that are still written to, or were replaced.
var errChanged = errors.New("the data has changed since the training began: run this again, on files that nothing writes to")

// believes tells whether a reading is one: inside the fence or, however far out and rare,
// what the off sensor says of a machine that is off.
func (t *trainer) believes(column int, v float64) bool {
	off := column == t.rules.OffAt && t.rules.Off.Holds(v) && math.Abs(v) <= largest && !slices.Contains(usualCodes(), v)
	return off || t.basis.fences[column].holds(v)
}

// vectors makes a pass over the vectors of the rows that were classified.
func (t *trainer) vectors(ctx context.Context, fn func(i int, v *vector) error) error {
	f, n := newFeatures(&t.basis), 0
	err := t.rows(ctx, func(i int, r frame.Row) error {
		if i >= len(t.labels) || r.Label != t.labels[i] || r.State != t.states[i] {
			return errChanged
		}
		n++
		return fn(i, f.add(r))
	})
	if err == nil && n < len(t.labels) {
		return errChanged
	}
	return err
}
