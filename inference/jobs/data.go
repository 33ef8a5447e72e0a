package jobs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"millwright/inference/backend"
	"millwright/inference/detect"
	"millwright/inference/detect/files"
	"millwright/inference/detect/frame"
	"millwright/inference/lake"
	"millwright/inference/store"
	"millwright/internal/objstore"
	"millwright/internal/window"
)

// plan is what a training reads and how.
type plan struct {
	version    store.ModelVersion
	columns    []frame.Name
	tiers      [][]lake.Object // the dataset's, and what schedulers have seen
	settings   detect.Settings
	evaluation frame.Range   // zero: none
	labels     []frame.Range // ANOMALY, also those within the evaluation
}

func (p *plan) evaluated() bool { return p.evaluation.End != 0 }

// plan gathers what a version is trained with.
func (j *Jobs) plan(ctx context.Context, v store.ModelVersion) (*plan, error) {
	p := &plan{version: v}
	schema, err := lake.ParseSchema(v.Schema)
	if err != nil {
		return nil, never("The model's schema cannot be read: %v", err)
	}
	p.columns = schema.Sensors()
	if p.settings.Off, err = frame.ParseOff(v.OffCondition); err != nil {
		return nil, never("OffCondition: %v", err)
	}
	if off := p.settings.Off; off.Set() && !slices.Contains(p.columns, off.Sensor) {
		p.columns = append(p.columns, off.Sensor)
	}
	if !v.EvaluationEnd.IsZero() {
		p.evaluation = frame.Range{Start: v.EvaluationStart.UnixNano(), End: v.EvaluationEnd.UnixNano()}
	}
	objects, err := j.store.Objects(ctx, store.ObjectDataset, v.DatasetID, "", -allDays, allDays)
	if err != nil {
		return nil, err
	}
	p.tiers = [][]lake.Object{inLake(objects)}
	if v.Source == store.SourceRetraining {
		seen, err := j.store.Objects(ctx, store.ObjectInference, v.ModelID, "", -allDays, allDays)
		if err != nil {
			return nil, err
		}
		p.tiers = append(p.tiers, inLake(seen))
	}
	if p.settings.Rate, err = rateOf(v.SamplingRate, objects); err != nil {
		return nil, never("TargetSamplingRate: %v", err)
	}
	if err := p.settle(v.Settings); err != nil {
		return nil, err
	}
	return p, j.labels(ctx, p)
}

// rateOf is the sampling rate that was asked for, or the finest one that is not finer
// than the data.
func rateOf(text string, objects []store.Object) (time.Duration, error) {
	if text != "" {
		return window.ParseRate(text)
	}
	step := time.Duration(math.MaxInt64)
	for _, o := range objects {
		if o.Rows > 1 {
			step = min(step, o.DataEnd.Sub(o.DataStart)/time.Duration(o.Rows-1))
		}
	}
	rates := window.Rates()
	slices.Sort(rates)
	for _, r := range rates {
		if r >= step-step/10 {
			return r, nil
		}
	}
	return rates[len(rates)-1], nil
}

// settle takes over the settings that were frozen with the version.
func (p *plan) settle(frozen json.RawMessage) error {
	var s backend.Settings
	if len(frozen) > 0 {
		if err := json.Unmarshal(frozen, &s); err != nil {
			return never("The version's settings cannot be read: %v", err)
		}
	}
	p.settings.FalseAlarmsWeekly = s.FalseAlarmsPerWeek
	p.settings.Restart, _ = s.Restart.Duration() // 0 is automatic
	p.settings.Hold, _ = s.Hold.Duration()
	for _, name := range s.ModeSensors {
		component, sensor, _ := strings.Cut(name, "/")
		p.settings.ModeSensors = append(p.settings.ModeSensors, frame.Name{Component: component, Sensor: sensor})
	}
	return nil
}

// labels finds the labels. Those that touch the evaluation range are kept from the
// training.
func (j *Jobs) labels(ctx context.Context, p *plan) error {
	var l files.Labels
	var err error
	v := p.version
	switch {
	case v.LabelGroupID != "":
		l, err = j.groupLabels(ctx, v.LabelGroupID)
	case v.Labels != nil && v.Labels.S3InputConfiguration != nil:
		l, err = j.fileLabels(ctx, *v.Labels.S3InputConfiguration)
	}
	if err != nil {
		return err
	}
	p.labels = l.Anomaly
	keep := func(all []frame.Range) (kept []frame.Range) {
		for _, r := range all {
			if !p.evaluated() || r.End < p.evaluation.Start || r.Start > p.evaluation.End {
				kept = append(kept, r)
			}
		}
		return kept
	}
	p.settings.Labels = detect.Labels{Anomaly: keep(l.Anomaly), Normal: keep(l.Normal)}
	return nil
}

func (j *Jobs) groupLabels(ctx context.Context, group string) (l files.Labels, err error) {
	for token := ""; ; {
		page, next, err := j.store.Labels(ctx, group, store.LabelFilter{}, store.Page{Limit: 500, Token: token})
		if err != nil {
			return l, err
		}
		for _, a := range page {
			r := frame.Range{Start: a.StartTime.UnixNano(), End: a.EndTime.UnixNano()}
			switch a.Rating {
			case store.RatingAnomaly:
				l.Anomaly = append(l.Anomaly, r)
			case store.RatingNoAnomaly:
				l.Normal = append(l.Normal, r)
			}
		}
		if token = next; token == "" {
			return l, nil
		}
	}
}

const labelLimit = 16 << 20 // bytes of a file of labels

func (j *Jobs) fileLabels(ctx context.Context, at store.S3Location) (l files.Labels, err error) {
	var keys []string
	if err := j.o.S3.List(ctx, at.Bucket, at.Prefix, "", func(page []objstore.Info) (bool, error) {
		for _, o := range page {
			if strings.HasSuffix(strings.ToLower(o.Key), ".csv") {
				keys = append(keys, o.Key)
			}
		}
		return true, nil
	}); err != nil {
		return l, err
	}
	if len(keys) == 0 {
		return l, never("There is no CSV with labels under s3://%s/%s.", at.Bucket, at.Prefix)
	}
	for _, key := range keys {
		b, _, err := j.o.S3.Get(ctx, at.Bucket, key, labelLimit)
		if errors.Is(err, objstore.ErrTooLarge) {
			return l, never("The labels s3://%s/%s have more than %d bytes.", at.Bucket, key, labelLimit)
		}
		if err != nil {
			return l, err
		}
		some, err := files.ReadLabels(bytes.NewReader(b), nil)
		if err != nil {
			return l, never("s3://%s/%s: %v", at.Bucket, key, err)
		}
		l.Anomaly, l.Normal = append(l.Anomaly, some.Anomaly...), append(l.Normal, some.Normal...)
	}
	return l, nil
}

// rows opens the rows with from <= label < to; 0 is no bound.
func (j *Jobs) rows(p *plan, from, to int64) (*lake.Source, error) {
	if from == 0 {
		from = math.MinInt64
	}
	return j.lake.Rows(lake.Selection{Tiers: p.tiers, Names: p.columns, From: from, To: to, Rate: p.settings.Rate})
}

// polite is a Source that leaves a range out, lets executions pass, and remembers
// whether it was the reading that went wrong.
type polite struct {
	frame.Source
	without frame.Range
	gate    *gate
	err     error
}

const (
	politeRows = 512             // between two looks at the gate
	politeWait = 2 * time.Second // at most, so that training goes on in any case
)

// Each implements frame.Source.
func (s *polite) Each(ctx context.Context, fn func(int64, []float64) error) error {
	var own error
	n := 0
	err := s.Source.Each(ctx, func(label int64, cells []float64) error {
		if s.without.End != 0 && s.without.Start <= label && label <= s.without.End {
			return nil
		}
		if n++; n%politeRows == 0 {
			if own = s.pass(ctx); own != nil {
				s.err = own
				return own
			}
		}
		own = fn(label, cells)
		return own
	})
	if err != nil && own == nil {
		s.err = err
	}
	return err
}

func (s *polite) pass(ctx context.Context) error {
	select {
	case <-s.gate.open():
		return ctx.Err()
	default:
	}
	timer := time.NewTimer(politeWait)
	defer timer.Stop()
	select {
	case <-s.gate.open():
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err()
}

// extent is how much there is to learn from.
type extent struct {
	rows       int
	start, end int64
}

func measure(ctx context.Context, s frame.Source) (e extent, err error) {
	err = s.Each(ctx, func(label int64, _ []float64) error {
		if e.rows == 0 {
			e.start = label
		}
		e.rows, e.end = e.rows+1, label
		return nil
	})
	return e, err
}

func (e extent) days(rate time.Duration) float64 {
	return float64(e.rows) * rate.Hours() / dayLength.Hours()
}

func (e extent) String() string {
	if e.rows == 0 {
		return "no rows"
	}
	return fmt.Sprintf("%d rows from %s to %s", e.rows, time.Unix(0, e.start).UTC().Format(time.RFC3339), time.Unix(0, e.end).UTC().Format(time.RFC3339))
}
