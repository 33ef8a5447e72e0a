package detect

import (
	"math"
	"testing"

	"go.uber.org/zap"

	"millwright/inference/detect/crew"
	"millwright/inference/detect/frame"
	"millwright/inference/detect/moments"
)

// TestUpdateAddsToWhatTheBaseKnows holds the merged statistics against those of one
// pass over both ranges with the base's sensors, modes and scales.
func TestUpdateAddsToWhatTheBaseKnows(t *testing.T) {
	t.Parallel()
	all := gappy(60, 9000)
	cut := all.Labels[5000]
	s := plant{}.settings()
	base := train(t, all.Between(0, cut), s)
	updated, err := Update(t.Context(), base, all, s, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	if updated.Trained.Updates != 1 || updated.Trained.Learnt <= base.Trained.Learnt {
		t.Errorf("%+v", updated.Trained)
	}
	for m, sum := range updated.Sums() {
		want := base.Sums()[m].Clone()
		tr := &trainer{src: all.Between(cut, math.MaxInt64), s: s.withDefaults(), spans: base.basis.spans, rules: base.rules, basis: base.basis}
		if err := tr.classify(t.Context()); err != nil {
			t.Fatal(err)
		}
		p := len(want.Mean)
		c := crew.New(0)
		g := tr.gathering(moments.NewFloor(c), p, base.basis.scale.Center)
		if err := tr.vectors(t.Context(), func(i int, v *vector) error {
			if tr.class[i] == learnt && v.lagged {
				g.add(i, v.mode, v.values)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		one := g.close()
		c.Close()
		want.Merge(one[m])
		if math.Abs(want.N-sum.N) > 0 {
			t.Fatalf("mode %d: %v rows, not %v", m, sum.N, want.N)
		}
		for i := range want.Scatter {
			if d := math.Abs(want.Scatter[i] - sum.Scatter[i]); d > 1e-9*(1+math.Abs(want.Scatter[i])) {
				t.Fatalf("mode %d: scatter %d is %v, not %v", m, i, sum.Scatter[i], want.Scatter[i])
			}
		}
	}
}

// TestUpdatedScoresAreNearThoseOfAFullTraining states how near: on held-out rows nine
// in ten scores differ by less than 0.15.
func TestUpdatedScoresAreNearThoseOfAFullTraining(t *testing.T) {
	t.Parallel()
	all := plant{seed: 61, rows: 10000}.frame()
	s := plant{}.settings()
	base := train(t, all.Between(0, all.Labels[5000]), s)
	past := all.Between(0, all.Labels[8500])
	updated, err := Update(t.Context(), base, past, s, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	full, held := train(t, past, s), all.Between(all.Labels[8500], math.MaxInt64)
	a, b := lines(t, updated, held), lines(t, full, held)
	far := 0
	for i := range a {
		if math.Abs(a[i].Score-b[i].Score) > 0.15 {
			far++
		}
	}
	if far > len(a)/10 {
		t.Errorf("%d of %d scores are further off", far, len(a))
	}
}

func TestUpdateIsRefused(t *testing.T) {
	t.Parallel()
	f := plant{seed: 62, rows: 3000}.frame()
	base := train(t, f, plant{}.settings())
	other := change(f, append([]frame.Name{{Component: "drive", Sensor: "rpm"}}, f.Columns[1:]...), 1e15, func(in []float64) []float64 { return in })
	if _, err := Update(t.Context(), base, other, plant{}.settings(), zap.NewNop()); err == nil {
		t.Error("another schema was taken")
	}
	if _, err := Update(t.Context(), base, f, plant{}.settings(), zap.NewNop()); err == nil {
		t.Error("there was nothing newer")
	}
}
