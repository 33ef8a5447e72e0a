package jobs

import (
	"context"
	"encoding/json"
	"fmt"

	"millwright/inference/detect"
	"millwright/inference/detect/frame"
	"millwright/inference/detect/metrics"
	"millwright/inference/store"
	"millwright/internal/resultline"
)

// Words of ModelQuality.
const (
	qualityMet     = "QUALITY_THRESHOLD_MET"
	qualityPoor    = "POOR_QUALITY_DETECTED"
	qualityUnknown = "CANNOT_DETERMINE_QUALITY"
)

// What is poor.
const (
	leastRecall = 0.5
	leastAUC    = 0.7
	mostAlarms  = 3 // times the target
)

// quality says what metrics amount to.
func quality(m metrics.Metrics, target float64) string {
	switch v := m.Version; {
	case v == nil:
		return qualityUnknown
	case v.Recall < leastRecall, v.AUC != nil && *v.AUC < leastAUC, m.FalseAlarms > mostAlarms*target:
		return qualityPoor
	}
	return qualityMet
}

// evaluation is how a model does on the rows of an evaluation.
type evaluation struct {
	metrics metrics.Metrics // with labels only where the rows have some
	text    string          // of ModelMetrics; "" without an evaluation
	object  *store.S3Object // diagnostics; nil where none are wanted
}

// evaluate scores the rows of the evaluation, and writes the diagnostics where they are
// wanted: those of that range, else of the training's.
func (j *Jobs) evaluate(ctx context.Context, p *plan, m *detect.Model) (*evaluation, error) {
	e := &evaluation{}
	d := p.version.Diagnostics
	if !p.evaluated() && d == nil {
		return e, nil
	}
	span := p.evaluation
	if !p.evaluated() {
		span = frame.Range{Start: m.Trained.Start, End: m.Trained.End}
	}
	var out *diagnostics
	if d != nil {
		var err error
		if out, err = newDiagnostics(j.o.Lake.Scratch); err != nil {
			return nil, err
		}
		defer out.close()
	}
	c := metrics.New(m.Rate(), p.labels.Anomaly)
	if err := j.score(ctx, p, m, span, func(r resultline.Row, k detect.Remark) error {
		c.Add(r, metrics.Condition{Restarting: k.State == frame.Restarting, Unseen: k.Unseen})
		if out == nil {
			return nil
		}
		return out.add(r)
	}); err != nil {
		return nil, err
	}
	if p.evaluated() {
		e.metrics = c.Metrics()
		text, err := json.Marshal(e.metrics)
		if err != nil {
			return nil, err
		}
		e.text = string(text)
	}
	if out == nil {
		return e, nil
	}
	to := d.S3OutputConfiguration
	e.object = &store.S3Object{Bucket: to.Bucket, Key: fmt.Sprintf("%s%s/%d/model_diagnostics_results.json.gz", folder(to.Prefix), p.version.ModelID, p.version.Version)}
	return e, out.put(ctx, j.o.S3, e.object)
}

// score gives the results of a range, with the rows before it as context.
func (j *Jobs) score(ctx context.Context, p *plan, m *detect.Model, span frame.Range, fn func(resultline.Row, detect.Remark) error) error {
	rows, err := j.before(p, m, span)
	if err != nil {
		return err
	}
	defer rows.Close()
	s := m.NewSession()
	keep := func(r resultline.Row, k detect.Remark) error {
		if r.Time < span.Start || r.Time > span.End {
			return nil
		}
		return fn(r, k)
	}
	return rows.Each(ctx, func(label int64, cells []float64) error { return s.Add(label, cells, keep) })
}

// before opens the rows of a range that a model is to score, and those before it that
// it has to know.
func (j *Jobs) before(p *plan, m *detect.Model, span frame.Range) (*polite, error) {
	q := *p
	q.columns = m.Columns()
	rows, err := j.rows(&q, span.Start-int64(m.Lookback()), span.End+1)
	if err != nil {
		return nil, err
	}
	return &polite{Source: rows, gate: j.gate, close: rows.Close}, nil
}
