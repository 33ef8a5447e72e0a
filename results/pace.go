package results

import (
	"context"
	"time"

	"millwright/internal/clock"
)

const (
	firstLook = 5 * time.Second // after a result can be there
	lastPause = time.Minute     // between two looks while there is time
	recheck   = 30 * time.Second
	// lastRecheck is for a disk that stays full: what is fetched in vain may cost money.
	lastRecheck = 5 * time.Minute
	turn        = time.Minute      // real time: a loop turns at least so often
	relist      = 10 * time.Minute // a store that refuses to list
	hourly      = time.Hour
	daily       = 24 * time.Hour
)

// pause is how long to wait before the next look for a result that can be there
// since age: half as long again, so that a late answer costs few requests and a
// quick one is soon here.
func pause(age time.Duration) time.Duration {
	return min(max(age/2, firstLook), lastPause)
}

// moment is an instant on two clocks. It is past as soon as one of them says so:
// a rehearsal at sixty times the pace is polled sixty times as often, one that
// stands still as often as a real one.
type moment struct{ business, real time.Time }

// after is the moment some time from now.
func (n now) after(d time.Duration) moment {
	return moment{n.business.Add(d), n.real.Add(d)}
}

// at is the moment at which business time is t.
func (n now) at(t time.Time) moment { return n.after(t.Sub(n.business)) }

func (m moment) past(n now) bool {
	return !n.business.Before(m.business) || !n.real.Before(m.real)
}

// now is the time on both clocks, read once for a pass.
type now struct{ business, real time.Time }

func read(c clock.Clock) now { return now{c.Now(), time.Now()} }

// wait blocks until m is past, the loop has to turn, or ctx ends.
func wait(ctx context.Context, c clock.Clock, m moment) error {
	hint := make(chan struct{}, 1)
	real := min(max(time.Until(m.real), 0), turn)
	t := time.AfterFunc(real, func() { hint <- struct{}{} })
	defer t.Stop()
	return c.Wait(ctx, m.business, hint)
}
