package agent

import (
	"context"
	"path/filepath"
	"time"

	"go.uber.org/zap"

	"millwright/ingest"
	"millwright/ingest/take"
	"millwright/internal/clock"
	"millwright/internal/ledger"
	"millwright/upload"
)

// site answers the ingest loop's questions and does what follows a pass.
type site struct {
	watch    *clock.Watch
	uploader *upload.Uploader
	ledger   *ledger.Ledger
	archiver *archiver
	dirs     dirs
	disk     *disk
	notes    *notes
	clock    clock.Clock
	log      *zap.Logger

	tidied time.Time // real time of the last putting away
}

// tidyEvery is how often drops are put away and segments deleted. It is real
// time: what it costs does not depend on the business clock.
const tidyEvery = 5 * time.Second

// ClockSettled implements ingest.Site.
func (s *site) ClockSettled() bool { return s.watch.Settled() }

// Slowest implements ingest.Site.
func (s *site) Slowest() time.Duration { return s.uploader.Slowest() }

// Turned implements ingest.Site.
func (s *site) Turned(ctx context.Context, _ time.Time) (more bool) {
	if err := s.disk.tend(); err != nil {
		s.notes.stand(ctx, "disk", "reserve", err.Error(), "check that state_dir can be written")
	} else {
		s.notes.clear(ctx, "disk", "reserve")
	}
	if time.Since(s.tidied) < tidyEvery {
		return false
	}
	more, err := s.archiver.pass(ctx)
	if !more {
		s.tidied = time.Now()
	}
	if err := bury(ctx, s.ledger, s.dirs.segments()); err != nil && ctx.Err() == nil {
		s.log.Error("delete segments that no window needs", zap.Error(err))
	}
	if err != nil && ctx.Err() == nil {
		s.log.Error("put drops away", zap.Error(err))
		s.notes.stand(ctx, "drops", "put-away", err.Error(), "check the rights on the drop folders and the archive: the agent must be able to remove files there (or set after: keep)")
		return more
	}
	s.notes.clear(ctx, "drops", "put-away")
	return more
}

// Recover implements ingest.Site: segments of a batch whose commit failed are
// adopted, or removed when the ledger has their drops.
func (s *site) Recover(ctx context.Context) error { return adopt(ctx, s.ledger, s.dirs, s.log) }

// listing makes a Taker's faults standing notes.
func (s *site) listing(t *take.Taker) ingest.Taker { return &noted{Taker: t, notes: s.notes} }

type noted struct {
	*take.Taker
	notes *notes
}

// List implements ingest.Taker.
func (n *noted) List(ctx context.Context) (take.Listing, error) {
	l, err := n.Taker.List(ctx)
	if err == nil {
		n.notes.faults(ctx, l.Faults)
	}
	return l, err
}

// mostFaults is how many files and folders that cannot be read are noted one by
// one: each note is a write to the ledger and a line for people.
const mostFaults = 16

// faults makes the faults of a listing the ones that stand.
func (n *notes) faults(ctx context.Context, all []take.Fault) {
	const code, remedy = "unreadable", "check that it exists and that the agent's user may read it; it is tried again"
	scopes := map[string]bool{}
	for _, f := range all[:min(mostFaults, len(all))] {
		scope := filepath.Join(f.Folder, f.Name)
		scopes[scope] = true
		n.stand(ctx, scope, code, f.Err.Error(), remedy)
	}
	if len(all) > mostFaults {
		scopes["drops"] = true
		n.stand(ctx, "drops", code, "more files or folders cannot be read", "the log names them all; "+remedy)
	}
	n.keep(ctx, code, scopes)
}
