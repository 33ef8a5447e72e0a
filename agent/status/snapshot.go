// Package status reads from the ledger what the daemon is doing, and why a drop
// or a window is not where somebody expects it. It works beside a running daemon
// and without one, and changes nothing.
package status

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"millwright/config"
	"millwright/ingest/seal"
	"millwright/internal/drop"
	"millwright/internal/ledger"
	"millwright/internal/window"
)

// Source is where snapshots and answers come from. The ledger is open for
// reading at least.
type Source struct {
	Config     *config.Config
	Streams    []seal.Stream // those of the configuration
	Schedulers []Pipe        // in the configuration's order
	Ledger     *ledger.Ledger
	// Disk measures what state_dir and the archives hold, and what they may.
	Disk func(context.Context) (Disk, error)
	// Live tells what only the daemon's own process knows; nil in any other one.
	Live func(context.Context) (*Live, error)
}

// Pipe is a scheduler with the streams that fill its input. One that has the same
// keys as another has that one's streams.
type Pipe struct {
	Name    string
	Cadence window.Cadence
	Streams []seal.Stream
}

// Snapshot is everything at one moment. The verb, the page, its JSON and the
// metrics are all made of one.
type Snapshot struct {
	Instance   string               `json:"instance"`
	StateDir   string               `json:"state_dir"`
	Running    bool                 `json:"running"` // a daemon holds the state folder
	Time       time.Time            `json:"time"`    // business time
	FirstStart time.Time            `json:"first_start"`
	LastTaken  time.Time            `json:"last_drop_taken,omitzero"`
	Drops      map[drop.State]int64 `json:"drops"`
	Rows       Rows                 `json:"rows"`
	Quarantine Quarantine           `json:"quarantine"`
	Disk       Disk                 `json:"disk"`
	Clock      Clock                `json:"clock"`
	Schedulers []Scheduler          `json:"schedulers"`
	Attention  []Attention          `json:"attention"` // the most pressing first
	Live       *Live                `json:"process,omitempty"`
}

// Rows account for every row of every drop taken; Read is the sum of the others.
type Rows struct {
	Read        int64 `json:"read"`
	Windowed    int64 `json:"windowed"`
	Open        int64 `json:"open"` // their window is not closed yet
	Late        int64 `json:"late"`
	Older       int64 `json:"older"` // left in their drop
	Quarantined int64 `json:"quarantined"`
	BadCells    int64 `json:"bad_cells"`
	Repeated    int64 `json:"repeated_values"`
}

// Quarantine says why rows could not be used; the counts add up to
// Rows.Quarantined. Files are those of which no row could be used.
type Quarantine struct {
	Bad       int64 `json:"bad_rows"`
	Ambiguous int64 `json:"ambiguous_rows"` // of local times that come twice
	Ahead     int64 `json:"ahead_rows"`     // of the future
	Files     int64 `json:"files"`          // copies that nobody has deleted yet
}

// Disk is what the state folder and the archives hold, in bytes.
type Disk struct {
	Used  int64 `json:"used_bytes"`
	Quota int64 `json:"quota_bytes"`      // limits.state
	Free  int64 `json:"free_bytes"`       // of the file system
	Keep  int64 `json:"free_least_bytes"` // limits.free
	Total int64 `json:"total_bytes"`      // of the file system
}

// Clock tells whether wall time is trusted.
type Clock struct {
	Settled bool      `json:"settled"`
	Reason  string    `json:"reason,omitempty"`
	Since   time.Time `json:"since,omitzero"`

	Rehearsal *Rehearsal `json:"rehearsal,omitempty"` // nil: business time is wall time
}

// Take reads the snapshot of a moment in business time.
func (src Source) Take(ctx context.Context, now time.Time) (Snapshot, error) {
	sum, err := src.Ledger.Summary(ctx)
	if err != nil {
		return Snapshot{}, err
	}
	cfg := src.Config
	s := Snapshot{
		Instance: cfg.Instance, StateDir: cfg.StateDir, Running: running(cfg.StateDir), Time: now.UTC(),
		FirstStart: sum.FirstStart, LastTaken: sum.LastTaken, Drops: sum.Drops, Clock: Clock{Settled: true},
		Schedulers: []Scheduler{}, Attention: []Attention{},
	}
	c := sum.Counts
	s.Rows = Rows{
		Read: c.Rows, Windowed: c.Windowed, Open: c.Open, Late: c.Late, Older: c.Older,
		Quarantined: c.Ahead + c.Ambiguous + c.Bad, BadCells: c.BadCells, Repeated: c.Repeated,
	}
	s.Quarantine = Quarantine{Bad: c.Bad, Ambiguous: c.Ambiguous, Ahead: c.Ahead}
	if s.Disk, err = src.Disk(ctx); err != nil {
		return Snapshot{}, err
	}
	if src.Live != nil {
		if s.Live, err = src.Live(ctx); err != nil {
			return Snapshot{}, err
		}
	}
	if err := src.pipelines(ctx, &s, sum); err != nil {
		return Snapshot{}, err
	}
	return s, src.attend(ctx, &s, sum)
}

// Present is the business time at a real one: that of a rehearsal while its daemon
// runs.
func (src Source) Present(ctx context.Context, real time.Time) (time.Time, error) {
	notices, err := src.Ledger.Notices(ctx)
	if err != nil {
		return real, err
	}
	if r, ok := Rehearsed(notices); ok && running(src.Config.StateDir) {
		return r.At(real), nil
	}
	return real, nil
}

// running tells whether a daemon holds the lock of a state folder.
func running(dir string) bool {
	f, err := os.Open(filepath.Join(dir, "lock"))
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB), unix.EWOULDBLOCK)
}

// at is the instant of Unix nanoseconds, the zero time for 0.
func at(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns).UTC()
}
