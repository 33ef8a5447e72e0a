package detect

import (
	"math"
	"slices"
	"testing"

	"millwright/inference/detect/frame"
	"millwright/internal/resultline"
)

// withCodes puts readings into a plant that are none: -9999 in one row in 500 of the drive's
// torque, 65535 in one row in 30 of the flow, and 1e6 and more in a few rows of the vibration.
func withCodes(i int, cells []float64) {
	if i%500 == 123 {
		cells[2] = -9999
	}
	if i%30 == 7 {
		cells[3] = 65535
	}
	if i%900 == 450 {
		cells[6] = 1e6 + float64(i)
	}
}

func TestReadingsThatAreNoneAreNotLearnt(t *testing.T) {
	t.Parallel()
	past, now := plant{seed: 80, rows: 6000}, plant{seed: 81, rows: 2000}
	clean := train(t, past.frame(), past.settings())
	past.fault = withCodes
	m := train(t, past.frame(), past.settings())
	a, _, _ := clean.Pilot()
	if b, modes, _ := m.Pilot(); a != b || modes.Count() != 3 {
		t.Errorf("%d modes of %s, not 3 of %s", modes.Count(), b, a)
	}
	for j := range m.basis.columns {
		if x, y := clean.fit.scale.Spread[0][j], m.fit.scale.Spread[0][j]; math.Abs(x-y) > 0.05*x {
			t.Errorf("%s: spread %v, without such readings %v", m.Sensors()[j], y, x)
		}
	}
	for sensor, want := range map[int][]float64{2: {-9999}, 3: {65535}, 6: nil} {
		at := slices.IndexFunc(m.Trained.Voided, func(v Voided) bool { return v.Sensor == m.names[sensor] })
		if at < 0 || !slices.Equal(m.Trained.Voided[at].Codes, want) {
			t.Errorf("%s: %+v", m.names[sensor], m.Trained.Voided)
		}
	}
	far := 0
	x, y := lines(t, clean, now.frame()), lines(t, m, now.frame())
	for i := range x {
		if math.Abs(x[i].Score-y[i].Score) > 0.1 {
			far++
		}
	}
	if far > len(x)/20 {
		t.Errorf("%d of %d scores differ from those of a model that saw none", far, len(x))
	}
	now.fault = func(i int, cells []float64) {
		if i%500 == 123 || i%30 == 7 {
			withCodes(i, cells)
		}
	}
	wrong := 0
	for i, r := range lines(t, m, now.frame()) {
		if r.Prediction > y[i].Prediction {
			wrong++
		}
	}
	if wrong > 40 {
		t.Errorf("%d rows are anomalous for codes that training has met", wrong)
	}
}

// TestUnknownCodeIsAnAnomalyOfItsSensor has a sensor break, and come back.
func TestUnknownCodeIsAnAnomalyOfItsSensor(t *testing.T) {
	t.Parallel()
	m := train(t, plant{seed: 82, rows: 6000}.frame(), plant{}.settings())
	now := plant{seed: 86, rows: 2000}
	healthy := lines(t, m, now.frame())
	now.fault = func(i int, cells []float64) {
		if i >= 800 && i < 860 {
			cells[4] = -9999
		}
	}
	f := now.frame()
	found, blamed, after := 0, 0, 0
	for i, r := range lines(t, m, f) {
		switch {
		case r.Time >= f.Labels[800] && r.Time < f.Labels[860] && r.HasScore:
			found += r.Prediction
			if r.Prediction == 1 && r.Top(1)[0].Name == m.names[4].String() {
				blamed++
			}
		case r.Time >= f.Labels[1000]:
			after += max(0, r.Prediction-healthy[i].Prediction)
		}
	}
	if found < 55 || blamed < found || after > 0 {
		t.Errorf("%d of 60 rows found, %d blamed on it, %d long after", found, blamed, after)
	}
}

// TestOffIsBelievedHoweverRare has a machine that is hardly ever off, and then at a
// reading that comes again and again far from all others.
func TestOffIsBelievedHoweverRare(t *testing.T) {
	t.Parallel()
	for _, standing := range []float64{0, 12} {
		past := plant{seed: 91, rows: 8000, fault: func(i int, c []float64) {
			if c[0] = 900 + math.Mod(math.Abs(c[0]), 10); i >= 4000 && i < 4020 || i >= 6000 && i < 6010 {
				c[0], c[3] = standing, 0
			}
		}}
		m := train(t, past.frame(), past.settings())
		off := 0
		for _, r := range lines(t, m, past.frame()) {
			if r.Reason == resultline.MachineOff {
				off++
			}
		}
		if off != 30 || slices.ContainsFunc(m.Trained.Voided, func(v Voided) bool { return v.Sensor == past.names()[0] }) {
			t.Errorf("standing at %v: %d rows off, not 30; %v", standing, off, m.Trained.Voided)
		}
	}
}

// TestWhatALabelledFaultReadsIsNoCode has a sensor at its end stop in a fault that is
// labelled: it has to be found when it is there again.
func TestWhatALabelledFaultReadsIsNoCode(t *testing.T) {
	t.Parallel()
	past := plant{seed: 92, rows: 8000, fault: func(i int, c []float64) {
		if i >= 4000 && i < 4030 {
			c[6] = 50
		}
	}}
	f, s := past.frame(), past.settings()
	s.Labels.Anomaly = []frame.Range{{Start: f.Labels[4000], End: f.Labels[4029]}}
	m := train(t, f, s)
	now := plant{seed: 93, rows: 600, fault: func(i int, c []float64) {
		if i >= 300 {
			c[6] = 50
		}
	}}
	found := 0
	for _, r := range lines(t, m, now.frame())[300:] {
		found += r.Prediction
	}
	if found < 200 {
		t.Errorf("%d of 300 rows are anomalous; %+v", found, m.Trained.Voided)
	}
}

func TestFences(t *testing.T) {
	t.Parallel()
	ramp := func(n int, more ...float64) []float64 {
		for i := range n {
			more = append(more, float64(i%100))
		}
		return more
	}
	for name, c := range map[string]struct {
		values  []float64
		in, out []float64
	}{
		"ramp":                {ramp(2000), []float64{-500, 600}, []float64{-2000, 5000}},
		"constant":            {slices.Repeat([]float64{7}, 500), []float64{-1e9, 1e9}, nil},
		"two levels":          {append(slices.Repeat([]float64{7}, 500), slices.Repeat([]float64{1e6}, 100)...), []float64{7, 1e6}, nil},
		"a rare one":          {ramp(2000, 1e6), []float64{50}, []float64{1e6}},
		"a frequent code":     {ramp(2000, slices.Repeat([]float64{-9999}, 400)...), []float64{50}, []float64{-9999}},
		"a code within":       {append(ramp(2000, slices.Repeat([]float64{999}, 400)...), slices.Repeat([]float64{1500}, 900)...), []float64{50, 999}, nil},
		"more codes than not": {ramp(200, slices.Repeat([]float64{-9999}, 400)...), []float64{50, -9999}, nil},
		"none":                {[]float64{math.NaN()}, []float64{1}, nil},
	} {
		f := fenceOf(c.values)
		for _, v := range c.in {
			if !f.holds(v) {
				t.Errorf("%s: %v is outside %+v", name, v, f)
			}
		}
		for _, v := range c.out {
			if f.holds(v) {
				t.Errorf("%s: %v is inside %+v", name, v, f)
			}
		}
	}
}
