package ledger

import (
	"context"
	"fmt"
	"time"
)

// Notice is a condition that stands until it is cleared: a full quota, a clock
// that is not settled, a folder that cannot be read.
type Notice struct {
	Scope  string // what it is about: a folder, a scheduler, "clock"
	Code   string // one word for the kind of condition
	Text   string
	Remedy string    // what to do about it
	At     time.Time // since when it stands
}

// Note enters a notice. One that stands already keeps its time; with the same
// words nothing is written.
func (l *Ledger) Note(ctx context.Context, n Notice) error {
	return l.write(ctx, "note "+n.Code, func(t *tx) error {
		_, err := t.exec(`INSERT INTO notices (scope, code, text, remedy, at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (scope, code) DO UPDATE SET text = excluded.text, remedy = excluded.remedy
			WHERE notices.text <> excluded.text OR notices.remedy <> excluded.remedy`, n.Scope, n.Code, n.Text, n.Remedy, ns(n.At))
		return err
	})
}

// ClearNote removes a notice, if it stands.
func (l *Ledger) ClearNote(ctx context.Context, scope, code string) error {
	return l.write(ctx, "clear "+code, func(t *tx) error {
		_, err := t.exec(`DELETE FROM notices WHERE scope = $1 AND code = $2`, scope, code)
		return err
	})
}

// Notices gives all standing notices, the oldest first.
func (l *Ledger) Notices(ctx context.Context) ([]Notice, error) {
	out, err := notices(ctx, l.db.Read)
	if err != nil {
		return nil, fmt.Errorf("list notices: %w", err)
	}
	return out, nil
}

func notices(ctx context.Context, db querier) ([]Notice, error) {
	return all(ctx, db, func(scan func(...any) error) (Notice, error) {
		var n Notice
		var since int64
		err := scan(&n.Scope, &n.Code, &n.Text, &n.Remedy, &since)
		n.At = at(since)
		return n, err
	}, `SELECT scope, code, text, remedy, at FROM notices ORDER BY at, scope, code`)
}
