package detect

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"go.uber.org/zap"
)

// stopper ends a training in one of its passes.
type stopper struct {
	cancel context.CancelFunc
	at     int
	seen   []string
}

func (s *stopper) Pass(n, most int, name string) {
	s.seen = append(s.seen, fmt.Sprintf("%d/%d %s", n, most, name))
	if n == s.at {
		s.cancel()
	}
}

func TestTrainingTellsOfItsPassesAndEndsInEachOfThem(t *testing.T) {
	t.Parallel()
	f := plant{seed: 80, rows: 4000}.frame()
	for at := 1; ; at++ {
		ctx, cancel := context.WithCancel(t.Context())
		p := &stopper{cancel: cancel, at: at}
		s := plant{}.settings()
		s.Progress = p
		_, err := Train(ctx, f, s, zap.NewNop())
		cancel()
		if len(p.seen) < at {
			if err != nil || at <= passesAlways {
				t.Errorf("%v after %v", err, p.seen)
			}
			return
		}
		if !errors.Is(err, context.Canceled) || len(p.seen) != at {
			t.Errorf("pass %d: %v after %v", at, err, p.seen)
		}
	}
}
