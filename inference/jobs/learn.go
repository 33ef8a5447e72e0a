package jobs

import (
	"context"
	"runtime"

	"go.uber.org/zap"

	"millwright/inference/detect"
	"millwright/inference/detect/metrics"
	"millwright/inference/lake"
	"millwright/inference/store"
	"millwright/internal/resultline"
	"millwright/internal/window"
)

// history opens the rows of the training range, also those of the evaluation within
// it, and tells how much there is to learn from without those.
func (j *Jobs) history(ctx context.Context, p *plan) (*polite, extent, error) {
	var from, to int64
	if v := p.version; !v.TrainingEnd.IsZero() {
		from, to = v.TrainingStart.UnixNano(), v.TrainingEnd.UnixNano()+1
	}
	rows, err := j.rows(p, from, to)
	if err != nil {
		return nil, extent{}, err
	}
	src := &polite{Source: rows, without: p.evaluation, gate: j.gate, close: rows.Close}
	have, err := measure(ctx, src)
	if days := have.days(p.settings.Rate); err == nil && days < float64(j.o.MinDays) {
		err = never("There are %.1f days of usable data (%s), and a training needs %d.", days, have, j.o.MinDays)
	}
	if err != nil {
		rows.Close()
		return nil, have, err
	}
	return src, have, nil
}

// learnt is what a training came to.
type learnt struct {
	model  *detect.Model
	across metrics.Metrics // of the history, by the fits to its other parts
}

// learn trains on the rows outside the evaluation.
func (j *Jobs) learn(ctx context.Context, p *plan, rows *polite) (learnt, error) {
	src := &polite{Source: rows.Source, without: p.evaluation, gate: j.gate}
	log := j.log.With(zap.String("model", p.version.ModelID), zap.Int64("version", p.version.Version))
	s := p.settings
	s.Labels, s.Cores, s.Progress = p.known(), j.cores(), told{log}
	c := metrics.New(s.Rate, s.Labels.Anomaly)
	s.HeldOut = func(r resultline.Row) { c.Add(r, metrics.Condition{}) }
	m, err := detect.Train(ctx, src, s, log)
	if err != nil && src.err == nil && ctx.Err() == nil {
		err = never("The model could not be trained: %v", err) // the data would say the same again
	}
	if err != nil {
		return learnt{}, err
	}
	return learnt{m, c.Metrics()}, nil
}

// cores is how many a training may take: one is left to everything else, however many
// trainings there are.
func (j *Jobs) cores() int {
	return max(1, (runtime.GOMAXPROCS(0)-1)/j.trainings())
}

// Bytes that a training takes beside the moments.
const (
	trainBase = 96 << 20
	trainRow  = 320 // of a row, whatever its width
)

// weight estimates what a training takes, in bytes: the moments of four folds and of
// their sum in up to six modes, what it takes to fit, and what is kept of each row.
func weight(sensors int, rows float64) int64 {
	const parts, modes, works = 5, 6, 24
	p := float64((detect.Lags + 1) * sensors)
	return int64(trainBase + 8*p*p*(parts*modes/2+works) + trainRow*rows)
}

// weigh estimates what a version takes to train.
func (j *Jobs) weigh(ctx context.Context, v store.ModelVersion) (int64, error) {
	schema, err := lake.ParseSchema(v.Schema)
	if err != nil {
		return trainBase, nil //nolint:nilerr // the training says so
	}
	var rows float64
	for kind, of := range map[store.ObjectKind]string{store.ObjectDataset: v.DatasetID, store.ObjectInference: v.ModelID} {
		if kind == store.ObjectInference && v.Source != store.SourceRetraining {
			continue
		}
		span, err := j.store.ObjectSpan(ctx, kind, of)
		if err != nil {
			return 0, err
		}
		rows += gridRows(span, v)
	}
	return weight(len(schema.Sensors())+1, rows), nil
}

// gridRows is at most how many rows of the training range a span has on the grid.
func gridRows(s store.Span, v store.ModelVersion) float64 {
	from, to := s.DataStart, s.DataEnd
	if !v.TrainingEnd.IsZero() && v.TrainingStart.After(from) {
		from = v.TrainingStart
	}
	if !v.TrainingEnd.IsZero() && v.TrainingEnd.Before(to) {
		to = v.TrainingEnd
	}
	rows := float64(s.Rows)
	if rate, err := window.ParseRate(v.SamplingRate); err == nil {
		rows = min(rows, float64(to.Sub(from)/rate)+1)
	}
	return max(rows, 0)
}
