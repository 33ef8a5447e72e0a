package detect

import (
	"context"
	"math"
	"time"

	"millwright/inference/detect/frame"
	"millwright/internal/event"
	"millwright/internal/resultline"
)

// FaultKind is how a sensor goes wrong.
type FaultKind uint8

// The kinds of faults that models are tried with.
const (
	Drift FaultKind = iota // ever further away
	Stuck                  // always the same reading
	Gain                   // every reading too large
)

// Fault is a sensor that is wrong for a while.
type Fault struct {
	Sensor   frame.Name
	Kind     FaultKind
	From, To int64   // from <= t < to, Unix ns
	Size     float64 // how far off it is in the end, in the sensor's unit; none for Stuck
}

// faultSize is how far off a sensor drifts or reads too large, in spreads of the sensor.
const faultSize = 6

// Faults gives a fault for each sensor, one after the other from from to to, the kinds in
// turn. Between two of them the machine is healthy for as long.
func (m *Model) Faults(from, to int64) []Fault {
	sensors := m.Sensors()
	step := (to - from) / int64(len(sensors))
	step -= step % int64(m.rules.Rate)
	spread := m.fit.scale.Spread[m.basis.modes.Count()]
	var list []Fault
	for j, n := range sensors {
		at := from + int64(j)*step
		list = append(list, Fault{Sensor: n, Kind: FaultKind(j % 3), From: at + step/2, To: at + step, Size: faultSize * spread[j]})
	}
	return list
}

// Faulty is a Source whose sensors go wrong.
type Faulty struct {
	frame.Source
	Faults []Fault
}

var _ frame.Source = Faulty{}

// Each gives the rows.
func (f Faulty) Each(ctx context.Context, fn func(int64, []float64) error) error {
	names := f.Names()
	column := map[frame.Name]int{}
	for i, n := range names {
		column[n] = i
	}
	stuck := make([]float64, len(f.Faults))
	for i := range stuck {
		stuck[i] = math.NaN()
	}
	cells := make([]float64, len(names))
	return f.Source.Each(ctx, func(label int64, in []float64) error {
		copy(cells, in)
		for i, b := range f.Faults {
			c, known := column[b.Sensor]
			if !known || label < b.From || label >= b.To || math.IsNaN(cells[c]) {
				continue
			}
			switch b.Kind {
			case Drift:
				cells[c] += b.Size * float64(label-b.From) / float64(b.To-b.From)
			case Gain:
				cells[c] += b.Size
			case Stuck:
				if math.IsNaN(stuck[i]) {
					stuck[i] = cells[c]
				}
				cells[c] = stuck[i]
			}
		}
		return fn(label, cells)
	})
}

// Behaviour tries a model on rows without asking labels: how often it alarms, how high it
// scores, whether an event is open at the end, and which of the faults it notices when they are put into
// the rows. Rows before from are context only, and so are those that somebody says are
// normal: both models would learn them, and neither has. A fault counts as noticed when
// an alarm begins within it, or goes on that the healthy rows do not have.
func (m *Model) Behaviour(ctx context.Context, src frame.Source, from int64, normal []frame.Range, faults []Fault) (Trial, error) {
	t := Trial{Sensors: len(m.basis.columns), Modes: m.basis.modes.Count(), Faults: len(faults)}
	alarms := map[int64]bool{}
	var scores []float64
	merger := event.New(event.RuleFor(time.Hour, m.rules.Rate, 0))
	events, last := 0, int64(0)
	err := m.each(ctx, src, from, func(r resultline.Row) {
		if r.Anomalous() {
			alarms[r.Time] = true
		}
		if frame.Holds(normal, r.Time) {
			return
		}
		if r.HasScore {
			scores = append(scores, r.Score)
		}
		for _, e := range merger.Add(r) {
			if events == 0 || e.Start != last {
				events, last = events+1, e.Start
			}
		}
	})
	if err != nil {
		return t, err
	}
	_, t.Open = merger.Open()
	t.Median = quantile(scores, 0.5)
	if weeks := float64(len(scores)) * m.rules.Rate.Hours() / (24 * 7); weeks > 0 {
		t.Weekly = float64(events) / weeks
	}
	if len(faults) == 0 {
		return t, nil
	}
	noticed := make([]bool, len(faults))
	err = m.each(ctx, Faulty{src, faults}, from, func(r resultline.Row) {
		if !r.Anomalous() || alarms[r.Time] {
			return
		}
		for i, f := range faults {
			noticed[i] = noticed[i] || r.Time >= f.From && r.Time < f.To
		}
	})
	for _, n := range noticed {
		if n {
			t.Noticed++
		}
	}
	return t, err
}

// OpenSince gives the first alarm of the event that is open at the end of the rows;
// false when none is.
func (m *Model) OpenSince(ctx context.Context, src frame.Source) (start int64, open bool, err error) {
	merger := event.New(event.RuleFor(time.Hour, m.rules.Rate, 0))
	err = m.each(ctx, src, math.MinInt64, func(r resultline.Row) { merger.Add(r) })
	e, open := merger.Open()
	return e.Start, open, err
}

func (m *Model) each(ctx context.Context, src frame.Source, from int64, fn func(resultline.Row)) error {
	s := m.NewSession()
	return src.Each(ctx, func(label int64, cells []float64) error {
		return s.Add(label, cells, func(r resultline.Row, _ Remark) error {
			if r.Time >= from {
				fn(r)
			}
			return nil
		})
	})
}
