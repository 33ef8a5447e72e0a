// Package status reads from the ledger what the daemon is doing, and why a drop
// or a window is not where somebody expects it. It works beside a running daemon
// and without one, and changes nothing.
package status

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"millwright/agent"
	"millwright/config"
	"millwright/ingest/seal"
	"millwright/internal/drop"
	"millwright/internal/ledger"
)

// Snapshot is everything at one moment.
type Snapshot struct {
	Instance   string               `json:"instance"`
	StateDir   string               `json:"state_dir"`
	Running    bool                 `json:"running"` // a daemon holds the state folder
	Time       time.Time            `json:"time"`
	FirstStart time.Time            `json:"first_start"`
	LastTaken  time.Time            `json:"last_drop_taken,omitzero"`
	Drops      map[drop.State]int64 `json:"drops"`
	Rows       Rows                 `json:"rows"`
	Schedulers []Scheduler          `json:"schedulers"`
	Attention  []Attention          `json:"attention"`
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

// Scheduler is one scheduler's pipeline.
type Scheduler struct {
	Name       string      `json:"name"`
	NextWindow time.Time   `json:"next_window"` // the start of the window under way
	NextWake   time.Time   `json:"next_wake_up"`
	Backlog    int64       `json:"backlog"` // windows not yet in the bucket
	Components []Component `json:"components"`
}

// Component is one component of a scheduler.
type Component struct {
	Name         string    `json:"name"`
	LastSealed   time.Time `json:"last_sealed_window,omitzero"`
	LastVerified time.Time `json:"last_verified_window,omitzero"`
	VerifiedAt   time.Time `json:"last_verified_at,omitzero"`
	Backlog      int64     `json:"backlog"`
	BacklogBytes int64     `json:"backlog_bytes"`
	Oldest       time.Time `json:"oldest_waiting_window,omitzero"`
	Overdue      int64     `json:"overdue"`
	HeldOnly     int64     `json:"held_only"`
	Silent       int64     `json:"silent"`
	Unverified   int64     `json:"unverified"`
	LateRows     int64     `json:"late_rows"`
	Repeated     int64     `json:"repeated_values"`
}

// Attention is something a person should look at.
type Attention struct {
	About  string    `json:"about"`
	What   string    `json:"what"`
	Remedy string    `json:"remedy"`
	Since  time.Time `json:"since"`
}

// Take reads the snapshot of a moment. The ledger is open for reading.
func Take(ctx context.Context, cfg *config.Config, led *ledger.Ledger, now time.Time) (Snapshot, error) {
	sum, err := led.Summary(ctx)
	if err != nil {
		return Snapshot{}, err
	}
	s := Snapshot{
		Instance: cfg.Instance, StateDir: cfg.StateDir, Running: running(cfg.StateDir), Time: now.UTC(),
		FirstStart: sum.FirstStart, LastTaken: sum.LastTaken, Drops: sum.Drops, Attention: []Attention{},
	}
	c := sum.Counts
	s.Rows = Rows{
		Read: c.Rows, Windowed: c.Windowed, Open: c.Open, Late: c.Late, Older: c.Older,
		Quarantined: c.Ahead + c.Ambiguous + c.Bad, BadCells: c.BadCells, Repeated: c.Repeated,
	}
	streams := map[[2]string]ledger.Stream{}
	for _, st := range sum.Streams {
		streams[[2]string{st.Scheduler, st.Component}] = st
	}
	for _, st := range agent.Streams(cfg) {
		s.add(st, streams[[2]string{st.Scheduler, st.Component}], now)
	}
	for _, n := range sum.Notices {
		s.Attention = append(s.Attention, Attention{About: n.Scope, What: n.Text, Remedy: n.Remedy, Since: n.At})
	}
	if err := s.addRefused(ctx, led); err != nil {
		return Snapshot{}, err
	}
	s.addUnusable()
	return s, nil
}

// addUnusable points at whole files of which nothing could be used.
func (s *Snapshot) addUnusable() {
	dir := filepath.Join(s.StateDir, "quarantine")
	entries, _ := os.ReadDir(dir) // there is none before the first start
	n, last := 0, time.Time{}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && strings.HasSuffix(e.Name(), ".reason.txt") {
			n++
			if info.ModTime().After(last) {
				last = info.ModTime().UTC()
			}
		}
	}
	if n > 0 {
		s.Attention = append(s.Attention, Attention{
			About: dir, What: fmt.Sprintf("no row could be used of %d files, which are copied there", n),
			Remedy: "read the .reason.txt beside each, correct csv in the configuration and drop the files again; then delete the copies", Since: last,
		})
	}
}

func (s *Snapshot) add(st seal.Stream, in ledger.Stream, now time.Time) {
	if n := len(s.Schedulers); n == 0 || s.Schedulers[n-1].Name != st.Scheduler {
		start := st.Cadence.Start(now.UnixNano())
		wake := start
		for w := start - int64(st.Cadence.Frequency); st.Cadence.Wake(w).After(now); w -= int64(st.Cadence.Frequency) {
			wake = w
		}
		s.Schedulers = append(s.Schedulers, Scheduler{Name: st.Scheduler, NextWindow: at(start), NextWake: st.Cadence.Wake(wake)})
	}
	sched := &s.Schedulers[len(s.Schedulers)-1]
	sched.Backlog += in.Backlog
	sched.Components = append(sched.Components, Component{
		Name: st.Component, LastSealed: at(in.LastSealed), LastVerified: at(in.LastVerified), VerifiedAt: in.LastVerifiedAt,
		Backlog: in.Backlog, BacklogBytes: in.BacklogBytes, Oldest: at(in.Oldest),
		Overdue: in.Overdue, HeldOnly: in.HeldOnly, Silent: in.Silent, Unverified: in.Unverified,
		LateRows: in.Late, Repeated: in.Repeated,
	})
	if in.Silent > 0 {
		s.Attention = append(s.Attention, Attention{
			About: st.Scheduler + "/" + st.Component, Since: in.LastSealedAt,
			What:   fmt.Sprintf("%d windows have no file, since the component had nothing to say: the service fails their whole run", in.Silent),
			Remedy: "look whether the logger still writes, and at its files with 'millwright status drop PATH'",
		})
	}
	if in.Error != "" {
		s.Attention = append(s.Attention, Attention{About: st.Scheduler + "/" + st.Component, What: in.Error, Remedy: in.Remedy, Since: in.ErrorAt})
	}
}

// refusedShown is how many refused drops a snapshot names.
const refusedShown = 5

func (s *Snapshot) addRefused(ctx context.Context, led *ledger.Ledger) error {
	refused, err := led.Drops(ctx, ledger.DropFilter{State: drop.Refused, Limit: refusedShown})
	if err != nil {
		return err
	}
	for _, d := range refused {
		s.Attention = append(s.Attention, Attention{
			About: filepath.Join(d.Folder, d.Name), What: "not taken: " + d.Reason,
			Remedy: "it stays where it is until it is changed or the agent starts again", Since: d.TakenAt,
		})
	}
	return nil
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
