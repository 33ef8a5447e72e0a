package jobs

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/md5" //nolint:gosec // what S3 checks a body with
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"path"

	"go.uber.org/zap"

	"millwright/inference/detect"
	"millwright/inference/detect/frame"
	"millwright/inference/detect/metrics"
	"millwright/inference/store"
	"millwright/internal/objstore"
	"millwright/internal/resultline"
)

const (
	trainMemory = 256 << 20
	enoughDays  = 180 // below it a version has a warning
)

// ofVersion is what makes a model version.
func (j *Jobs) ofVersion(k *task, a longArgs) {
	k.memory, k.heavy = trainMemory, a.What == train
	get := func(ctx context.Context) (store.ModelVersion, bool, error) {
		v, err := j.store.ModelVersion(ctx, a.ID, a.Number)
		return v, err == nil && (v.Status == store.VersionTraining || v.Status == store.VersionImporting), gone(err)
	}
	k.over = func(ctx context.Context) (bool, error) {
		_, open, err := get(ctx)
		return !open, err
	}
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
			return never("%s", reason)
		}
		return err
	}
	k.fail = func(ctx context.Context, lease store.Fence, reason string) error {
		return j.failVersion(ctx, lease, a.ID, a.Number, reason)
	}
}

// train makes a version from data.
func (j *Jobs) train(ctx context.Context, lease store.Fence, v store.ModelVersion) error {
	p, err := j.plan(ctx, v)
	if err != nil {
		return err
	}
	m, have, err := j.learn(ctx, p)
	if err != nil {
		return err
	}
	file, err := m.MarshalBinary()
	if err != nil {
		return err
	}
	key, err := j.models.put(ctx, v.ModelID, v.Version, file)
	if err != nil {
		return err
	}
	e, err := j.evaluate(ctx, p, m)
	if err != nil {
		return err
	}
	prior, err := j.prior(ctx, p)
	if err != nil {
		return err
	}
	return j.store.Tx(ctx, func(t *store.Tx) error {
		return j.endVersion(ctx, t, lease, v, func(v *store.ModelVersion) {
			v.Artifact, v.Quality, v.Metrics, v.PriorMetrics, v.DiagnosticsObject = key, e.quality, e.metrics, prior, e.object
			if days := have.days(p.settings.Rate); days < enoughDays {
				v.Warnings = append(v.Warnings, fmt.Sprintf("There are %.0f days of data. %d days show more of what is normal.", days, enoughDays))
			}
			if !m.Limit().Verified {
				v.Warnings = append(v.Warnings, "The history is too short to verify the false alarms per week.")
			}
			if v.Source == store.SourceRetraining {
				v.AvailableDays = int64(have.days(p.settings.Rate))
			}
		})
	})
}

// learn trains on all rows of the training range but those of the evaluation.
func (j *Jobs) learn(ctx context.Context, p *plan) (*detect.Model, extent, error) {
	var from, to int64
	if v := p.version; !v.TrainingEnd.IsZero() {
		from, to = v.TrainingStart.UnixNano(), v.TrainingEnd.UnixNano()+1
	}
	rows, err := j.rows(p, from, to)
	if err != nil {
		return nil, extent{}, err
	}
	defer rows.Close()
	src := &polite{Source: rows, without: p.evaluation, gate: j.gate}
	have, err := measure(ctx, src)
	if err != nil {
		return nil, have, err
	}
	if days := have.days(p.settings.Rate); days < float64(j.o.MinDays) {
		return nil, have, never("There are %.1f days of usable data (%s), and a training needs %d.", days, have, j.o.MinDays)
	}
	m, err := detect.Train(ctx, src, p.settings, j.log.With(zap.String("model", p.version.ModelID), zap.Int64("version", p.version.Version)))
	if err != nil && src.err == nil && ctx.Err() == nil {
		return nil, have, never("The model could not be trained: %v", err) // the data would say the same again
	}
	return m, have, err
}

// Words of ModelQuality.
const (
	qualityMet     = "QUALITY_THRESHOLD_MET"
	qualityPoor    = "POOR_QUALITY_DETECTED"
	qualityUnknown = "CANNOT_DETERMINE_QUALITY"
)

// evaluation is how good a version is.
type evaluation struct {
	judged
	metrics string
	object  *store.S3Object
}

// evaluate scores the evaluation range, and writes the diagnostics where they are
// wanted: those of that range, else of the training's.
func (j *Jobs) evaluate(ctx context.Context, p *plan, m *detect.Model) (*evaluation, error) {
	e := &evaluation{judged: judged{quality: qualityUnknown}}
	d := p.version.Diagnostics
	if !p.evaluated() && d == nil {
		return e, nil
	}
	span := p.evaluation
	if !p.evaluated() {
		span = frame.Range{Start: m.Trained.Start, End: m.Trained.End}
	}
	var lines bytes.Buffer
	packed := gzip.NewWriter(&lines)
	c := metrics.New(m.Rate(), p.labels)
	var line []byte
	if err := j.score(ctx, p, m, span, func(r resultline.Row, k detect.Remark) error {
		c.Add(r, metrics.Condition{Restarting: k.State == frame.Restarting, Unseen: k.Unseen})
		if d == nil {
			return nil
		}
		line = resultline.Append(line[:0], r)
		_, err := packed.Write(line)
		return err
	}); err != nil {
		return nil, err
	}
	if p.evaluated() {
		if err := e.judge(c.Metrics(), p.settings.FalseAlarmsWeekly); err != nil {
			return nil, err
		}
	}
	if d == nil {
		return e, nil
	}
	if err := packed.Close(); err != nil {
		return nil, err
	}
	to := d.S3OutputConfiguration
	e.object = &store.S3Object{Bucket: to.Bucket, Key: path.Join(to.Prefix, p.version.ModelID, fmt.Sprint(p.version.Version), "model_diagnostics_results.json.gz")}
	body := lines.Bytes()
	_, err := j.o.S3.Put(ctx, objstore.Object{Bucket: to.Bucket, Key: e.object.Key, Body: body, Size: int64(len(body)), SHA256: sha256.Sum256(body), MD5: md5.Sum(body)}) //nolint:gosec // as above
	return e, err
}

// score gives the results of a range, with the rows before it as context.
func (j *Jobs) score(ctx context.Context, p *plan, m *detect.Model, span frame.Range, fn func(resultline.Row, detect.Remark) error) error {
	q := *p
	q.columns = m.Columns()
	rows, err := j.rows(&q, span.Start-int64(m.Lookback()), span.End+1)
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
	src := &polite{Source: rows, gate: j.gate}
	return src.Each(ctx, func(label int64, cells []float64) error { return s.Add(label, cells, keep) })
}

// judge says what metrics amount to.
func (e *evaluation) judge(m metrics.Metrics, target float64) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	e.metrics = string(text)
	if !m.LabelsPresent {
		return nil
	}
	if target == 0 {
		target = 1
	}
	e.labelled, e.recall, e.quality = true, m.Version.Recall, qualityMet
	if m.Version.AUC != nil {
		e.auc = *m.Version.AUC
	}
	if e.recall < 0.5 || e.auc < 0.7 || m.FalseAlarms > 3*target {
		e.quality = qualityPoor
	}
	return nil
}

// prior are the metrics of the active version on the range of a retraining.
func (j *Jobs) prior(ctx context.Context, p *plan) (string, error) {
	if p.version.Source != store.SourceRetraining || !p.evaluated() {
		return "", nil
	}
	m, err := j.store.ModelByID(ctx, p.version.ModelID)
	if err != nil {
		return "", err
	}
	old, err := j.models.Model(ctx, m.ID, m.ActiveVersion)
	if err != nil {
		return "", err
	}
	q := *p
	q.version.Diagnostics = nil
	e, err := j.evaluate(ctx, &q, old)
	if err != nil {
		return "", err
	}
	return e.metrics, nil
}

// endVersion ends a version in SUCCESS, and activates it where that is due.
func (j *Jobs) endVersion(ctx context.Context, t *store.Tx, lease store.Fence, v store.ModelVersion, change func(*store.ModelVersion)) error {
	if err := t.Release(ctx, lease); err != nil {
		return err
	}
	m, err := t.ModelByID(ctx, v.ModelID)
	if err != nil {
		return err
	}
	activate := m.ActiveVersion == 0 || m.Status == store.ModelTraining || m.Status == store.ModelImporting
	promote, result, reason := false, "", ""
	if v.Source == store.SourceRetraining {
		s, err := t.Retraining(ctx, m.ID)
		if gone(err) != nil {
			return err
		}
		promote, result, reason = promotion(s.Promote, judgedOf(ctx, t, m), judgedBy(v, change))
		activate = activate || promote
	}
	now := j.now()
	if _, err := t.MoveModelVersion(ctx, v.ModelID, v.Version, store.VersionSuccess, now, func(v *store.ModelVersion) {
		change(v)
		v.EndedAt, v.Promotion, v.PromotionReason = now, result, reason
	}); err != nil {
		return err
	}
	if activate {
		_, err = t.Activate(ctx, v.ModelID, v.Version, now)
	}
	return err
}

// judgedOf is how good the active version was found.
func judgedOf(ctx context.Context, t *store.Tx, m store.Model) judged {
	v, err := t.ModelVersion(ctx, m.ID, m.ActiveVersion)
	if err != nil {
		return judged{}
	}
	return judgedBy(v, func(*store.ModelVersion) {})
}

func judgedBy(v store.ModelVersion, change func(*store.ModelVersion)) judged {
	change(&v)
	e := evaluation{}
	var m metrics.Metrics
	if v.Metrics == "" || json.Unmarshal([]byte(v.Metrics), &m) != nil || m.Version == nil {
		return judged{quality: v.Quality}
	}
	_ = e.judge(m, 0)
	e.quality = v.Quality
	return e.judged
}

// failVersion ends a version in FAILED, and the model that has no other one.
func (j *Jobs) failVersion(ctx context.Context, lease store.Fence, model string, version int64, reason string) error {
	return j.store.Tx(ctx, func(t *store.Tx) error {
		if err := t.Release(ctx, lease); err != nil {
			return err
		}
		now := j.now()
		v, err := t.MoveModelVersion(ctx, model, version, store.VersionFailed, now, func(v *store.ModelVersion) {
			v.FailedReason, v.EndedAt = clipped(reason), now
			if v.Source == store.SourceRetraining {
				v.Promotion, v.PromotionReason = "RETRAINING_CUSTOMER_ERROR", "The retraining failed: see FailedReason."
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
