package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"millwright/inference/detect"
	"millwright/inference/detect/files"
	"millwright/inference/detect/frame"
	"millwright/inference/lake"
	"millwright/inference/schedule"
	"millwright/inference/store"
	"millwright/internal/window"
)

// plan is what a training reads and how.
type plan struct {
	version    store.ModelVersion
	columns    []frame.Name
	tiers      [][]lake.Object // the dataset's, and what schedulers have seen
	settings   detect.Settings
	evaluation frame.Range  // zero: none
	labels     files.Labels // also those within the evaluation
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
		p.columns, p.settings.OffOnly = append(p.columns, off.Sensor), true
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
	if v.SamplingRate == "" && v.Source == store.SourceRetraining {
		if p.settings.Rate, err = j.rateInUse(ctx, v.ModelID, p.settings.Rate); err != nil {
			return nil, err
		}
	}
	if err := p.settle(v.Settings); err != nil {
		return nil, err
	}
	p.labels, err = j.labels(ctx, v)
	return p, err
}

// rateInUse is the rate of a model's version in use, to which its schedulers keep; other
// where there is none.
func (j *Jobs) rateInUse(ctx context.Context, model string, other time.Duration) (time.Duration, error) {
	m, err := j.store.ModelByID(ctx, model)
	if err != nil {
		return 0, err
	}
	active, err := j.models.Model(ctx, m.ID, m.ActiveVersion)
	switch {
	case errors.Is(err, schedule.ErrNoModel):
		return other, nil
	case err != nil:
		return 0, err
	}
	return active.Rate(), nil
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
	s, err := settingsOf(frozen)
	if err != nil {
		return never("The version's settings cannot be read: %v", err)
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

// rows opens the rows with from <= label < to; 0 is no bound.
func (j *Jobs) rows(p *plan, from, to int64) (*lake.Source, error) {
	if from == 0 {
		from = math.MinInt64
	}
	return j.lake.Rows(lake.Selection{Tiers: p.tiers, Names: p.columns, From: from, To: to, Rate: p.settings.Rate})
}
