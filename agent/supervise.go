package agent

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"millwright/config"
	"millwright/ingest/seal"
	"millwright/upload"
)

// Supervisor is told how the agent is. Its methods do not block, and may be
// called from several goroutines.
type Supervisor interface {
	Ready()             // everything is open and the drop folders were listed
	Reloading()         // Ready follows
	Stopping()          //
	Status(line string) // what it is doing, for people
	Alive()             // every loop turns
}

type nobody struct{}

func (nobody) Ready()        {}
func (nobody) Reloading()    {}
func (nobody) Stopping()     {}
func (nobody) Status(string) {}
func (nobody) Alive()        {}

// superviseEvery is how often the supervisor hears of the agent (real time). A
// watchdog that allows less than twice this would bark at nothing.
const superviseEvery = 10 * time.Second

// supervised runs work and tells the supervisor how it goes until it ends.
func (a *Agent) supervised(ctx context.Context, g *ground, work func(context.Context, *statusLine) error) error {
	line := &statusLine{board: g.board, fresh: make(chan struct{}, 1)}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(superviseEvery)
		defer tick.Stop()
		s := superviser{pulse: a.pulse, line: line, tell: a.Supervisor, log: a.log}
		for stopping := ctx.Done(); ; {
			s.look(a.clock.Now())
			select {
			case <-done:
				return
			case <-stopping:
				stopping = nil // said once
				a.Supervisor.Stopping()
			case <-line.fresh:
			case <-tick.C:
			}
		}
	})
	err := work(ctx, line)
	close(done)
	wg.Wait()
	return err
}

// superviser is what a look needs.
type superviser struct {
	pulse *pulse
	line  *statusLine
	tell  Supervisor
	log   *zap.Logger

	late string // the loops that hung at the last look
	said string // the last status line
}

// look tells the supervisor that the agent lives, unless a loop hangs.
func (s *superviser) look(now time.Time) {
	late := strings.Join(s.pulse.late(), ", ")
	switch {
	case late == "":
		s.tell.Alive()
		if s.late != "" {
			s.log.Info("loops turn again", zap.String("loops", s.late))
		}
	case late != s.late:
		s.log.Error("loops hang: the watchdog is told nothing until they turn again", zap.String("loops", late))
	}
	s.late = late
	text := s.line.text(now)
	if late != "" {
		text = "hangs: " + late + "; " + text
	}
	if text != s.said {
		s.tell.Status(text)
		s.said = text
	}
}

// statusLine is what the agent does, in a line.
type statusLine struct {
	board *notes
	fresh chan struct{} // another configuration's time has begun

	mu       sync.Mutex
	streams  []seal.Stream
	uploader *upload.Uploader
}

// set begins another configuration's time.
func (l *statusLine) set(cfg *config.Config, up *upload.Uploader) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.streams, l.uploader = Streams(cfg), up
	select {
	case l.fresh <- struct{}{}:
	default:
	}
}

// text is the line: the next wake-up and its window, what waits, and what needs
// attention first.
func (l *statusLine) text(now time.Time) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.uploader == nil {
		return "starting"
	}
	up := l.uploader.Status()
	parts := []string{next(l.streams, now), backlog(up.Pending)}
	first, more := l.board.first()
	for _, t := range up.Trouble {
		if first != "" {
			more++
		}
		first = t.Where + ": " + t.What
	}
	if first != "" {
		parts = append(parts, "needs attention: "+first)
	}
	if more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(parts, "; ")
}

func backlog(windows int) string {
	switch windows {
	case 0:
		return "no window waits"
	case 1:
		return "1 window waits"
	}
	return fmt.Sprintf("%d windows wait", windows)
}

// next is the first wake-up after now, and its window.
func next(streams []seal.Stream, now time.Time) string {
	var soon time.Time
	var text string
	for _, st := range streams {
		start := st.Cadence.Next(now)
		wake := st.Cadence.Wake(start)
		if soon.IsZero() || wake.Before(soon) {
			const clock = "15:04:05Z"
			soon, text = wake, fmt.Sprintf("next wake-up %s of %s, window %s to %s", wake.UTC().Format(clock), st.Scheduler,
				at(start).Format(clock), at(st.Cadence.End(start)).Format(clock))
		}
	}
	return text
}

func at(ns int64) time.Time { return time.Unix(0, ns).UTC() }

// first is what needs attention first, and how many other things do.
func (n *notes) first() (what string, more int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	order := []string{configRejected, ledgerLost, "full", "reserve"} // what holds everything up
	rank := func(key [2]string) int {
		if i := slices.Index(order, key[1]); i >= 0 {
			return i
		}
		return len(order)
	}
	var best [2]string
	for key := range n.standing {
		if what == "" || rank(key) < rank(best) || rank(key) == rank(best) && key[0] < best[0] {
			best, what = key, key[0]+": "+n.standing[key]
		}
	}
	return what, max(0, len(n.standing)-1)
}
