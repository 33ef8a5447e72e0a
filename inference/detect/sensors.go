package detect

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"go.uber.org/zap"

	"millwright/inference/detect/frame"
)

// survey chooses the sensors that serve, how long each is held, and the modes.
func (t *trainer) survey(ctx context.Context) error {
	names := t.src.Names()
	t.rules = frame.Rules{Rate: t.s.Rate, Hold: make([]time.Duration, len(names)), Off: t.s.Off, OffAt: -1, Restart: t.s.restart()}
	for i, n := range names {
		if t.s.Off.Set() && n == t.s.Off.Sensor {
			t.rules.OffAt = i
		}
	}
	if t.s.Off.Set() && t.rules.OffAt < 0 {
		return fmt.Errorf("off condition: there is no sensor %s", t.s.Off.Sensor)
	}
	s := newSurvey(len(names), t.s.Seed)
	look := func(_ int, r frame.Row) error { s.add(r, t.s.Rate); return nil }
	t.pass("sensors")
	if err := t.rows(ctx, look); err != nil {
		return err
	}
	t.basis.fences = s.fences(t.s.without.fences)
	t.told()
	if !s.beyond(t.basis.fences) {
		t.most -= passesVoiding
	} else {
		if err := t.void(ctx); err != nil {
			return err
		}
		s = newSurvey(len(names), t.s.Seed)
		t.pass("sensors")
		if err := t.rows(ctx, look); err != nil {
			return err
		}
	}
	if err := t.doubt(s); err != nil {
		return err
	}
	s.sample.flush()
	for j := range names {
		t.rules.Hold[j] = t.s.Hold
		if t.s.Hold == 0 {
			t.rules.Hold[j] = s.sensors[j].hold(t.s.Rate)
		}
	}
	filled := make([]int64, len(names))
	var running int64
	t.pass("gaps")
	err := t.rows(ctx, func(_ int, r frame.Row) error {
		if r.State != frame.Running {
			return nil
		}
		running++
		for j, v := range r.Values {
			if !math.IsNaN(v) {
				filled[j]++
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for j, n := range names {
		why := s.sensors[j].unfit(2 * t.spans.Input)
		if empty := 1 - float64(filled[j])/float64(max(running, 1)); why == "" && empty > maxEmpty {
			why = fmt.Sprintf("it is empty in %.0f %% of the rows while the machine runs", 100*empty)
		}
		if why == "" && t.s.OffOnly && j == t.rules.OffAt {
			why = "it tells when the machine is off and is not asked for otherwise"
		}
		if why != "" {
			t.dropped = append(t.dropped, Dropped{n, why})
			t.log.Info("sensor left out", zap.Stringer("sensor", n), zap.String("why", why))
			continue
		}
		t.basis.columns = append(t.basis.columns, j)
	}
	if len(t.basis.columns) == 0 {
		return errors.New("no sensor can serve")
	}
	named, err := t.named()
	if err != nil {
		return err
	}
	sample := s.sample.pick(t.basis.columns)
	for j := range t.basis.columns {
		t.about = append(t.about, quantile(slices.DeleteFunc(sample.column(j), math.IsNaN), 0.5))
	}
	if !t.s.without.modes {
		t.basis.modes, err = findModes(ctx, t.s.Cores, sample, named, 2*t.spans.Input)
	}
	return err
}

// told takes in the codes that the source has left out.
func (t *trainer) told() {
	t.rules.Codes = make([][]float64, len(t.basis.fences))
	for _, v := range t.s.Voided {
		if j := slices.Index(t.src.Names(), v.Sensor); j >= 0 {
			t.basis.fences[j].Codes = v.Codes
			t.rules.Codes[j] = v.Codes
			t.voided = append(t.voided, v)
		}
	}
}

// void counts the readings outside the fences and finds the codes among them.
func (t *trainer) void(ctx context.Context) error {
	names, fences := t.src.Names(), t.basis.fences
	out := make([]outside, len(names))
	t.pass("readings far out")
	err := t.src.Each(ctx, func(label int64, cells []float64) error {
		if frame.Holds(t.s.Labels.Anomaly, label) {
			return nil // what a fault reads is a reading, and has to be found again
		}
		for j, v := range cells {
			if !math.IsNaN(v) && !t.believes(j, v) {
				out[j].add(v)
			}
		}
		return nil
	})
	for j, n := range names {
		if out[j].n == 0 {
			continue
		}
		fences[j].Codes = append(fences[j].Codes, out[j].codes()...)
		t.rules.Codes[j] = fences[j].Codes
		t.voided = append(t.voided, Voided{n, out[j].n, out[j].codes()})
		t.log.Warn("readings far outside all others are taken for missing",
			zap.Stringer("sensor", n), zap.Int("readings", out[j].n), zap.Float64s("codes", fences[j].Codes))
	}
	return err
}

// named gives the sensors that the user says set the operating point, by index of
// the sensors that serve; nil when nothing was said.
func (t *trainer) named() ([]int, error) {
	var named []int
	for _, n := range t.s.ModeSensors {
		at := slices.IndexFunc(t.basis.columns, func(c int) bool { return t.src.Names()[c] == n })
		if at < 0 {
			return nil, fmt.Errorf("mode sensor %s: it is not among the sensors that serve", n)
		}
		named = append(named, at)
	}
	return named, nil
}
