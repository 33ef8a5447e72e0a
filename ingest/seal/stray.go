package seal

import (
	"context"
	"time"

	"go.uber.org/zap"

	"millwright/internal/window"
)

// closeStrays closes windows of streams that the configuration has no more, a
// few per pass: what was sealed goes on to the bucket first, the rest is done.
// What became of their rows is told by the streams that are left, or by nobody;
// then they are late.
func (s *Sealer) closeStrays(ctx context.Context, now time.Time) (closed int, err error) {
	n := min(len(s.strays), glance)
	var steps []window.Closing
	var gone []window.Record
	var left []window.ID
	for _, id := range s.strays[:n] {
		r, ok, err := s.ledger.Window(ctx, id)
		switch {
		case err != nil:
			return 0, err
		case !ok || r.Closed:
		case r.Generation > 0 && (now.Before(r.Wake) || !inBucket(r)) && !s.hopeless[id]:
			left = append(left, id)
		default:
			steps = append(steps, window.Closing{ID: id})
			gone = append(gone, r)
		}
	}
	if len(steps) > 0 {
		if err := s.ledger.CommitClosed(ctx, steps); err != nil {
			s.lost = true
			return 0, err
		}
	}
	for _, r := range gone {
		s.discard(r.ID, r.Generation, true)
		delete(s.hopeless, r.ID)
		if s.closedStrays == nil {
			s.closedStrays = map[string]int{}
		}
		s.closedStrays[r.Scheduler]++
	}
	s.strays = append(s.strays[n:], left...)
	if len(s.strays) == 0 {
		for scheduler, n := range s.closedStrays {
			s.log.Info("windows of a scheduler that is not configured any more are closed", zap.String("scheduler", scheduler), zap.Int("windows", n))
		}
		s.closedStrays = nil
	}
	return len(steps), nil
}
