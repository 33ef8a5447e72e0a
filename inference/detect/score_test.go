package detect

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"millwright/inference/detect/frame"
	"millwright/internal/resultline"
)

// lines scores a frame in one go.
func lines(t testing.TB, m *Model, f *frame.Frame) []resultline.Row {
	t.Helper()
	return window(t, m, f, 0)
}

// window scores a frame whose last label may lie before that of the window.
func window(t testing.TB, m *Model, f *frame.Frame, last int64) []resultline.Row {
	t.Helper()
	var rows []resultline.Row
	s := m.NewSession()
	keep := func(r resultline.Row, _ Remark) error {
		r.Diagnostics = slices.Clone(r.Diagnostics)
		rows = append(rows, r)
		return nil
	}
	for i, label := range f.Labels {
		if err := s.Add(label, f.Row(i), keep); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Until(last, keep); err != nil {
		t.Fatal(err)
	}
	return rows
}

func text(rows []resultline.Row, from, to int64) string {
	var b []byte
	for _, r := range rows {
		if r.Time >= from && r.Time < to {
			b = resultline.Append(b, r)
		}
	}
	return string(b)
}

// gappy is data with holes, stretches without any row, and off periods.
func gappy(seed uint64, rows int) *frame.Frame {
	full := plant{seed: seed, rows: rows, holes: 0.03}.frame()
	r := rand.New(rand.NewPCG(seed, 9))
	f := &frame.Frame{Columns: full.Columns}
	for i := 0; i < rows; i++ {
		if r.Float64() < 0.004 {
			i += r.IntN(60)
			continue
		}
		f.Append(full.Labels[i], full.Row(i))
	}
	return f
}

func TestWindowsInIsolationGiveTheSameLines(t *testing.T) {
	t.Parallel()
	m := train(t, gappy(1, 6000), plant{}.settings())
	f := gappy(2, 1500)
	whole := window(t, m, f, f.Labels[len(f.Labels)-1]+int64(24*time.Hour))
	r := rand.New(rand.NewPCG(3, 3))
	for i := range 120 {
		a := f.Labels[600+r.IntN(700)]
		b := a + int64(m.Rate())
		if i%2 == 0 {
			b += int64(m.Rate()) * int64(r.IntN(40))
		}
		alone := window(t, m, f.Between(a-int64(m.Lookback()), b), b-int64(m.Rate()))
		if got, want := text(alone, a, b), text(whole, a, b); got != want {
			t.Fatalf("window from %s:\n%s\nin one go:\n%s", time.Unix(0, a).UTC(), got, want)
		}
	}
}

func TestLinesKeepTheirPromises(t *testing.T) {
	t.Parallel()
	m := train(t, gappy(4, 5000), plant{}.settings())
	f := plant{seed: 5, rows: 2500, holes: 0.02, fault: func(i int, c []float64) {
		if i > 1200 && i < 1500 {
			c[3] -= 0.05 * float64(i-1200)
		}
		if i > 2000 {
			c[5] = 1e300 // absurd, but a number
		}
	}}.frame()
	anomalous, off := 0, 0
	for _, r := range lines(t, m, f) {
		switch {
		case r.Reason == resultline.MachineOff:
			off++
			if r.HasScore || r.Diagnostics != nil || r.Prediction != 0 {
				t.Fatalf("off row with more than that: %+v", r)
			}
			continue
		case !r.HasScore || math.IsNaN(r.Score) || r.Score < 0 || r.Score > 1:
			t.Fatalf("score %v", r.Score)
		case (r.Score > 0.5) != (r.Prediction == 1) || (r.Prediction == 1) != (r.Reason == resultline.AnomalyDetected):
			t.Fatalf("score %v, prediction %d, %s", r.Score, r.Prediction, r.Reason)
		}
		anomalous += r.Prediction
		var sum float64
		for _, s := range r.Diagnostics {
			if math.IsNaN(s.Value) || s.Value < 0 {
				t.Fatalf("share %v", s)
			}
			sum += s.Value
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Fatalf("shares add up to %v at %d", sum, r.Time)
		}
	}
	if anomalous < 250 || off == 0 {
		t.Fatalf("%d anomalous and %d off rows", anomalous, off)
	}
}

func TestFaultIsFoundAndBlamed(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		m := train(t, plant{seed: 10 + seed, rows: 6000}.frame(), plant{}.settings())
		sensor := int(seed) + 3
		healthy := plant{seed: 20 + seed, rows: 3000}
		faulty := healthy
		faulty.fault = func(i int, c []float64) {
			if i >= 1500 && i < 2000 {
				c[sensor] *= 1 + 0.25*math.Min(1, float64(i-1500)/100)
			}
		}
		false_, hit := 0, 0
		for _, r := range lines(t, m, healthy.frame()) {
			false_ += r.Prediction
		}
		blamed := map[string]int{}
		from, to := faulty.frame().Labels[1500], faulty.frame().Labels[2000]
		for _, r := range lines(t, m, faulty.frame()) {
			if r.Prediction == 1 && r.Time >= from && r.Time < to {
				hit++
				blamed[r.Top(1)[0].Name]++
			}
		}
		if false_ > 60 || hit < 200 || blamed[m.names[sensor].String()] < hit*8/10 {
			t.Errorf("seed %d: %d false rows, %d found, blamed %v for %s", seed, false_, hit, blamed, m.names[sensor])
		}
	}
}

// same tells whether two results agree: scores to 1e-6 (they are printed with five
// decimals, so one step of rounding apart), predictions off the limit.
func same(t *testing.T, what string, a, b []resultline.Row, order []int) {
	t.Helper()
	if len(a) != len(b) {
		t.Fatalf("%s: %d rows, not %d", what, len(b), len(a))
	}
	for i := range a {
		if a[i].Reason != b[i].Reason && math.Abs(a[i].Score-0.5) > 1e-4 {
			t.Fatalf("%s: row %d is %s, not %s", what, i, b[i].Reason, a[i].Reason)
		}
		if math.Abs(a[i].Score-b[i].Score) > 1.1e-5 {
			t.Fatalf("%s: row %d has score %v, not %v", what, i, b[i].Score, a[i].Score)
		}
		for j := range a[i].Diagnostics {
			if x, y := a[i].Diagnostics[j].Value, b[i].Diagnostics[order[j]].Value; math.Abs(x-y) > 1e-5 {
				t.Fatalf("%s: row %d: share %v of %s, not %v", what, i, y, a[i].Diagnostics[j].Name, x)
			}
		}
	}
}

// change rewrites the cells and columns of a frame.
func change(f *frame.Frame, columns []frame.Name, shift int64, cells func(in []float64) []float64) *frame.Frame {
	g := &frame.Frame{Columns: columns}
	for i, label := range f.Labels {
		g.Append(label+shift, cells(f.Row(i)))
	}
	return g
}

func TestUnitsOrderAndTimeDoNotMatter(t *testing.T) {
	t.Parallel()
	past, now := plant{seed: 30, rows: 5000}.frame(), plant{seed: 31, rows: 1500, fault: func(i int, c []float64) {
		if i > 900 {
			c[4] *= 1.1
		}
	}}.frame()
	want := lines(t, train(t, past, plant{}.settings()), now)
	straight := []int{0, 1, 2, 3, 4, 5, 6}

	units := func(in []float64) []float64 {
		out := slices.Clone(in)
		out[1], out[2], out[4], out[5] = out[1]*1000, 7-out[2], out[4]/64-3, out[5]*1.8+32
		return out
	}
	names := past.Columns
	got := lines(t, train(t, change(past, names, 0, units), plant{}.settings()), change(now, names, 0, units))
	same(t, "other units", want, got, straight)

	perm := []int{4, 0, 6, 2, 5, 1, 3} // new column k is old column perm[k]
	var permuted []frame.Name
	back := make([]int, len(perm))
	for k, j := range perm {
		permuted = append(permuted, names[j])
		back[j] = k
	}
	shuffle := func(in []float64) []float64 {
		var out []float64
		for _, j := range perm {
			out = append(out, in[j])
		}
		return out
	}
	got = lines(t, train(t, change(past, permuted, 0, shuffle), plant{}.settings()), change(now, permuted, 0, shuffle))
	same(t, "other order", want, got, back)

	constant := func(in []float64) []float64 { return append(slices.Clone(in), 7) }
	more := append(slices.Clone(names), frame.Name{Component: "pump", Sensor: "spare"})
	got = lines(t, train(t, change(past, more, 0, constant), plant{}.settings()), change(now, more, 0, constant))
	same(t, "a constant sensor more", want, got, straight)

	shift := int64(1000 * 5 * time.Minute)
	keep := func(in []float64) []float64 { return in }
	got = lines(t, train(t, change(past, names, shift, keep), plant{}.settings()), change(now, names, shift, keep))
	same(t, "another time", want, got, straight)
}

func TestBlankedSensorTakesNoPart(t *testing.T) {
	t.Parallel()
	m := train(t, plant{seed: 40, rows: 5000}.frame(), plant{}.settings())
	for blank := 1; blank < 7; blank++ {
		f := plant{seed: 41, rows: 1500, fault: func(_ int, c []float64) { c[blank] = math.NaN() }}.frame()
		wrong := 0
		for _, r := range lines(t, m, f) {
			wrong += r.Prediction
			if r.HasScore && r.Diagnostics[blank].Value != 0 {
				t.Fatalf("sensor %d is missing and has a share of %v", blank, r.Diagnostics[blank].Value)
			}
		}
		if wrong > 60 {
			t.Errorf("without sensor %d: %d of 1500 rows anomalous", blank, wrong)
		}
	}
}

func TestAbsurdReadingsComeToNothing(t *testing.T) {
	t.Parallel()
	absurd := func(of plant, values ...float64) plant {
		of.fault = func(i int, cells []float64) {
			if i%300 == 7 {
				cells[i%7] = values[i/300%len(values)]
			}
		}
		return of
	}
	sane := plant{seed: 70, rows: 4000}
	for name, m := range map[string]*Model{
		"when scored": train(t, sane.frame(), sane.settings()), "when learnt": train(t, absurd(sane, 1e308, math.Inf(1), math.Inf(-1)).frame(), sane.settings()),
	} {
		for _, r := range lines(t, m, absurd(plant{seed: 71, rows: 4000}, 1e308, -1e308, math.Inf(1), math.Inf(-1), 9e99, -9e99, 1e-320).frame()) {
			if !r.HasScore {
				continue
			}
			sum := 0.0
			for _, s := range r.Diagnostics {
				sum += s.Value
			}
			if !(r.Score >= 0 && r.Score <= 1) || !(math.Abs(sum-1) < 1e-6 || sum == 0) {
				t.Fatalf("%s: %+v, the shares' sum %v", name, r, sum)
			}
		}
	}
}
