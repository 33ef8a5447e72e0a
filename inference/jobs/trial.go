package jobs

import (
	"context"
	"errors"

	"millwright/inference/detect"
	"millwright/inference/detect/frame"
	"millwright/inference/detect/metrics"
	"millwright/internal/resultline"
)

// champion is the version in use, with the limit for the target of the new one.
func (j *Jobs) champion(ctx context.Context, model string, version int64, target float64) (*detect.Model, error) {
	m, err := j.models.Model(ctx, model, version)
	if err != nil {
		return nil, err
	}
	other, err := m.WithFalseAlarms(target)
	if errors.Is(err, detect.ErrNoSearch) {
		return m, nil
	}
	return other, err
}

// try has a model show how it behaves on the rows of the evaluation, with the faults of
// the champion.
func (j *Jobs) try(ctx context.Context, p *plan, m, champion *detect.Model) (detect.Trial, error) {
	var faults []detect.Fault
	if champion != nil {
		faults = champion.Faults(p.evaluation.Start, p.evaluation.End)
	}
	rows, err := j.before(p, m, p.evaluation)
	if err != nil {
		return detect.Trial{}, err
	}
	defer rows.Close()
	return m.Behaviour(ctx, rows, p.evaluation.Start, p.labels.Normal, faults)
}

// unsaid tells whether the event that the champion holds open at the end is one of
// which nobody has said that it is none.
func (j *Jobs) unsaid(ctx context.Context, p *plan, champion *detect.Model) (bool, error) {
	from := p.version.TrainingStart.UnixNano()
	rows, err := j.before(p, champion, frame.Range{Start: from, End: p.version.TrainingEnd.UnixNano()})
	if err != nil {
		return false, err
	}
	defer rows.Close()
	since, open, err := champion.OpenSince(ctx, rows)
	for _, r := range p.labels.Normal {
		if r.End >= since && r.Start <= p.version.TrainingEnd.UnixNano() {
			return false, err
		}
	}
	return open, err
}

// refuted is the share of the rows that are labelled NO_ANOMALY in which a model alarms.
func (j *Jobs) refuted(ctx context.Context, p *plan, m *detect.Model) (float64, error) {
	if len(p.labels.Normal) == 0 {
		return 0, nil
	}
	span := p.labels.Normal[0]
	for _, r := range p.labels.Normal {
		span = frame.Range{Start: min(span.Start, r.Start), End: max(span.End, r.End)}
	}
	span = frame.Range{Start: max(span.Start, p.version.TrainingStart.UnixNano()), End: min(span.End, p.version.TrainingEnd.UnixNano())}
	var rows, alarms float64
	err := j.score(ctx, p, m, span, func(r resultline.Row, _ detect.Remark) error {
		if r.HasScore && frame.Holds(p.labels.Normal, r.Time) {
			rows++
			alarms += float64(r.Prediction)
		}
		return nil
	})
	return alarms / max(rows, 1), err
}

// verdict decides by labels where the rows have some, else by behaviour. That the
// version in use knew labels and the new one has none is decided before all else.
func (n *made) verdict(p *plan, in, young detect.Trial, old metrics.Metrics, labelled bool) detect.Verdict {
	target := p.settings.FalseAlarmsWeekly
	in.Labels, young.Labels = labelled, n.model.Trained.Labels > 0 || n.metrics.LabelsPresent
	measured(&in, old)
	measured(&young, n.metrics)
	switch {
	case n.metrics.LabelsPresent:
	case in.Labels && young.Labels:
		in.Labels, young.Labels = false, false
	case young.Labels:
		measured(&young, n.across)
	}
	v := detect.Judge(in, young, target)
	if v.Promote && young.Labels && !in.Labels && n.quality == qualityPoor {
		return detect.Verdict{Reason: "the new model was trained with labels and its quality is poor: see its metrics"}
	}
	return v
}

// measured takes over what labels say.
func measured(t *detect.Trial, m metrics.Metrics) {
	t.Labelled, t.Found, t.Outside = m.LabeledEvents.Labeled, m.LabeledEvents.Identified, m.UnknownEvents.Identified
	if v := m.Version; v != nil {
		if v.Lead != nil {
			t.Lead = *v.Lead
		}
		if v.AUC != nil {
			t.AUC = *v.AUC
		}
	}
}
