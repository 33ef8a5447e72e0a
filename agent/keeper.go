package agent

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"millwright/agent/status"
	"millwright/internal/clock"
)

// keeper does what has to be done now and then: it watches the clock, saves
// wall time, prunes archives and the ledger, and gives memory back.
type keeper struct {
	clock    clock.Source
	watch    *clock.Watch
	ledger   keeping
	archives []archiveRule
	notes    *notes
	// storeDate asks the store for the time, only while the clock is unsettled.
	storeDate func(context.Context) (time.Time, error)
	// within keeps the state folder to its quota where nobody wants room.
	within func(context.Context) error
	// overdue is the largest overdue_max: what rows may still come for is not forgotten.
	overdue time.Duration
	beat    *beat
	log     *zap.Logger

	saved  time.Time // business time of the last SetLastWall
	pruned time.Time // business time of the last prune
	gone   forgetter
	rest   rest
}

// keeping is the part of the ledger that a keeper writes.
type keeping interface {
	SetLastWall(ctx context.Context, wall time.Time) error
	Prune(ctx context.Context, before time.Time) (windows, drops int64, err error)
	inspecting
}

const (
	keepEvery  = 30 * time.Second // real time: wall time is read at least that often (ruling 11)
	saveEvery  = 10 * time.Minute
	pruneEvery = time.Hour
	remember   = 30 * 24 * time.Hour // windows and drops stay in the ledger at least so long
)

// run keeps until ctx ends.
func (k *keeper) run(ctx context.Context) error {
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for {
		k.beat.turn()
		k.turn(ctx)
		k.rest.turn()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (k *keeper) turn(ctx context.Context) {
	k.look(ctx)
	now := k.clock.Now()
	if now.Sub(k.saved).Abs() >= saveEvery && k.watch.Settled() {
		if err := k.ledger.SetLastWall(ctx, now); err != nil && ctx.Err() == nil {
			k.log.Error("save the time", zap.Error(err))
		}
		k.saved = now
	}
	if !k.watch.Settled() {
		return
	}
	if now.Sub(k.pruned).Abs() >= pruneEvery {
		k.prune(ctx, now)
		k.pruned = now
	}
	k.gone.ledger, k.gone.grace = k.ledger, k.overdue+24*time.Hour
	if err := k.gone.turn(ctx, now, k.horizon(now)); err != nil && ctx.Err() == nil {
		k.log.Error("look for files that are gone", zap.Error(err))
	}
}

// horizon is the time before which windows and drops may be forgotten.
func (k *keeper) horizon(now time.Time) time.Time {
	return now.Add(-max(remember, k.overdue+7*24*time.Hour))
}

// look watches the clock, and asks the store what time it is while the own
// clock cannot be trusted.
func (k *keeper) look(ctx context.Context) {
	if !k.watch.Settled() {
		date, err := k.storeDate(ctx)
		if err == nil {
			k.watch.StoreDate(date)
		} else if ctx.Err() == nil {
			k.log.Debug("ask the store for the time", zap.Error(err))
		}
	}
	st := k.watch.State()
	if st.Settled {
		k.notes.clear(ctx, status.ClockScope, status.ClockUnsettled)
		return
	}
	k.notes.stand(ctx, status.ClockScope, status.ClockUnsettled,
		fmt.Sprintf("the clock is not trusted: %s; forced sealing, lateness and time-outs wait, all else goes on", st.Reason),
		"let the system synchronise its clock (timedatectl status); after 5 minutes without a step it is trusted again")
}

func (k *keeper) prune(ctx context.Context, now time.Time) {
	for _, r := range k.archives {
		k.beat.turn()
		if _, err := r.prune(ctx, now, k.log); err != nil && ctx.Err() == nil {
			k.log.Error("prune the archive", zap.String("dir", r.dir), zap.Error(err))
		}
	}
	k.beat.turn()
	if err := k.within(ctx); err != nil && ctx.Err() == nil {
		k.log.Error("keep to limits.state", zap.Error(err))
	}
	if _, _, err := k.ledger.Prune(ctx, k.horizon(now)); err != nil && ctx.Err() == nil {
		k.log.Error("prune the ledger", zap.Error(err))
	}
}
