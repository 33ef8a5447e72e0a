//go:build !agent

// Package demo plays the whole loop on one machine with nothing configured: a
// simulated pump whose bearing wears out drops CSV files, the agent takes them to a
// bucket, the inference service learns from the pump's past and scores what comes, and
// the agent fetches the results. It finds nothing itself: it tells what the agent has.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"go.uber.org/zap"

	"millwright/agent"
	"millwright/inference"
	"millwright/internal/executions"
	"millwright/internal/objstore"
	"millwright/internal/simulate"
)

// Options of a run.
type Options struct {
	Dir    string        // everything is below it, absolute
	Speed  float64       // plant seconds per second
	For    time.Duration // plant time after which it ends at the latest; 0: when the bearing fails
	Stay   bool          // go on until ctx ends
	Blocks bool          // scores may be drawn as blocks
	Log    *zap.Logger   // of agent and service
	Out    io.Writer     // what happens, for people

	story story // zero: the one that is told
}

// story is what happens to the plant.
type story struct {
	rows    time.Duration // between two of a component; at most the model's rate
	history time.Duration // of its past, without faults
	healthy time.Duration // before the bearing begins to wear
	wear    time.Duration // from there until it fails
}

// begin is the plant's first moment; any would do.
func begin() time.Time { return time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC) }

const (
	bucket    = "plant"
	name      = "pump-7" // of dataset, model and scheduler
	frequency = 30 * time.Minute
	offset    = 15 * time.Minute
	dropEvery = 10 * time.Minute
	poll      = 100 * time.Millisecond // of the service's queues, and of what is awaited
)

// stage is what a run has set up, and what it knows.
type stage struct {
	o       Options
	started time.Time // real
	live    time.Time // the history's end
	wears   time.Time
	fails   time.Time
	ends    time.Time // of the play

	tale    *tale
	clock   *pacer
	service *inference.Service
	store   *objstore.Client
	api     executions.Poster
	plant   *simulate.Logger
	agent   *agent.Agent
	opened  chan string // URL of the agent's page, when it is open
	page    string
	config  string // its file
}

// Run plays until the bearing has failed, and gives what was found. That nothing was is
// an error, which says why. When ctx ends, all stops, and what had been found by then
// counts.
func Run(ctx context.Context, o Options) (*Finding, error) {
	if o.story == (story{}) {
		o.story = story{rows: time.Minute, history: 28 * 24 * time.Hour, healthy: 8 * time.Hour, wear: 30 * time.Hour}
	}
	s := &stage{o: o, started: time.Now(), live: begin().Add(o.story.history)}
	s.wears = s.live.Add(o.story.healthy)
	s.fails = s.wears.Add(o.story.wear)
	s.ends = s.fails
	if o.For > 0 && s.live.Add(o.For).Before(s.fails) {
		s.ends = s.live.Add(o.For)
	}
	s.tale = &tale{out: o.Out, started: s.started, blocks: o.Blocks}
	found, err := s.perform(ctx)
	s.tale.printf("")
	switch {
	case err == nil, found != nil && errors.Is(err, context.Canceled):
		return found, nil
	case errors.Is(err, context.Canceled):
		return nil, fmt.Errorf("stopped before anything was found; what there is so far is in %s", o.Dir)
	}
	return found, err
}

// perform starts one part after the other, and stops them in the opposite order.
func (s *stage) perform(ctx context.Context) (*Finding, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	s.tale.begin(s.o.Dir)
	// Half an hour's first wake-up that somebody is there for is that of the first
	// window: the one before it was due by then.
	s.clock = newPacer(s.live.Add(offset + 5*time.Minute))
	if err := s.openService(ctx); err != nil {
		return nil, err
	}
	served := s.start(context.WithoutCancel(ctx), "service", stop, s.service.Run)
	defer served()
	if err := s.prepare(ctx); err != nil {
		return nil, s.cause(ctx, err)
	}
	if err := s.openAgent(); err != nil {
		return nil, err
	}
	fetched := s.start(context.WithoutCancel(ctx), "agent", stop, s.agent.Run)
	defer fetched()
	if err := s.awaitPage(ctx); err != nil {
		return nil, s.cause(ctx, err)
	}
	if _, err := s.plant.Write(s.live, s.clock.Now().Truncate(dropEvery)); err != nil {
		return nil, err
	}
	dropped := s.start(context.WithoutCancel(ctx), "plant", stop, func(ctx context.Context) error { return s.plant.Run(ctx, s.clock) })
	defer dropped()
	return s.follow(ctx)
}

// start runs a part of the play until the function that it returns is called, which
// waits for its end. If it ends earlier, that is the end of the play.
func (s *stage) start(ctx context.Context, what string, stop context.CancelCauseFunc, run func(context.Context) error) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := run(ctx); err != nil && !errors.Is(err, context.Canceled) {
			stop(fmt.Errorf("%s: %w", what, err))
		}
	})
	return func() {
		cancel()
		wg.Wait()
	}
}

// cause is why ctx has ended, where that is what err says.
func (s *stage) cause(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
