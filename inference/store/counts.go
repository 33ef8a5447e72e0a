package store

import (
	"context"
	"fmt"
	"time"
)

// Count is how many resources of a kind are in a state.
type Count struct {
	Resource string // dataset, model or scheduler
	Status   string
	N        int64
}

// Counts tells how many there are of what, over all accounts.
func (r Reader) Counts(ctx context.Context) ([]Count, error) {
	scan := func(s scanner) (c Count, err error) { return c, s.Scan(&c.Resource, &c.Status, &c.N) }
	all, err := many(ctx, r, scan, `
SELECT 'dataset', status, COUNT(*) FROM datasets GROUP BY status
UNION ALL SELECT 'model', status, COUNT(*) FROM models GROUP BY status
UNION ALL SELECT 'scheduler', status, COUNT(*) FROM schedulers GROUP BY status`)
	if err != nil {
		return nil, fmt.Errorf("count resources: %w", err)
	}
	return all, nil
}

// Latest is how the newest execution of a scheduler ended.
type Latest struct {
	Account, Scheduler string
	Result             string    // ANOMALOUS or NORMAL; "" before the first
	DataEnd            time.Time // of the newest successful execution's data; zero before the first
}

// Latest tells it of the schedulers that run, over all accounts.
func (r Reader) Latest(ctx context.Context) ([]Latest, error) {
	scan := func(s scanner) (l Latest, err error) {
		return l, s.Scan(&l.Account, &l.Scheduler, &l.Result, instant{&l.DataEnd})
	}
	all, err := many(ctx, r, scan, `SELECT account, name, latest_result, latest_end FROM schedulers WHERE status <> 'STOPPED' ORDER BY account, name`)
	if err != nil {
		return nil, fmt.Errorf("read the latest results: %w", err)
	}
	return all, nil
}
