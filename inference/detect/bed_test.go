package detect

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"millwright/inference/detect/frame"
)

// bed is a test bed that has run for some minutes only: eight sensors at one second, of
// which two are temperatures that creep towards a balance they have not reached and
// wander about it, one wanders, and one is a coarse reading. A valve then closes for a
// while and opens again.
type bed struct {
	seed          uint64
	learn, rest   int     // rows
	depth         float64 // how far the valve closes; 1 shows clearly
	fault         [2]int  // rows to be judged, from <= i < to
	noise, wander float64 // times what is usual
}

func newBed(seed uint64) bed {
	r := rand.New(rand.NewPCG(seed, 77))
	from := 150 + r.IntN(100)
	return bed{
		seed: seed, learn: 400, rest: 750, depth: 0.5 + 1.5*r.Float64(), noise: 1, wander: 3 * r.Float64(),
		fault: [2]int{from, from + 350 + r.IntN(100)},
	}
}

func (b bed) frame() *frame.Frame {
	r := rand.New(rand.NewPCG(b.seed, 78))
	f := &frame.Frame{}
	for _, n := range []string{"vibration-1", "vibration-2", "current", "pressure", "temperature", "casing", "voltage", "flow"} {
		f.Columns = append(f.Columns, frame.Name{Component: "bed", Sensor: n})
	}
	noise := func() float64 { return b.noise * r.NormFloat64() }
	slow := 0.99 + 0.009*r.Float64()
	heat, heatTo := 70+5*r.NormFloat64(), 70+5*r.NormFloat64()
	casing, caseTo := 26+r.NormFloat64(), 26+r.NormFloat64()
	heatTime, caseTime := 300*math.Exp(2*r.Float64()), 300*math.Exp(2*r.Float64())
	share := [3]float64{r.Float64(), r.Float64(), r.Float64()}
	var swing, load, valve float64
	for i := range b.learn + b.rest {
		to := 0.0
		if at := i - b.learn; at >= b.fault[0] && at < b.fault[1] {
			to = b.depth
		}
		valve += (to - valve) / 15
		load = 0.9*load + noise()
		swing = slow*swing + noise()
		heatTo += 0.15 * b.wander * noise()
		caseTo += 0.05 * b.wander * noise()
		heat += (heatTo + valve*share[0] - heat) / heatTime
		casing += (caseTo + 0.3*valve*share[0] - casing) / caseTime
		f.Append(plantStart+int64(i)*int64(time.Second), []float64{
			0.027 + 0.0004*load + 0.0008*valve + 0.0008*noise(),
			0.040 + 0.0004*load + 0.0020*valve*share[1] + 0.0010*noise(),
			1.3 + 0.04*load + 0.35*valve*share[2] + 0.12*noise(),
			math.Round((0.05-0.20*valve*share[1]+0.25*noise())*3.05) / 3.05,
			math.Round((heat+0.15*noise())*1e4) / 1e4,
			math.Round((casing+0.02*noise())*1e4) / 1e4,
			232 + 0.3*swing + 6*noise(),
			math.Round(32 - 1.5*valve + 0.4*noise()),
		})
	}
	return f
}

// judgement counts the rows of beds: those of a fault by what was said of them, those
// before it, and those after.
type judgement struct{ found, missed, early, before, late, after float64 }

func (j judgement) f1() float64 { return 2 * j.found / (2*j.found + j.missed + j.early + j.late) }

// judge trains on a bed's first rows, judges the rest, and gives the area under
// precision and recall too.
func (b bed) judge(t testing.TB, j *judgement) float64 {
	f := b.frame()
	cut := f.Labels[b.learn]
	m := train(t, f.Between(0, cut), Settings{Rate: time.Second})
	type row struct {
		score float64
		fault bool
	}
	var rows []row
	for _, r := range lines(t, m, f) {
		if r.Time < cut {
			continue
		}
		said := float64(r.Prediction)
		at := int((r.Time - cut) / int64(time.Second))
		switch {
		case at < b.fault[0]:
			j.early += said
			j.before++
		case at >= b.fault[1]:
			j.late += said
			j.after++
		default:
			j.found += said
			j.missed += 1 - said
		}
		rows = append(rows, row{r.Score, at >= b.fault[0] && at < b.fault[1]})
	}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(b.score, a.score) })
	var faulty, area float64
	for i, r := range rows {
		if r.fault {
			faulty++
			area += faulty / float64(i+1)
		}
	}
	return area / max(faulty, 1)
}

// TestShortHistories has a few minutes to learn from, in which the slow sensors have not
// shown how far they may go.
func TestShortHistories(t *testing.T) {
	t.Parallel()
	const beds = 40
	var j judgement
	var area float64
	for seed := range uint64(beds) {
		area += newBed(seed).judge(t, &j) / beds
	}
	early, missed := j.early/j.before, j.missed/(j.found+j.missed)
	t.Logf("F1 %.3f, alarms in %.3f of the rows before a fault, %.3f of a fault's rows missed, AUC-PR %.3f", j.f1(), early, missed, area)
	if j.f1() < 0.78 || early > 0.15 || missed > 0.08 || area < 0.8 {
		t.Error("that is worse than it was")
	}
}
