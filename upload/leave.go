package upload

import (
	"time"

	"go.uber.org/zap"

	"millwright/internal/window"
)

// yieldAfter is how long after the wake-up a window is held for a key that
// somebody else has: longer, and it would keep its rows in the spool for ever.
const yieldAfter = time.Hour

// before tells of windows that an earlier ledger, which is lost, may have put
// into the bucket. What this one has of them may be less.
func (u *Uploader) before(s *window.Sealed) bool {
	return !u.set.Lost.IsZero() && s.Uploaded == 0 && time.Unix(0, s.Start).Before(u.set.Lost)
}

// yield gives a window up that cannot get its key for long enough.
func (u *Uploader) yield(o outcome, s *window.Sealed) outcome {
	if u.now().Before(s.Wake.Add(yieldAfter)) {
		return o
	}
	return u.leave(o, s)
}

// leave ends a window without an upload. Its rows are late.
func (u *Uploader) leave(o outcome, s *window.Sealed) outcome {
	o.is, o.err = kept, nil
	o.remedy = "nothing has to be done; its rows are in late/ once it is closed. To upload them all the same: millwright backfill --replace over their drops"
	u.log.Warn("object left alone", zap.String("scheduler", s.Scheduler), zap.String("component", s.Component),
		zap.Time("window", time.Unix(0, s.Start).UTC()), zap.String("key", s.Key), zap.String("why", o.what))
	if u.set.Left != nil {
		u.set.Left(*s, o.what, o.remedy)
	}
	return o
}
