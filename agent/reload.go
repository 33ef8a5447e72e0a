package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"go.uber.org/zap"

	"millwright/config"
	"millwright/ingest/take"
	"millwright/internal/objstore"
)

// The note that stands while the configuration's file is not what the agent runs.
const (
	configScope    = "configuration"
	configRejected = "rejected"
)

// term is the time of one configuration: what it takes to run it, made before
// anything of the one before is given up.
type term struct {
	cfg     *config.Config
	store   *objstore.Client
	folders []take.Folder
}

// renewed ends the loops because a new configuration is to be run.
type renewed struct{ next *term }

func (renewed) Error() string { return "the configuration has changed" }

// prepare makes what a configuration needs and touches nothing that is running.
func (a *Agent) prepare(ctx context.Context, cfg *config.Config) (*term, error) {
	t := &term{cfg: cfg}
	var err error
	if t.folders, err = folders(cfg); err != nil {
		return nil, err
	}
	set := Store(cfg)
	set.CredentialsFile = a.CredentialsFile
	if t.store, err = objstore.New(ctx, set, a.log); err != nil {
		return nil, err
	}
	return t, nil
}

// terms runs one configuration after the other until ctx ends. Between two of
// them all loops have stopped as they do at the daemon's end, and what they left
// is taken up as at its start; the lock, the ledger and what is known of the
// clock stay.
func (a *Agent) terms(ctx context.Context, g *ground, line *statusLine) error {
	now, err := a.prepare(ctx, a.cfg)
	if err != nil {
		return err
	}
	for again := false; ; again = true {
		a.pulse.clear()
		between := a.pulse.beat("start", turnWithin) // in place of all others
		err := a.serve(ctx, g, now, line, again, between)
		var r *renewed
		if ctx.Err() != nil || !errors.As(err, &r) {
			return err
		}
		now = r.next
		a.cfg = now.cfg
		if a.Changed != nil {
			a.Changed(a.cfg)
		}
	}
}

// serve runs one configuration until ctx ends or another one is to be run.
func (a *Agent) serve(ctx context.Context, g *ground, now *term, line *statusLine, again bool, between *beat) error {
	if again { // a batch may have been cut short
		if err := adopt(ctx, g.ledger, g.dirs, a.log); err != nil {
			return err
		}
	}
	// What the configuration before said of drops and objects need not hold.
	g.board.keep(ctx, leftAlone, nil)
	g.board.keep(ctx, readAgain, nil)
	g.board.clear(ctx, configScope, configRejected)
	if err := g.ledger.ClearRefused(ctx); err != nil {
		return err
	}
	listed := make(chan struct{}, 1)
	d := a.wire(g, now.store, now.folders, func() {
		select {
		case listed <- struct{}{}:
		default:
		}
	})
	if err := d.sealer.Load(ctx, a.clock.Now()); err != nil {
		return err
	}
	between.end()
	if a.Accepted != nil {
		if err := a.Accepted(a.cfg); err != nil {
			a.log.Warn("keep the configuration for 'millwright status'", zap.Error(err))
		}
	}
	what := "started"
	if again {
		what = "runs the new configuration"
	}
	a.log.Info(what, zap.String("instance", a.cfg.Instance), zap.Int("drop_folders", len(a.cfg.Drops)),
		zap.Int("schedulers", len(a.cfg.Schedulers)), zap.String("state_dir", g.dirs.state), zap.Time("business_time", a.clock.Now()))
	line.set(a.cfg, d.uploader)
	ready, stop := context.WithCancel(ctx)
	told := make(chan struct{})
	go func() { // readiness is told once, after the first listing
		defer close(told)
		select {
		case <-ready.Done():
		case <-listed:
			a.Supervisor.Ready()
		}
	}()
	defer func() { stop(); <-told }()
	err := d.run(ctx)
	if e := d.sealer.Leave(context.WithoutCancel(ctx)); e != nil {
		a.log.Warn("windows that wait are made again at the next start", zap.Error(e))
	}
	return err
}

// reloader waits for the wish to read the configuration anew.
type reloader struct {
	wish <-chan os.Signal
	read func(context.Context) (*term, error)
	tell Supervisor
	note *notes
	log  *zap.Logger
}

func (a *Agent) reloader(g *ground) *reloader {
	return &reloader{wish: a.Hangup, tell: a.Supervisor, note: g.board, log: a.log, read: func(ctx context.Context) (*term, error) {
		cfg, err := a.Reread()
		if err != nil {
			return nil, err
		}
		if err := fixed(a.cfg, cfg); err != nil {
			return nil, err
		}
		return a.prepare(ctx, cfg)
	}}
}

// run ends the loops with a good configuration. A bad one changes nothing: it is
// said in the log and in the status until a good one comes.
func (r *reloader) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.wish:
		}
		r.tell.Reloading()
		next, err := r.read(ctx)
		if err == nil {
			r.log.Info("the configuration was read anew")
			return &renewed{next}
		}
		r.note.stand(ctx, configScope, configRejected, "the configuration's file is rejected, and what was read of it before still holds: "+brief(err), cure(err))
		r.log.Error("the new configuration is rejected, the old one stays", zap.Error(err))
		r.tell.Ready()
	}
}

// fixed refuses changes of what cannot change while the agent runs.
func fixed(old, new *config.Config) error {
	var faults fixedError
	for _, k := range []struct{ key, old, new string }{
		{"state_dir", old.StateDir, new.StateDir},
		{"instance", old.Instance, new.Instance},
		{"log.format", string(old.Log.Format), string(new.Log.Format)},
	} {
		if k.old != k.new {
			faults = append(faults, fmt.Sprintf("%s cannot change from %q to %q while the agent runs", k.key, k.old, k.new))
		}
	}
	if faults == nil {
		return nil
	}
	return faults
}

// fixedError tells of keys that cannot change while the agent runs.
type fixedError []string

func (e fixedError) Error() string { return strings.Join(e, "\n") }

// cure says what to do about a file that was rejected.
func cure(err error) string {
	var f fixedError
	if errors.As(err, &f) {
		return "restart the agent (systemctl restart millwright), or put the old value back and reload again"
	}
	return "correct it until 'millwright config check' is content, then reload again"
}

// brief is the first line of an error, and how many follow: notes are read in one
// line, and the check tells all.
func brief(err error) string {
	first, rest, more := strings.Cut(strings.TrimSpace(err.Error()), "\n")
	if more {
		first += fmt.Sprintf("; and %d more: run 'millwright config check'", 1+strings.Count(rest, "\n"))
	}
	return first
}
