package jobs

import (
	"context"
	"errors"
	"time"

	"millwright/inference/detect"
	"millwright/inference/detect/frame"
	"millwright/inference/detect/metrics"
	"millwright/inference/schedule"
)

// Words of AutoPromotionResult.
const (
	modelPromoted           = "MODEL_PROMOTED"
	modelNotPromoted        = "MODEL_NOT_PROMOTED"
	retrainingInternalError = "RETRAINING_INTERNAL_ERROR"
	retrainingCustomerError = "RETRAINING_CUSTOMER_ERROR"
)

// learnShare is how much of the look-back a challenger learns; on the rest it and the
// version in use are tried.
const learnShare = 0.8

// contest is a trial of a new model against the one in use.
type contest struct {
	against int64       // version in use
	rows    frame.Range // that it was decided on
	prior   string      // metrics of the version in use on these rows
	verdict detect.Verdict
}

func (c *contest) span() (start, end time.Time) {
	return time.Unix(0, c.rows.Start).UTC(), time.Unix(0, c.rows.End).UTC()
}

// retrained makes a version of the look-back. A model of its older part is tried on
// the newer one against the version in use. If it wins, all of the look-back is learnt.
func (j *Jobs) retrained(ctx context.Context, p *plan, rows *polite, n *made) (err error) {
	q := *p
	q.evaluation = frame.Range{Start: n.have.cut(learnShare), End: n.have.end}
	n.contest = &contest{rows: q.evaluation}
	if err := j.trained(ctx, &q, rows, n); err != nil {
		return err
	}
	m, err := j.store.ModelByID(ctx, p.version.ModelID)
	if err != nil {
		return err
	}
	n.contest.against = m.ActiveVersion
	champion, err := j.champion(ctx, m.ID, m.ActiveVersion, p.settings.FalseAlarmsWeekly)
	if errors.Is(err, schedule.ErrNoModel) {
		n.contest.verdict = detect.Verdict{Promote: true, Reason: "there is no model in use to hold the new one against"}
		return j.relearn(ctx, p, rows, n, nil, detect.Trial{})
	}
	if err != nil {
		return err
	}
	plain := q
	plain.version.Diagnostics = nil
	old, err := j.evaluate(ctx, &plain, champion)
	if err != nil {
		return err
	}
	n.contest.prior = old.text
	in, err := j.try(ctx, &q, champion, champion)
	if err != nil {
		return err
	}
	if in.Open {
		if in.Open, err = j.unsaid(ctx, p, champion); err != nil {
			return err
		}
	}
	young, err := j.try(ctx, &q, n.model, champion)
	if err != nil {
		return err
	}
	n.contest.verdict = n.verdict(p, in, young, old.metrics, champion.Trained.Labels > 0)
	if !n.contest.verdict.Promote {
		return nil
	}
	return j.relearn(ctx, p, rows, n, &q, in)
}

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

// relearn learns all of the look-back, and makes sure that no event was learnt that the
// version in use holds open. q is the plan of the trial; nil: there was none.
func (j *Jobs) relearn(ctx context.Context, p *plan, rows *polite, n *made, q *plan, in detect.Trial) error {
	whole, err := j.learn(ctx, p, rows)
	if err != nil {
		return err
	}
	if q != nil && in.Open {
		t, err := j.try(ctx, q, whole.model, nil)
		if err != nil {
			return err
		}
		if v, silenced := detect.Silenced(in, t); silenced {
			n.contest.verdict = v
			return nil
		}
	}
	n.learnt = whole
	return nil
}

// promotion is what becomes of a retrained version.
type promotion struct {
	promote        bool
	result, reason string
}

// promotion says whether the version is to be active, by the mode of its scheduler and
// the version that is active now.
func (c *contest) promotion(mode string, active int64) promotion {
	by := c.verdict.Reason
	switch {
	case mode == "MANUAL":
		return promotion{false, modelNotPromoted, clip("Versions of this model are promoted by hand. By its trial: "+by, maxPromotionReason)}
	case mode == "":
		return promotion{false, modelNotPromoted, "The retraining scheduler was deleted meanwhile."}
	case active != c.against:
		return promotion{false, modelNotPromoted, "Another version was activated meanwhile than the one that this was tried against."}
	case c.verdict.Promote:
		return promotion{true, modelPromoted, by}
	}
	return promotion{false, modelNotPromoted, by}
}

const maxPromotionReason = 256 // bytes

func clip(text string, most int) string { return text[:min(len(text), most)] }
