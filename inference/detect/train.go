package detect

import (
	"context"
	"fmt"

	"go.uber.org/zap"

	"millwright/inference/detect/frame"
	"millwright/inference/detect/moments"
)

const folds = 4

// class is what a row counts for in training.
type class uint8

const (
	idle       class = iota // off, restarting, or too little known
	restarting              // in the restart's limit only
	labelled                // an anomaly by its label: in neither fit nor limit
	learnt                  // in fit and limit
	trimmed                 // in the limit only: among the worst rows of the history
)

// trainer makes the passes of a training over a source.
type trainer struct {
	src   frame.Source
	s     Settings
	log   *zap.Logger
	spans Spans
	rules frame.Rules
	basis basis
	about []float64 // a usual value of each sensor that serves

	labels []int64
	states []frame.State
	class  []class
	fold   []uint8

	passes int // so far
	most   int // passes there will be at the most

	// Of the base that is updated: the fit whose scales stay, nil for none, and the
	// calibration where the newer rows are too few for their own.
	frozen      *fit
	calibration Calibration

	dropped []Dropped
	voided  []Voided
}

// Train learns what is normal from the rows of src.
func Train(ctx context.Context, src frame.Source, s Settings, log *zap.Logger) (*Model, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	t := &trainer{src: src, s: s.withDefaults(), log: log, spans: SpansOf(s.Rate)}
	if t.s.without.inputs {
		t.spans.Input = 1
	}
	if t.s.without.scores {
		t.spans.Score = 1
	}
	t.basis.spans = t.spans
	t.most = passesAlways + passesVoiding + passesTrimming + passesUnseen
	if t.s.Off.Set() && t.s.Restart == 0 {
		t.most += passesSettling
	}
	for _, step := range []func(context.Context) error{t.survey, t.classify, t.scale} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("train: %w", err)
		}
	}
	m, err := t.fit(ctx)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	return m, nil
}

// fit learns, scores the history with what was learnt without it, takes the worst of
// it away from what is learnt, and does the same again.
func (t *trainer) fit(ctx context.Context) (*Model, error) {
	sums, err := t.sums(ctx)
	if err != nil {
		return nil, err
	}
	lambda, err := choosePenalty(ctx, t.s.Cores, sums, len(t.basis.columns))
	if err != nil {
		return nil, err
	}
	past, err := t.history(ctx, sums, lambda)
	if err != nil {
		return nil, err
	}
	for range settlings {
		longer := t.settling(past.scores)
		if longer == 0 {
			break
		}
		t.rules.Restart += longer
		t.log.Info("restarts take longer", zap.Duration("restart", t.rules.Restart))
		t.most = t.passes + passesSettling + passesTrimming + passesUnseen
		sums, past = nil, history{} // room for what follows
		if err := t.classify(ctx); err != nil {
			return nil, err
		}
		if err := t.scale(ctx); err != nil {
			return nil, err
		}
		if sums, err = t.sums(ctx); err != nil {
			return nil, err
		}
		if past, err = t.history(ctx, sums, lambda); err != nil {
			return nil, err
		}
	}
	n := t.trim(past.rows)
	t.most = t.passes + passesTrimming + passesUnseen
	if n == 0 {
		return t.finish(ctx, sums, past, lambda)
	}
	t.log.Info("rows far out are not learnt", zap.Int("rows", n))
	past = history{}
	if !t.s.without.trim {
		if err := t.unlearn(ctx, sums); err != nil {
			return nil, err
		}
	}
	if past, err = t.history(ctx, sums, lambda); err != nil {
		return nil, err
	}
	return t.finish(ctx, sums, past, lambda)
}

// finish finds the limit.
func (t *trainer) finish(ctx context.Context, sums [][]*moments.Moments, past history, lambda penalty) (*Model, error) {
	limit, search, err := t.limit(ctx, sums, past, lambda)
	if err != nil {
		return nil, err
	}
	if t.s.HeldOut != nil {
		t.heldOut(past, limit)
	}
	return t.model(sums, past, lambda, limit, search)
}
