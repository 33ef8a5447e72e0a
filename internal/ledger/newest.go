package ledger

import (
	"context"
	"fmt"
	"time"
)

const (
	// The newest rows of a component are in its newest slot; a component that
	// fell silent has only windows, whose rows were taken no later.
	selectNewestBlock  = `SELECT d.taken_at FROM blocks b JOIN drops d ON d.id = b."drop" WHERE b.component = (SELECT id FROM components WHERE name = $1) ORDER BY b.slot DESC, b."drop" DESC LIMIT 1`
	selectNewestWindow = `SELECT w.last_row_at FROM windows w WHERE w.stream = (SELECT min(id) FROM streams WHERE component = $1) AND w.last_row_at > 0 ORDER BY w.start DESC LIMIT 1`
	selectNewestRow    = `SELECT coalesce(max(latest), 0) FROM sensors WHERE component = (SELECT id FROM components WHERE name = $1)`
)

// Newest tells when a component's newest rows were taken, in business time, and
// the newest stamp among its rows; zero for a component never heard of.
func (l *Ledger) Newest(ctx context.Context, component string) (taken, row time.Time, err error) {
	var ns [3]int64
	for i, query := range []string{selectNewestBlock, selectNewestWindow, selectNewestRow} {
		if ns[i], _, err = one(ctx, l.reads, scanID, query, component); err != nil {
			return taken, row, fmt.Errorf("look up the newest rows of %s: %w", component, err)
		}
	}
	return at(max(ns[0], ns[1])), at(ns[2]), nil
}
