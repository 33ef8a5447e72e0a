package detect

import (
	"math"
	"strings"
	"testing"

	"millwright/inference/detect/frame"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	plain := Trial{Weekly: 0.5, Median: 0.1, Sensors: 20, Modes: 3, Faults: 20, Noticed: 20}
	told := Trial{Labels: true, Labelled: 10, Found: 8, Outside: 2, Lead: 0.7, AUC: 0.9}
	with := func(t Trial, change func(*Trial)) Trial { change(&t); return t }
	for name, c := range map[string]struct {
		champion, challenger Trial
		promote              bool
		reason               string
	}{
		"both labelled, more found":        {told, with(told, func(t *Trial) { t.Found = 9 }), true, "F1"},
		"both labelled, fewer found":       {told, with(told, func(t *Trial) { t.Found = 7; t.Lead = 1 }), false, "F1"},
		"both labelled, more outside":      {told, with(told, func(t *Trial) { t.Outside = 5 }), false, "F1"},
		"both labelled, found earlier":     {told, with(told, func(t *Trial) { t.Lead = 0.8 }), true, "lead"},
		"both labelled, better rows":       {told, with(told, func(t *Trial) { t.AUC = 0.95 }), true, "AUC"},
		"both labelled, the same":          {told, told, false, "no better"},
		"labels are not given up":          {told, plain, false, "without"},
		"first labels":                     {plain, told, true, "labels"},
		"first labels, little found":       {plain, with(told, func(t *Trial) { t.Found = 2 }), false, "too little"},
		"first labels, rows not told":      {plain, with(told, func(t *Trial) { t.AUC = 0.6 }), false, "AUC"},
		"no labels, the same":              {plain, plain, true, "quiet"},
		"louder, within the target":        {plain, with(plain, func(t *Trial) { t.Weekly = 1 }), true, "quiet"},
		"louder than the target":           {plain, with(plain, func(t *Trial) { t.Weekly = 1.1 }), false, "false alarms"},
		"loud, but no more than before":    {with(plain, func(t *Trial) { t.Weekly = 3 }), with(plain, func(t *Trial) { t.Weekly = 3 }), true, "quiet"},
		"higher usual score":               {plain, with(plain, func(t *Trial) { t.Median = 0.2 }), false, "usual score"},
		"fewer sensors":                    {plain, with(plain, func(t *Trial) { t.Sensors = 19 }), false, "sensors"},
		"fewer modes":                      {plain, with(plain, func(t *Trial) { t.Modes = 2 }), false, "modes"},
		"one fault in twenty less":         {plain, with(plain, func(t *Trial) { t.Noticed = 19 }), true, "quiet"},
		"two faults in twenty less":        {plain, with(plain, func(t *Trial) { t.Noticed = 18 }), false, "faults"},
		"it silences what is going on":     {with(plain, func(t *Trial) { t.Open = true }), plain, false, "label that event first"},
		"what is going on stays open":      {with(plain, func(t *Trial) { t.Open = true }), with(plain, func(t *Trial) { t.Open = true }), true, "quiet"},
		"both labelled, it silences":       {with(told, func(t *Trial) { t.Open = true }), with(told, func(t *Trial) { t.Found = 9 }), false, "label that event first"},
		"it learnt what people refute":     {with(plain, func(t *Trial) { t.Refuted = 0.9 }), with(plain, func(t *Trial) { t.Median, t.Modes = 0.2, 2 }), true, "people say"},
		"it refutes as much":               {with(plain, func(t *Trial) { t.Refuted = 0.9 }), with(plain, func(t *Trial) { t.Median, t.Refuted = 0.2, 0.1 }), false, "usual score"},
		"it learnt that, and is louder":    {with(plain, func(t *Trial) { t.Refuted = 0.9 }), with(plain, func(t *Trial) { t.Weekly = 2 }), false, "false alarms"},
		"neither notices any fault at all": {with(plain, func(t *Trial) { t.Noticed = 0 }), with(plain, func(t *Trial) { t.Noticed = 0 }), true, "quiet"},
	} {
		v := Judge(c.champion, c.challenger, 1)
		if v.Promote != c.promote || !strings.Contains(v.Reason, c.reason) || len(v.Reason) == 0 || len(v.Reason) > 256 {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

// TestSlowWearIsNotLearnt retrains on a history in which a sensor wears out until now.
func TestSlowWearIsNotLearnt(t *testing.T) {
	t.Parallel()
	p := plant{seed: 95, rows: 9000, fault: func(i int, cells []float64) {
		if i > 4000 {
			cells[6] += 0.9 * math.Min(1, float64(i-4000)/2500)
		}
	}}
	f := p.frame()
	s := p.settings()
	cut := f.Labels[7200]
	champion := train(t, f.Between(0, f.Labels[4000]), s)
	challenger := train(t, f.Between(0, cut), s)
	faults := champion.Faults(cut, f.Labels[8999])
	try := func(m *Model) Trial {
		trial, err := m.Behaviour(t.Context(), f, cut, nil, faults)
		if err != nil {
			t.Fatal(err)
		}
		return trial
	}
	a, b := try(champion), try(challenger)
	if v := Judge(a, b, 1); v.Promote || !a.Open {
		t.Errorf("%+v\nin use %+v\nnew    %+v", v, a, b)
	}
	since, open, err := champion.OpenSince(t.Context(), f)
	if err != nil || !open || since < f.Labels[4000] || since >= cut {
		t.Errorf("open %v since %d (%v)", open, since, err)
	}
	told, err := champion.Behaviour(t.Context(), f, cut, []frame.Range{{Start: cut, End: f.Labels[8999]}}, nil)
	if err != nil || told.Open || told.Weekly != 0 || told.Median != 0 {
		t.Errorf("rows that are said to be normal count: %+v %v", told, err)
	}
}

// TestFaultsAreNoticed puts a fault into every sensor of healthy rows.
func TestFaultsAreNoticed(t *testing.T) {
	t.Parallel()
	past, now := plant{seed: 96, rows: 6000}, plant{seed: 97, rows: 3000}
	m := train(t, past.frame(), past.settings())
	f := now.frame()
	trial, err := m.Behaviour(t.Context(), f, f.Labels[200], nil, m.Faults(f.Labels[200], f.Labels[2999]))
	if err != nil {
		t.Fatal(err)
	}
	if trial.Faults != 7 || trial.Noticed < 6 || trial.Weekly > 2 || trial.Median > 0.3 {
		t.Errorf("%+v", trial)
	}
	if v := Judge(trial, trial, 1); v.Promote != (trial.Weekly <= max(trial.Weekly, 1)) {
		t.Errorf("%+v", v)
	}
}

func TestFaultySourceChangesOnlyItsCells(t *testing.T) {
	t.Parallel()
	f := plant{seed: 98, rows: 300}.frame()
	at := func(i int) int64 { return f.Labels[i] }
	got, err := frame.Collect(t.Context(), Faulty{f, []Fault{
		{f.Columns[1], Drift, at(100), at(200), 50},
		{f.Columns[2], Stuck, at(150), at(250), 0},
		{f.Columns[3], Gain, at(10), at(20), 7},
		{frame.Name{Component: "no", Sensor: "such"}, Gain, at(0), at(299), 1},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range f.Labels {
		for j := range f.Columns {
			want := f.Row(i)[j]
			switch {
			case j == 1 && i >= 100 && i < 200:
				want += 50 * float64(i-100) / 100
			case j == 2 && i >= 150 && i < 250:
				want = f.Row(150)[2]
			case j == 3 && i >= 10 && i < 20:
				want += 7
			}
			if math.Abs(got.Row(i)[j]-want) > 1e-9 {
				t.Fatalf("row %d column %d: %v, not %v", i, j, got.Row(i)[j], want)
			}
		}
	}
}
