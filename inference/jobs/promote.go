package jobs

import (
	"context"
	"errors"
	"time"

	"millwright/inference/detect"
	"millwright/inference/detect/frame"
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
func (j *Jobs) retrained(ctx context.Context, p *plan, rows *polite, n *made) error {
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
	switch {
	case errors.Is(err, schedule.ErrNoModel):
		n.contest.verdict = detect.Verdict{Promote: true, Reason: "there is no model in use to hold the new one against"}
		n.learnt, err = j.learn(ctx, p, rows)
		return err
	case err != nil:
		return err
	}
	return j.decide(ctx, p, &q, rows, n, champion)
}

// decide tries the version, made by plan q, against the champion, and lets a model of
// all of the look-back, by plan p, take its place if it wins. That one is asked before
// only where people say what is normal, which it alone knows all of.
func (j *Jobs) decide(ctx context.Context, p, q *plan, rows *polite, n *made, champion *detect.Model) error {
	plain := *q
	plain.version.Diagnostics = nil
	old, err := j.evaluate(ctx, &plain, champion)
	if err != nil {
		return err
	}
	n.contest.prior = old.text
	in, err := j.tryChampion(ctx, p, q, champion)
	if err != nil {
		return err
	}
	young, err := j.try(ctx, q, n.model, champion)
	if err != nil {
		return err
	}
	var whole learnt
	if len(p.labels.Normal) > 0 {
		if whole, err = j.learn(ctx, p, rows); err != nil {
			return err
		}
		if young.Refuted, err = j.refuted(ctx, p, whole.model); err != nil {
			return err
		}
	}
	v := n.verdict(p, in, young, old.metrics, champion.Trained.Labels > 0)
	if v.Promote && whole.model == nil {
		if whole, err = j.learn(ctx, p, rows); err != nil {
			return err
		}
	}
	if v.Promote && in.Open { // the event's newest rows, too, were learnt by now
		last, err := j.try(ctx, q, whole.model, nil)
		if err != nil {
			return err
		}
		if silent, silenced := detect.Silenced(in, last); silenced {
			v = silent
		}
	}
	if n.contest.verdict = v; v.Promote {
		n.learnt = whole
	}
	return nil
}

// tryChampion is try for the champion, with what only it has to answer for.
func (j *Jobs) tryChampion(ctx context.Context, p, q *plan, champion *detect.Model) (t detect.Trial, err error) {
	if t, err = j.try(ctx, q, champion, champion); err != nil {
		return t, err
	}
	if t.Open {
		if t.Open, err = j.unsaid(ctx, p, champion); err != nil {
			return t, err
		}
	}
	t.Refuted, err = j.refuted(ctx, p, champion)
	return t, err
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
