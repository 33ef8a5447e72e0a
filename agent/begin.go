package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap"

	"millwright/agent/status"
	"millwright/internal/clock"
	"millwright/internal/ledger"
)

// beginning is where this ledger's knowledge begins.
type beginning struct {
	first time.Time // the agent's first start: older rows are not taken
	lost  time.Time // when it was begun in place of one that was lost; zero: never
}

// The note that stands while what was lost with a ledger matters.
const (
	ledgerScope = "ledger"
	ledgerLost  = "lost"
)

// begin adopts what lies in the spool and finds out since when the ledger knows
// what it should. A ledger that was begun although there had been one (its file
// is gone or was set aside) takes rows as far back as any scheduler wants them:
// what the earlier one had taken of them, nobody knows.
func (a *Agent) begin(ctx context.Context, led *ledger.Ledger, dirs dirs, board *notes, overdue time.Duration) (beginning, error) {
	now := a.clock.Now()
	if led.Fresh() {
		what, err := bereft(led, dirs)
		if err != nil {
			return beginning{}, err
		}
		if what != "" {
			soon := context.WithoutCancel(ctx) // no later start can tell
			board.clear(soon, ledgerScope, ledgerLost)
			board.stand(soon, ledgerScope, ledgerLost, what+"; it was made anew from spool and drop folders. Windows that were in the bucket before are left as they are",
				"look at the disk's health; rows that may be missing in those windows are in late/")
		}
	}
	b := beginning{}
	notices, err := led.Notices(ctx)
	if err != nil {
		return b, err
	}
	for _, n := range notices {
		if n.Scope == ledgerScope && n.Code == ledgerLost {
			b.lost = n.At
		}
	}
	if !b.lost.IsZero() && now.Sub(b.lost) > overdue+24*time.Hour { // no window from before is left
		board.clear(ctx, ledgerScope, ledgerLost)
		b.lost = time.Time{}
	}
	if err := adopt(ctx, led, dirs, a.log); err != nil {
		return b, err
	}
	since := now
	if !b.lost.IsZero() {
		since = b.lost.Add(-overdue)
		a.log.Warn("the ledger was lost", zap.Time("at", b.lost), zap.Time("rows_from", since))
	}
	b.first, err = led.FirstStart(ctx, since)
	return b, err
}

// rehearse says in the ledger whether business time is a rehearsal's, for the verbs
// that look into it.
func (a *Agent) rehearse(ctx context.Context, led noticeBoard) error {
	r, ok := a.clock.(*clock.Rehearsal)
	if !ok {
		return led.ClearNote(ctx, status.ClockScope, status.ClockRehearsed)
	}
	from, started, pace := r.Course()
	n := status.Rehearsal{From: from, Pace: pace, Began: started}.Notice()
	if err := led.ClearNote(ctx, n.Scope, n.Code); err != nil { // that of an earlier one keeps its time
		return err
	}
	return led.Note(ctx, n)
}

// bereft says how a fresh ledger shows that there had been one, "" if it does not.
func bereft(led *ledger.Ledger, dirs dirs) (string, error) {
	if aside := led.SetAside(); aside != "" {
		return "the ledger was damaged and set aside as " + aside, nil
	}
	if led.Lost() {
		return "the ledger is gone", nil
	}
	for _, dir := range []string{dirs.segments(), dirs.windows()} {
		some := false
		err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
			some = some || err == nil && e.Type().IsRegular()
			return err
		})
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", fmt.Errorf("look into the spool: %w", err)
		}
		if some {
			return "the ledger is gone, and its spool is there", nil
		}
	}
	return "", nil
}
