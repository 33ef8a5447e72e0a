package executions

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Outcome is what the API says of everything that takes its time. Answers embed it.
type Outcome struct{ Status, FailedReason string }

func (o Outcome) outcome() Outcome { return o }

// Await asks what became of something until it is no longer in progress. Whatever
// it has ended in but SUCCESS is an error.
func Await[T interface{ outcome() Outcome }](ctx context.Context, p Poster, operation string, in any, every time.Duration) (now T, err error) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		now = *new(T)
		if err := Do(ctx, p, operation, in, &now); err != nil {
			return now, err
		}
		switch o := now.outcome(); {
		case o.Status == string(Success):
			return now, nil
		case !strings.HasSuffix(o.Status, string(InProgress)): // IMPORT_IN_PROGRESS too
			return now, fmt.Errorf("%s: %s: %s", operation, o.Status, o.FailedReason)
		}
		select {
		case <-ctx.Done():
			return now, ctx.Err()
		case <-tick.C:
		}
	}
}

// Do is Call for one who may not want an answer, out being nil, and to whom an error
// has to name the operation.
func Do(ctx context.Context, p Poster, operation string, in, out any) error {
	if out == nil {
		out = &struct{}{}
	}
	if err := Call(ctx, p, operation, in, out); err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	return nil
}
