package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"time"

	"millwright/internal/outbox"
	"millwright/internal/window"
)

const (
	outcomeColumns = `scheduler, start, scoring, wake, uploaded, at, generation, n_rows, n_anomalous, n_off, peak, peak_at, size, sha256, etag, path, reason, remedy, refused`
	upsertOutcome  = `INSERT INTO outcomes (` + outcomeColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
		ON CONFLICT (scheduler, start) DO UPDATE SET scoring = excluded.scoring, wake = excluded.wake, uploaded = excluded.uploaded, at = excluded.at,
			generation = excluded.generation, n_rows = excluded.n_rows, n_anomalous = excluded.n_anomalous, n_off = excluded.n_off, peak = excluded.peak,
			peak_at = excluded.peak_at, size = excluded.size, sha256 = excluded.sha256, etag = excluded.etag,
			path = CASE WHEN outcomes.generation = excluded.generation THEN outcomes.path ELSE excluded.path END, -- one that was pruned meanwhile stays so
			reason = excluded.reason, remedy = excluded.remedy, refused = excluded.refused`
	upsertFollowed = `INSERT INTO followed (scheduler, body) VALUES ($1, $2) ON CONFLICT (scheduler) DO UPDATE SET body = excluded.body`
	evictOutcomes  = `UPDATE outcomes SET path = '' WHERE scheduler = $1 AND start >= $2 AND start < $3 AND path <> ''`
	pruneOutcomes  = `DELETE FROM outcomes WHERE (scheduler, start) IN (SELECT scheduler, start FROM outcomes WHERE scheduler = $1 AND start < $2 LIMIT $3)`
)

// OutcomeFilter chooses outcomes; zero fields choose all.
type OutcomeFilter = window.OutcomeFilter

// Outcomes gives the chosen outcomes.
func (l *Ledger) Outcomes(ctx context.Context, f OutcomeFilter) ([]window.Outcome, error) {
	var q where
	q.add(f.Scheduler != "", "scheduler = ", f.Scheduler)
	q.add(f.From != 0, "start >= ", f.From)
	q.add(f.To != 0, "start < ", f.To)
	q.add(f.Scoring != "", "scoring = ", string(f.Scoring))
	if f.Open {
		q.terms = append(q.terms, "scoring <> 'delivered'")
	}
	order := " ORDER BY start, scheduler"
	if f.Newest {
		order = " ORDER BY start DESC, scheduler"
	}
	query := "SELECT " + outcomeColumns + " FROM outcomes" + q.String() + order + q.limit(f.Limit)
	out, err := all(ctx, l.db.Read, scanOutcome, query, q.args...)
	if err != nil {
		return nil, fmt.Errorf("list outcomes: %w", err)
	}
	return out, nil
}

// Followed gives the state that the last step of a scheduler left, nil for none.
func (l *Ledger) Followed(ctx context.Context, scheduler string) ([]byte, error) {
	body, _, err := one(ctx, l.reads, func(scan func(...any) error) (b []byte, err error) {
		err = scan(&b)
		return b, err
	}, `SELECT body FROM followed WHERE scheduler = $1`, scheduler)
	if err != nil {
		return nil, fmt.Errorf("look up results of %s: %w", scheduler, err)
	}
	return body, nil
}

// EachFollowed gives fn the state of every scheduler that was ever followed,
// those too that are not configured any more.
func (l *Ledger) EachFollowed(ctx context.Context, fn func(scheduler string, state []byte)) error {
	type followed struct {
		scheduler string
		state     []byte
	}
	list, err := all(ctx, l.db.Read, func(scan func(...any) error) (f followed, err error) {
		err = scan(&f.scheduler, &f.state)
		return f, err
	}, `SELECT scheduler, body FROM followed ORDER BY scheduler`)
	if err != nil {
		return fmt.Errorf("list followed schedulers: %w", err)
	}
	for _, f := range list {
		fn(f.scheduler, f.state)
	}
	return nil
}

// CommitStep enters a step, all or nothing. A message whose id is known already
// is not entered again.
func (l *Ledger) CommitStep(ctx context.Context, s outbox.Step) error {
	return l.write(ctx, "commit results of "+s.Scheduler, func(t *tx) error {
		for i := range s.Outcomes {
			if err := t.outcome(&s.Outcomes[i]); err != nil {
				return fmt.Errorf("outcome: %w", err)
			}
		}
		for i := range s.Events {
			if err := t.event(&s.Events[i]); err != nil {
				return fmt.Errorf("event: %w", err)
			}
		}
		for i := range s.Messages {
			if err := t.message(&s.Messages[i]); err != nil {
				return fmt.Errorf("message: %w", err)
			}
		}
		if s.State == nil {
			return nil
		}
		_, err := t.exec(upsertFollowed, s.Scheduler, s.State)
		return err
	})
}

// PruneResults forgets the outcomes and events of a scheduler that are older
// than before. What of them is on site is to be removed first.
func (l *Ledger) PruneResults(ctx context.Context, scheduler string, before time.Time) error {
	for _, query := range []string{pruneOutcomes, pruneEvents} {
		for n := int64(pruneBatch); n == pruneBatch; {
			err := l.write(ctx, "prune results", func(t *tx) (err error) {
				n, err = t.exec(query, scheduler, ns(before), pruneBatch)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// Evict says that the results of windows from <= start < to (Unix ns) are not on
// site any more. All else that is known of them stays.
func (l *Ledger) Evict(ctx context.Context, scheduler string, from, to int64) error {
	return l.write(ctx, "enter results that are pruned", func(t *tx) error {
		_, err := t.exec(evictOutcomes, scheduler, from, to)
		return err
	})
}

func (t *tx) outcome(o *window.Outcome) error {
	peak := sql.NullFloat64{Float64: o.Peak, Valid: !math.IsNaN(o.Peak)}
	_, err := t.exec(upsertOutcome, o.Scheduler, o.Start, string(o.Scoring), ns(o.Wake), ns(o.Uploaded), ns(o.At), o.Generation, o.Rows, o.Anomalous, o.Off,
		peak, o.PeakAt, o.Size, o.SHA256[:], o.ETag, o.Path, o.Reason, o.Remedy, o.Refused)
	return err
}

func scanOutcome(scan func(...any) error) (window.Outcome, error) {
	var o window.Outcome
	var wake, uploaded, when int64
	var peak sql.NullFloat64
	var sum []byte
	err := scan(&o.Scheduler, &o.Start, &o.Scoring, &wake, &uploaded, &when, &o.Generation, &o.Rows, &o.Anomalous, &o.Off,
		&peak, &o.PeakAt, &o.Size, &sum, &o.ETag, &o.Path, &o.Reason, &o.Remedy, &o.Refused)
	o.Wake, o.Uploaded, o.At = at(wake), at(uploaded), at(when)
	o.Peak = math.NaN()
	if peak.Valid {
		o.Peak = peak.Float64
	}
	copy(o.SHA256[:], sum)
	return o, err
}
