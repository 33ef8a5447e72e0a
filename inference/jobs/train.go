package jobs

import (
	"context"
	"errors"
	"fmt"

	"millwright/inference/store"
)

const enoughDays = 180 // below it a version has a warning

// ofVersion is what makes a model version.
func (j *Jobs) ofVersion(ctx context.Context, k *task, a longArgs) error {
	get := func(ctx context.Context) (store.ModelVersion, bool, error) {
		v, err := j.store.ModelVersion(ctx, a.ID, a.Number)
		return v, err == nil && (v.Status == store.VersionTraining || v.Status == store.VersionImporting), gone(err)
	}
	v, open, err := get(ctx)
	if err != nil {
		return err
	}
	if k.heavy = a.What == train; k.heavy && open {
		if k.memory, err = j.weigh(ctx, v); err != nil {
			return err
		}
	} else {
		k.memory = modelLimit
	}
	k.over = func(ctx context.Context) (bool, error) {
		_, open, err := get(ctx)
		return !open, err
	}
	known := false // that it cannot be done, and why
	k.do = func(ctx context.Context, lease store.Fence) error {
		v, open, err := get(ctx)
		if err != nil || !open {
			return err
		}
		if a.What == importModel {
			err = j.copyVersion(ctx, lease, v, a.Strategy)
		} else {
			err = j.train(ctx, lease, v)
		}
		if reason, final := whyNot(err, false); final {
			known = true
			return never("%s", reason)
		}
		return err
	}
	k.fail = func(ctx context.Context, lease store.Fence, reason string) error {
		return j.failVersion(ctx, lease, a.ID, a.Number, reason, known)
	}
	return nil
}

// made is a version that was trained.
type made struct {
	learnt
	*evaluation
	have    extent
	quality string
	contest *contest // of a retraining
}

// train makes a version from data.
func (j *Jobs) train(ctx context.Context, lease store.Fence, v store.ModelVersion) error {
	p, err := j.plan(ctx, v)
	if err != nil {
		return err
	}
	rows, have, err := j.history(ctx, p)
	if err != nil {
		return err
	}
	defer rows.Close()
	n := &made{have: have}
	if v.Source == store.SourceRetraining {
		err = j.retrained(ctx, p, rows, n)
	} else {
		err = j.trained(ctx, p, rows, n)
	}
	if err != nil {
		return err
	}
	file, err := n.model.MarshalBinary()
	if err != nil {
		return err
	}
	key, err := j.models.put(ctx, v.ModelID, v.Version, file)
	if err != nil {
		return err
	}
	return j.store.Tx(ctx, func(t *store.Tx) error {
		return j.endVersion(ctx, t, lease, v, n.contest, func(v *store.ModelVersion) {
			v.Artifact, v.Quality, v.Metrics, v.DiagnosticsObject = key, n.quality, n.text, n.object
			v.Warnings = append(v.Warnings, n.warnings(p)...)
			if n.contest != nil {
				v.PriorMetrics, v.AvailableDays = n.contest.prior, int64(have.days(p.settings.Rate))
				v.EvaluationStart, v.EvaluationEnd = n.contest.span()
			}
		})
	})
}

// trained makes a version as it was asked for.
func (j *Jobs) trained(ctx context.Context, p *plan, rows *polite, n *made) (err error) {
	if n.learnt, err = j.learn(ctx, p, rows); err != nil {
		return err
	}
	if n.evaluation, err = j.evaluate(ctx, p, n.model); err != nil {
		return err
	}
	n.grade(p)
	return nil
}

// grade says how good the version is: by the evaluation, or by its own history where
// that has labels and the evaluation has none.
func (n *made) grade(p *plan) {
	if n.quality = quality(n.metrics, p.settings.FalseAlarmsWeekly); n.quality == qualityUnknown {
		n.quality = quality(n.across, p.settings.FalseAlarmsWeekly)
	}
}

func (n *made) warnings(p *plan) (all []string) {
	if days := n.have.days(p.settings.Rate); days < enoughDays {
		all = append(all, fmt.Sprintf("There are %.0f days of data. %d days show more of what is normal.", days, enoughDays))
	}
	if !n.model.Limit().Verified {
		all = append(all, "The history is too short to verify the false alarms per week.")
	}
	return all
}

// endVersion ends a version in SUCCESS, and activates it where that is due.
func (j *Jobs) endVersion(ctx context.Context, t *store.Tx, lease store.Fence, v store.ModelVersion, c *contest, change func(*store.ModelVersion)) error {
	if err := t.Release(ctx, lease); err != nil {
		return err
	}
	m, err := t.ModelByID(ctx, v.ModelID)
	if err != nil {
		return err
	}
	activate := m.ActiveVersion == 0 || m.Status == store.ModelTraining || m.Status == store.ModelImporting
	var end promotion
	if c != nil {
		s, err := t.Retraining(ctx, m.ID)
		if gone(err) != nil {
			return err
		}
		end = c.promotion(s.Promote, m.ActiveVersion)
		activate = activate || end.promote
	}
	now := j.now()
	if _, err := t.MoveModelVersion(ctx, v.ModelID, v.Version, store.VersionSuccess, now, func(v *store.ModelVersion) {
		change(v)
		v.EndedAt, v.Promotion, v.PromotionReason = now, end.result, end.reason
	}); err != nil || !activate {
		return err
	}
	if _, err = t.Activate(ctx, v.ModelID, v.Version, now); err != nil {
		return err
	}
	return j.Activate(ctx, t, v.ModelID, v.Version)
}

// failVersion ends a version in FAILED, and the model that has no other one. known: it
// is the data that it cannot be made of.
func (j *Jobs) failVersion(ctx context.Context, lease store.Fence, model string, version int64, reason string, known bool) error {
	return j.store.Tx(ctx, func(t *store.Tx) error {
		if err := t.Release(ctx, lease); err != nil {
			return err
		}
		now := j.now()
		v, err := t.MoveModelVersion(ctx, model, version, store.VersionFailed, now, func(v *store.ModelVersion) {
			v.FailedReason, v.EndedAt = clipped(reason), now
			if v.Source == store.SourceRetraining {
				if v.Promotion, v.PromotionReason = retrainingInternalError, "The retraining failed: see FailedReason."; known {
					v.Promotion = retrainingCustomerError
				}
			}
		})
		if errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		m, err := t.ModelByID(ctx, v.ModelID)
		if err != nil || m.Status != store.ModelTraining && m.Status != store.ModelImporting {
			return gone(err)
		}
		_, err = t.MoveModel(ctx, m.ID, store.ModelFailed, now)
		return err
	})
}
