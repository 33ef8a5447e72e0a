package ledger

import (
	"context"
	"time"
)

// FirstStart is the time of the agent's first start: now, if it was never
// called before.
func (l *Ledger) FirstStart(ctx context.Context, now time.Time) (time.Time, error) {
	var first int64
	err := l.write(ctx, "note first start", func(t *tx) error {
		if t.head.firstStart == 0 {
			t.head.firstStart = ns(now)
			t.changed = true
		}
		first = t.head.firstStart
		return nil
	})
	return at(first), err
}

// LastWall is the last wall time given to SetLastWall, zero for none: a clock
// that is behind it at start is wrong.
func (l *Ledger) LastWall(ctx context.Context) (time.Time, error) {
	h, err := readHead(ctx, l.db.Read)
	return at(h.lastWall), err
}

// SetLastWall notes the wall time.
func (l *Ledger) SetLastWall(ctx context.Context, wall time.Time) error {
	return l.write(ctx, "note wall time", func(t *tx) error {
		if t.head.lastWall != ns(wall) {
			t.head.lastWall = ns(wall)
			t.changed = true
		}
		return nil
	})
}
