// Package agent is the daemon on the gateway: it wires drop folders, sealing
// and uploading to one ledger, owns every goroutine and the clock, keeps the
// disk within its quotas and puts drops away. What a window is, and how it is
// sent, is decided by the packages it wires.
package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"go.uber.org/zap"

	"millwright/agent/status"
	"millwright/config"
	"millwright/ingest"
	"millwright/ingest/seal"
	"millwright/ingest/take"
	"millwright/internal/clock"
	"millwright/internal/diskspace"
	"millwright/internal/fingerprint"
	"millwright/internal/ledger"
	"millwright/internal/objstore"
	"millwright/internal/shelf"
	"millwright/internal/window"
	"millwright/results"
	"millwright/results/sink"
	"millwright/upload"
)

// Agent is made by New and runs once.
type Agent struct {
	// CredentialsFile is used instead of the SDK's chain when it is set.
	CredentialsFile string
	// Supervisor is told how the agent is; New sets one that does not listen.
	Supervisor Supervisor
	// Hangup asks for the configuration to be read anew, with Reread; nil: never.
	// Changed is called with one that was taken, before it is run; it may be nil.
	Hangup  <-chan os.Signal
	Reread  func() (*config.Config, error)
	Changed func(*config.Config)
	// Accepted is called with each configuration once state_dir is the agent's, as
	// it begins to run with it; it may be nil.
	Accepted func(*config.Config) error

	// Serves is called with the status page's URL whenever it can be opened; it may be
	// nil. With port 0 nobody else knows it.
	Serves func(url string)
	// Build is told by the status page and by metrics.
	Build status.Build

	cfg     *config.Config
	clock   clock.Source
	log     *zap.Logger
	pulse   *pulse
	started time.Time
}

// New starts nothing and touches no disk. The configuration has been loaded,
// and so checked.
func New(cfg *config.Config, src clock.Source, log *zap.Logger) *Agent {
	return &Agent{Supervisor: nobody{}, cfg: cfg, clock: src, log: log, pulse: newPulse(), started: time.Now()}
}

// Run works until ctx ends, then stops cleanly and returns nil. An error means
// that it could not start.
func (a *Agent) Run(ctx context.Context) error {
	dirs := dirs{state: a.cfg.StateDir}
	for _, dir := range []string{dirs.segments(), dirs.windows(), dirs.quarantine()} {
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return fmt.Errorf("make the state folder: %w; check state_dir and its owner", err)
		}
	}
	held, err := lock(dirs.state)
	if err != nil {
		return err
	}
	defer held.Close()
	if err := (&disk{state: dirs.state, free: a.cfg.Limits.Free.Of}).tend(); err != nil {
		a.log.Warn("keep a reserve on the disk", zap.Error(err)) // a full disk must not keep the ledger shut
	}
	// Before the ledger: only the start that finds a ledger lost can say so.
	prints, anew, err := fingerprint.Open(dirs.key())
	if err != nil {
		return err
	}
	led, err := ledger.Open(ctx, dirs.state, a.log)
	if err != nil {
		return a.stopped(ctx, err)
	}
	if anew && !led.Fresh() {
		a.log.Warn("there was no key of fingerprints that could be used, and a new one was made: files that are touched, grow or are dropped again are read as new ones", zap.String("key", dirs.key()))
	}
	err = a.stopped(ctx, a.work(ctx, led, dirs, prints))
	return errors.Join(err, led.Close())
}

// stopped is err, unless ctx has ended: what a stop cuts short has not failed, and
// need not say that it was the stop. SQLite says that it was interrupted, and a
// reload that was under way that the configuration has changed.
func (a *Agent) stopped(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	if !errors.Is(err, ctx.Err()) {
		a.log.Warn("cut short by the stop", zap.Error(err))
	}
	return nil
}

// ground is what stays while configurations change.
type ground struct {
	ledger   *ledger.Ledger
	dirs     dirs
	prints   *fingerprint.Maker
	watch    *clock.Watch
	board    *notes
	start    beginning
	fleet    sink.Fleet
	refusals take.Refusals
	sender   *upload.Uploader // of the configuration before, whose counts go on; nil at the start
}

// work starts the loops over an open ledger and waits for them; after a change
// of the configuration it starts them anew.
func (a *Agent) work(ctx context.Context, led *ledger.Ledger, dirs dirs, prints *fingerprint.Maker) error {
	soon := context.WithoutCancel(ctx) // that a ledger was lost only this start can say, also if it is stopped
	last, err := led.LastWall(soon)
	if err != nil {
		return err
	}
	g := &ground{ledger: led, dirs: dirs, prints: prints, watch: clock.NewWatch(a.clock, last)}
	if err := a.rehearse(soon, led); err != nil {
		return err
	}
	if g.board, err = openNotes(soon, led, a.clock, a.log); err != nil {
		return err
	}
	if g.start, err = a.begin(ctx, led, dirs, g.board, longestOverdue(Streams(a.cfg))); err != nil {
		return err
	}
	err = a.supervised(ctx, g, func(ctx context.Context, line *statusLine) error { return a.terms(ctx, g, line) })
	if e := g.fleet.Close(); e != nil {
		a.log.Debug("take leave of the sinks", zap.Error(e))
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if g.watch.Settled() {
		if e := led.SetLastWall(stop, a.clock.Now()); e != nil {
			a.log.Error("note the time of the stop", zap.Error(e))
			err = errors.Join(err, e)
		}
	}
	a.log.Info("stopped")
	return err
}

// wire makes the parts; nothing runs yet.
func (a *Agent) wire(g *ground, store *objstore.Client, folders []take.Folder, listed func()) *daemon {
	led, dirs, watch, board := g.ledger, g.dirs, g.watch, g.board
	streams := Streams(a.cfg)
	rules := archives(a.cfg)
	skip := []string{dirs.state}
	dsk := &disk{state: dirs.state, archives: outlying(a.cfg), quota: a.quota(), free: a.cfg.Limits.Free.Of, now: a.clock.Now}
	for _, r := range rules {
		skip = append(skip, r.dir)
	}
	limits := take.Limits{File: largest(a.cfg.Limits.File.Bytes(), dsk.quota), Row: int(a.cfg.Limits.Row.Bytes()), Columns: a.cfg.Limits.Columns, Memory: a.cfg.Limits.Memory.Bytes()}
	horizon := newHorizon(a.clock, watch, g.start.first, streams, aheads(a.cfg))
	ingesting, uploading := steps{led, a.pulse.beat("ingest", turnWithin)}, steps{led, a.pulse.beat("upload", turnWithin)}
	taker := take.New(folders, ingesting, horizon, take.Dirs{Segments: dirs.segments(), Quarantine: dirs.quarantine(), Skip: skip, Prints: g.prints}, limits, a.clock.Now, a.log)
	taker.Refusals = &g.refusals
	saver := &rescue{ledger: led, forget: taker.Forget, dirs: dirs, notes: board, log: a.log, seen: map[int64]bool{}}
	between := shelf.New(a.cfg.Limits.Memory.Bytes() / onShelf)
	var up *upload.Uploader
	sealer := seal.New(streams, ingesting, seal.Dirs{State: dirs.state, Segments: dirs.segments(), Windows: dirs.windows()}, seal.Settings{
		Shelf: between, Sealed: func(windows []window.Sealed) { up.Offer(windows) }, Damaged: saver.damaged, Widened: widened(led, board, streams),
	}, a.log)
	up = upload.New(uploading, store, a.clock.Now, upload.Settings{
		Instance: a.cfg.Instance, Dir: dirs.windows(), Shelf: between, Deriver: sealer, Reader: store, Lost: g.start.lost, Left: leaver(board), Before: g.sender,
	}, a.log)
	g.sender = up
	site := &site{
		watch: watch, uploader: up, ledger: led, dirs: dirs, disk: dsk, notes: board, clock: a.clock, log: a.log,
		archiver: &archiver{ledger: led, folders: aftermaths(a.cfg), log: a.log},
	}
	runners, names := a.sinks(g)
	home := a.follow(g, store, names, g.fleet.Wake, dsk.grew)
	entry := &gate{disk: dsk, largest: limits.File, archives: rules, results: home, notes: board, log: a.log}
	return &daemon{
		results: home,
		sinks:   func(ctx context.Context) error { return g.fleet.Run(ctx, runners) },
		taker:   taker,
		sealer:  sealer,
		ingester: &ingest.Ingester{
			Taker: turning{site.listing(taker), ingesting.beat, limits.File, listed}, Sealer: sealer, Site: site, Clock: a.clock, Log: a.log,
			Gate: entry,
		},
		uploader: up,
		door:     a.door(g, dsk, up),
		keeper: &keeper{
			clock: a.clock, watch: watch, ledger: led, archives: rules, notes: board,
			storeDate: storeDate(store, streams[0].Bucket), within: entry.within, overdue: longestOverdue(streams), log: a.log,
			beat: a.pulse.beat("keep", turnWithin),
		},
		reloader: a.reloader(g),
		log:      a.log,
	}
}

// onShelf is which part of limits.memory sealed windows may take until they are
// in the bucket.
const onShelf = 16

// leftAlone is the note on objects that somebody else wrote, or an earlier ledger.
const leftAlone = "left-alone"

// leaver makes notes of windows that are given up for such objects, one for all
// windows of a component.
func leaver(board *notes) func(s window.Sealed, what, remedy string) {
	return func(s window.Sealed, what, remedy string) {
		board.stand(context.Background(), s.Scheduler+"/"+s.Component, leftAlone, "of windows whose wake-up is past: "+what, remedy)
	}
}

func longestOverdue(streams []seal.Stream) (longest time.Duration) {
	for _, s := range streams {
		longest = max(longest, s.OverdueMax)
	}
	return longest
}

// storeDate asks for the store's time; an answer that is not quite new is
// brought forward by how long ago it came.
func storeDate(store *objstore.Client, bucket string) func(context.Context) (time.Time, error) {
	return func(ctx context.Context) (time.Time, error) {
		date, local, err := store.StoreTime(ctx, bucket)
		if err != nil {
			return time.Time{}, err
		}
		return date.Add(time.Since(local)), nil
	}
}

// quota is limits.state in bytes.
func (a *Agent) quota() int64 {
	total, _, err := diskspace.Room(a.cfg.StateDir)
	if err != nil {
		return a.cfg.Limits.State.Bytes()
	}
	return a.cfg.Limits.State.Of(total)
}

// daemon is the running parts.
type daemon struct {
	taker    *take.Taker
	sealer   *seal.Sealer
	ingester *ingest.Ingester
	uploader *upload.Uploader
	keeper   *keeper
	results  *results.Results
	sinks    func(context.Context) error
	reloader *reloader
	door     *door
	log      *zap.Logger
}

// run starts every loop and waits for all of them. Loops end with ctx only; one
// that cannot go on at all ends the others, so that systemd starts anew, and so
// does a new configuration. Every loop that works has a beat in the pulse; the
// watch over folders has none, since listing goes on without it.
func (d *daemon) run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	start := func(name string, loop func(context.Context) error) {
		wg.Go(func() {
			if err := loop(ctx); err != nil && ctx.Err() == nil {
				cancel(fmt.Errorf("%s: %w", name, err))
			}
		})
	}
	start("ingest", d.ingester.Run)
	start("upload", d.uploader.Run)
	start("keep", d.keeper.run)
	start("results", d.results.Run)
	start("sinks", d.sinks)
	start("reload", d.reloader.run)
	start("http", d.door.run)
	start("watch", func(ctx context.Context) error {
		if err := d.taker.Watch(ctx); err != nil && ctx.Err() == nil {
			d.log.Warn("no file events", zap.Error(err)) // listing goes on
		}
		return nil
	})
	wg.Wait()
	return context.Cause(ctx)
}
