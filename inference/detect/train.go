package detect

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"go.uber.org/zap"

	"millwright/inference/detect/crew"
	"millwright/inference/detect/frame"
	"millwright/inference/detect/moments"
)

const folds = 4

// class is what a row counts for in training.
type class uint8

const (
	idle       class = iota // off, restarting, or too little known
	restarting              // in the restart's limit only
	labelled                // an anomaly by its label: in neither fit nor limit
	learnt                  // in fit and limit
	trimmed                 // in the limit only: among the worst rows of the history
)

// trainer makes the passes of a training over a source.
type trainer struct {
	src   frame.Source
	s     Settings
	log   *zap.Logger
	spans Spans
	rules frame.Rules
	basis basis
	about []float64 // a usual value of each sensor that serves

	labels []int64
	states []frame.State
	class  []class
	fold   []uint8

	passes int // so far
	most   int // passes there will be at the most

	// Of the base that is updated: the fit whose scales stay, nil for none, and the
	// calibration where the newer rows are too few for their own.
	frozen      *fit
	calibration Calibration

	dropped []Dropped
	voided  []Voided
}

// Train learns what is normal from the rows of src.
func Train(ctx context.Context, src frame.Source, s Settings, log *zap.Logger) (*Model, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	t := &trainer{src: src, s: s.withDefaults(), log: log, spans: SpansOf(s.Rate)}
	if t.s.without.inputs {
		t.spans.Input = 1
	}
	if t.s.without.scores {
		t.spans.Score = 1
	}
	t.basis.spans = t.spans
	t.most = passesAlways + passesVoiding + passesTrimming + passesUnseen
	if t.s.Off.Set() && t.s.Restart == 0 {
		t.most += passesSettling
	}
	for _, step := range []func(context.Context) error{t.survey, t.classify, t.scale} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("train: %w", err)
		}
	}
	m, err := t.fit(ctx)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	return m, nil
}

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
		t.basis.modes, err = findModes(ctx, sample, named, 2*t.spans.Input)
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

// classify says what each row counts for and deals the learnt ones to the folds.
func (t *trainer) classify(ctx context.Context) error {
	around := time.Duration(t.spans.Score) * t.s.Rate
	var anomalies []frame.Range
	for _, r := range t.s.Labels.Anomaly {
		anomalies = append(anomalies, r.Widen(around))
	}
	t.labels, t.states, t.class = t.labels[:0], t.states[:0], t.class[:0]
	n := 0
	t.pass("rows that count")
	err := t.rows(ctx, func(_ int, r frame.Row) error {
		k := learnt
		switch {
		case r.State == frame.Stopped || !t.enough(r.Values):
			k = idle
		case frame.Holds(t.s.Labels.Anomaly, r.Label), frame.Holds(anomalies, r.Label) && !frame.Holds(t.s.Labels.Normal, r.Label):
			k = labelled
		case r.State == frame.Restarting:
			k = restarting
		default:
			n++
		}
		t.labels, t.states, t.class = append(t.labels, r.Label), append(t.states, r.State), append(t.class, k)
		return nil
	})
	if err != nil {
		return err
	}
	if least := 10 * len(t.basis.columns); n < least {
		after := ""
		if s, ok := t.src.(newer); ok {
			after = fmt.Sprintf(" after %s, to which the base model reaches", time.Unix(0, s.after).UTC().Format(time.RFC3339))
		}
		return fmt.Errorf("%d rows to learn from%s: it takes at least %d", n, after, least)
	}
	t.fold = make([]uint8, len(t.class))
	at := 0
	for i, k := range t.class {
		t.fold[i] = uint8(min(at*folds/n, folds-1))
		if k == learnt {
			at++
		}
	}
	return nil
}

// enough tells whether at least half of the sensors and the mode's have a value.
func (t *trainer) enough(values []float64) bool {
	n := 0
	for _, c := range t.basis.columns {
		if !math.IsNaN(values[c]) {
			n++
		}
	}
	pilot := values[t.basis.columns[t.basis.modes.Sensor]]
	return 2*n >= len(t.basis.columns) && (t.basis.modes.Count() == 1 || !math.IsNaN(pilot))
}

// scale finds each mode's place and spread and what missing sensors are filled by,
// from complete rows.
func (t *trainer) scale(ctx context.Context) error {
	d := len(t.basis.columns)
	c := crew.New()
	defer c.Close()
	centers := make([][]float64, t.basis.modes.Count())
	for k := range centers {
		centers[k] = t.about
	}
	g := t.gathering(moments.NewFloor(c), d, centers)
	t.pass("scales")
	err := t.vectors(ctx, func(i int, v *vector) error {
		if t.class[i] == learnt && v.count == d {
			g.add(i, v.mode, v.values[:d])
		}
		return nil
	})
	if err != nil {
		return err
	}
	modes := g.close()
	var n float64
	for _, m := range modes {
		n += m.N
	}
	if n < 2*float64(d) {
		return fmt.Errorf("%.0f rows in which every sensor has a value: it takes at least %d", n, 2*d)
	}
	t.basis.scale = scaleOf(modes, d)
	pooled, _ := t.basis.scale.pool(modes)
	inv, err := invert(pooled, d, 1e-2)
	if err != nil {
		return err
	}
	t.basis.fill = make([]float64, d*d)
	for i := range d {
		for j := range d {
			t.basis.fill[i*d+j] = inv.At(i, j)
		}
	}
	return nil
}
