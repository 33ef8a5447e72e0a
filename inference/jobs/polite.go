package jobs

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"millwright/inference/detect/frame"
)

// polite is a Source that leaves a range out, lets executions pass, and remembers
// whether it was the reading that went wrong.
type polite struct {
	frame.Source
	without frame.Range
	gate    *gate
	close   func() error // of what it has opened; nil: nothing
	err     error
}

const (
	politeRows = 512             // between two looks at the gate
	politeWait = 2 * time.Second // at most, so that training goes on in any case
)

// Close gives back what the rows are kept in meanwhile.
func (s *polite) Close() error {
	if s.close == nil {
		return nil
	}
	return s.close()
}

// Each implements frame.Source.
func (s *polite) Each(ctx context.Context, fn func(int64, []float64) error) error {
	var own error
	n := 0
	err := s.Source.Each(ctx, func(label int64, cells []float64) error {
		if s.without.End != 0 && s.without.Start <= label && label <= s.without.End {
			return nil
		}
		if n++; n%politeRows == 0 {
			if own = s.pass(ctx); own != nil {
				s.err = own
				return own
			}
		}
		own = fn(label, cells)
		return own
	})
	if err != nil && own == nil {
		s.err = err
	}
	return err
}

func (s *polite) pass(ctx context.Context) error {
	select {
	case <-s.gate.open():
		return ctx.Err()
	default:
	}
	timer := time.NewTimer(politeWait)
	defer timer.Stop()
	select {
	case <-s.gate.open():
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err()
}

// extent is how much there is to learn from.
type extent struct {
	rows       int
	start, end int64
	hours      []int // rows in each hour from that of the start on
}

func measure(ctx context.Context, s frame.Source) (e extent, err error) {
	err = s.Each(ctx, func(label int64, _ []float64) error {
		if e.rows == 0 {
			e.start = label
		}
		e.rows, e.end = e.rows+1, label
		at := int((label - e.start) / int64(time.Hour))
		for len(e.hours) <= at {
			e.hours = append(e.hours, 0)
		}
		e.hours[at]++
		return nil
	})
	return e, err
}

// cut is the instant before which a share of the rows lies, or an hour's rows less.
func (e extent) cut(share float64) int64 {
	before := 0
	for i, n := range e.hours {
		if float64(before+n) > share*float64(e.rows) {
			return e.start + int64(i)*int64(time.Hour)
		}
		before += n
	}
	return e.end
}

func (e extent) days(rate time.Duration) float64 {
	return float64(e.rows) * rate.Hours() / dayLength.Hours()
}

func (e extent) String() string {
	if e.rows == 0 {
		return "no rows"
	}
	return fmt.Sprintf("%d rows from %s to %s", e.rows, time.Unix(0, e.start).UTC().Format(time.RFC3339), time.Unix(0, e.end).UTC().Format(time.RFC3339))
}

// told logs how far a training is.
type told struct{ log *zap.Logger }

// Pass implements detect.Progress.
func (t told) Pass(n, most int, name string) {
	t.log.Info("training", zap.String("pass", name), zap.Int("number", n), zap.Int("of_at_most", most))
}
