package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"millwright/internal/drop"
)

// Summary is the state of everything in a few numbers, cheap enough to be
// asked for every few seconds.
type Summary struct {
	FirstStart time.Time
	LastWall   time.Time
	LastTaken  time.Time            // business time, of the newest drop
	Drops      map[drop.State]int64 // drops by state, refused ones too
	Counts     drop.Counts          // over all drops ever taken, also those pruned since
	Streams    []Stream             // by scheduler and component
	Notices    []Notice
}

// Stream is the state of one component of one scheduler. Starts are Unix ns.
type Stream struct {
	Scheduler, Component string

	LastSealed     int64 // start of the newest window that was sealed
	LastSealedAt   time.Time
	LastVerified   int64 // start of the newest window that is verified in the bucket
	LastVerifiedAt time.Time

	Live         int64     // windows that are not closed
	Backlog      int64     // windows whose newest generation is not known to be in the bucket
	BacklogBytes int64     // their size
	Oldest       int64     // start of the oldest window in the backlog
	OldestAt     time.Time // when that one was sealed

	Overdue    int64 // live windows that were first sealed after their wake-up
	HeldOnly   int64 // live windows of held values only
	Silent     int64 // live windows without a file
	Unverified int64 // live windows that could not be checked in the bucket

	Late     int64 // rows, ever
	Repeated int64 // values, ever

	Error   string // the newest error of a live window, "" for none
	Remedy  string
	ErrorAt time.Time
}

const (
	selectStreams = `SELECT t.id, t.scheduler, t.component, t.late, t.repeated FROM streams t ORDER BY t.scheduler, t.component`
	selectLive    = `SELECT stream, count(*), sum(overdue), sum(held_only), sum(silent), sum(unverified) FROM windows INDEXED BY windows_live WHERE closed = 0 GROUP BY stream`
	selectBacklog = `SELECT stream, count(*), sum(size), min(start), sealed_at FROM windows INDEXED BY windows_pending WHERE closed = 0 AND generation > done GROUP BY stream`
	selectErrors  = `SELECT stream, error, remedy, max(error_at) FROM windows INDEXED BY windows_live WHERE closed = 0 AND error <> '' GROUP BY stream`
	selectLast    = `SELECT start, sealed_at FROM windows WHERE stream = $1 AND generation > 0 ORDER BY start DESC LIMIT 1`
	selectInStore = `SELECT start, verified_at FROM windows WHERE stream = $1 AND verified > 0 ORDER BY start DESC LIMIT 1`
)

// Summary reads the state of everything as of one commit.
func (l *Ledger) Summary(ctx context.Context) (Summary, error) {
	s := Summary{Drops: make(map[drop.State]int64)}
	tx, err := l.db.Read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return s, fmt.Errorf("summarise ledger: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was changed
	r := summing{ctx: ctx, tx: tx}
	if err := r.totals(&s); err != nil {
		return s, fmt.Errorf("summarise ledger: %w", err)
	}
	if s.Streams, err = r.streams(); err != nil {
		return s, fmt.Errorf("summarise ledger: %w", err)
	}
	if s.Notices, err = notices(ctx, tx); err != nil {
		return s, fmt.Errorf("summarise ledger: %w", err)
	}
	return s, nil
}

// summing is the work of one Summary; ctx lives as long as its transaction.
type summing struct {
	ctx context.Context
	tx  *sql.Tx
}

func (r *summing) each(query string, scan func(*sql.Rows) error) error {
	rows, err := r.tx.QueryContext(r.ctx, query)
	if err != nil {
		return err
	}
	return each(rows, scan)
}

func (r *summing) totals(s *Summary) error {
	h, err := readHead(r.ctx, r.tx)
	if err != nil {
		return err
	}
	s.FirstStart, s.LastWall, s.LastTaken, s.Counts = at(h.firstStart), at(h.lastWall), at(h.lastTaken), h.sum
	return r.each(`SELECT state, drops FROM tallies WHERE drops <> 0`, func(rows *sql.Rows) error {
		var st drop.State
		var n int64
		err := rows.Scan(&st, &n)
		s.Drops[st] = n
		return err
	})
}

func (r *summing) streams() ([]Stream, error) {
	var out []Stream
	var ids []int64
	place := make(map[int64]int)
	err := r.each(selectStreams, func(rows *sql.Rows) error {
		var id int64
		var s Stream
		err := rows.Scan(&id, &s.Scheduler, &s.Component, &s.Late, &s.Repeated)
		place[id] = len(out)
		out, ids = append(out, s), append(ids, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = r.each(selectLive, func(rows *sql.Rows) error {
		var id int64
		var s Stream
		err := rows.Scan(&id, &s.Live, &s.Overdue, &s.HeldOnly, &s.Silent, &s.Unverified)
		o := &out[place[id]]
		o.Live, o.Overdue, o.HeldOnly, o.Silent, o.Unverified = s.Live, s.Overdue, s.HeldOnly, s.Silent, s.Unverified
		return err
	})
	if err != nil {
		return nil, err
	}
	err = r.each(selectBacklog, func(rows *sql.Rows) error {
		var id, sealed int64
		var s Stream
		err := rows.Scan(&id, &s.Backlog, &s.BacklogBytes, &s.Oldest, &sealed)
		o := &out[place[id]]
		o.Backlog, o.BacklogBytes, o.Oldest, o.OldestAt = s.Backlog, s.BacklogBytes, s.Oldest, at(sealed)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = r.each(selectErrors, func(rows *sql.Rows) error {
		var id, when int64
		var s Stream
		err := rows.Scan(&id, &s.Error, &s.Remedy, &when)
		o := &out[place[id]]
		o.Error, o.Remedy, o.ErrorAt = s.Error, s.Remedy, at(when)
		return err
	})
	if err != nil {
		return nil, err
	}
	for i, id := range ids {
		if out[i].LastSealed, out[i].LastSealedAt, err = r.last(selectLast, id); err != nil {
			return nil, err
		}
		if out[i].LastVerified, out[i].LastVerifiedAt, err = r.last(selectInStore, id); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (r *summing) last(query string, stream int64) (start int64, when time.Time, err error) {
	var n int64
	err = r.tx.QueryRowContext(r.ctx, query, stream).Scan(&start, &n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, time.Time{}, nil
	}
	return start, at(n), err
}
