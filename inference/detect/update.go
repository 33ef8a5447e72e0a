package detect

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"millwright/inference/detect/frame"
	"millwright/inference/detect/moments"
)

// Update adds the rows of src that are newer than the base's to what the base has
// learnt. Sensors, modes and scales stay the base's, so the merged statistics are
// those of one pass over both ranges. The limit is estimated anew where the newer rows
// are enough to verify it, and stays the base's where they are not.
func Update(ctx context.Context, base *Model, src frame.Source, s Settings, log *zap.Logger) (*Model, error) {
	if base.sums == nil {
		return nil, errors.New("update: the base model holds no statistics: train in full")
	}
	if !slices.Equal(src.Names(), base.names) {
		return nil, errors.New("update: the data has other columns than the base model: train in full")
	}
	s.Rate = base.rules.Rate
	if s.FalseAlarmsWeekly == 0 {
		s.FalseAlarmsWeekly = base.limit.Target
	}
	t := &trainer{src: newer{src, base.Trained.End}, s: s.withDefaults(), log: log, spans: base.basis.spans, rules: base.rules, basis: base.basis}
	t.most = passesUpdate + passesUnseen
	if err := t.classify(ctx); err != nil {
		return nil, fmt.Errorf("update: %w", err)
	}
	m, err := t.update(ctx, base)
	if err != nil {
		return nil, fmt.Errorf("update: %w", err)
	}
	return m, nil
}

// update learns all newer rows, and judges each quarter of them by the base and the
// other quarters.
func (t *trainer) update(ctx context.Context, base *Model) (*Model, error) {
	t.frozen = base.fit
	if t.running() < t.s.MinHistory {
		t.calibration = base.calibration
	}
	sums, err := t.sums(ctx)
	if err != nil {
		return nil, err
	}
	past, err := t.history(ctx, append(sums, base.sums), base.lambda)
	if err != nil {
		return nil, err
	}
	limit, search := base.limit, base.search
	if t.calibration.Median == nil {
		if limit, search, err = t.limit(ctx, append(slices.Clone(sums), base.sums), past, base.lambda); err != nil {
			return nil, err
		}
	}
	m, err := t.model(append(slices.Clone(sums), base.sums), past, base.lambda, limit, search)
	if err != nil {
		return nil, err
	}
	m.Trained.Start = base.Trained.Start
	m.Trained.Rows += base.Trained.Rows
	m.Trained.Learnt += base.Trained.Learnt
	m.Trained.Trimmed += base.Trained.Trimmed
	m.Trained.Labels += base.Trained.Labels
	m.Trained.Faulty += base.Trained.Faulty
	m.Trained.Off += base.Trained.Off
	m.Trained.Restart += base.Trained.Restart
	m.Trained.Unknown += base.Trained.Unknown
	m.Trained.Dropped, m.Trained.Voided = base.Trained.Dropped, base.Trained.Voided
	m.Trained.Updates = base.Trained.Updates + 1
	return m, nil
}

// running is for how long there are rows to learn from.
func (t *trainer) running() time.Duration {
	var d time.Duration
	for _, c := range t.class {
		if c >= learnt {
			d += t.s.Rate
		}
	}
	return d
}

// Sums are the statistics that a model keeps, by mode.
func (m *Model) Sums() []*moments.Moments { return m.sums }

// newer leaves out the rows up to an instant.
type newer struct {
	frame.Source
	after int64
}

func (n newer) Each(ctx context.Context, fn func(int64, []float64) error) error {
	return n.Source.Each(ctx, func(label int64, cells []float64) error {
		if label <= n.after {
			return nil
		}
		return fn(label, cells)
	})
}
