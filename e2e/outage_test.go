package e2e

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// TestOutageOfDaysOnASlowLink has the store away for three days. Then a link of
// 1 Mbit/s has to carry the backlog, and still no window whose wake-up is ahead
// misses it.
func TestOutageOfDaysOnASlowLink(t *testing.T) {
	t.Parallel()
	const (
		outage = 71*time.Hour + 30*time.Minute
		after  = 90 * time.Minute // on the slow link
		whole  = 74 * time.Hour
		pace   = 120
	)
	s := pump()
	s.Delay = time.Hour // files come by the hour
	plan := tidy(6, s)
	plan.Step, plan.File, plan.For = time.Minute, time.Hour, whole
	sc := set(t, s, plan, nil)
	sc.link.Down()
	sc.begin()
	back := begin().Add(outage)
	ahead := slices.IndexFunc(sc.plan, func(d drop) bool { return d.At.After(back) })
	for _, d := range sc.plan[:ahead] {
		sc.clock.Until(d.At)
		sc.put(d)
		sc.taken(d)
	}
	sc.clock.Until(back)

	sc.link.Throttle(1e6)
	sc.link.Up()
	sc.agent.Await("the first object", func() string {
		if list, err := sc.bucket.List(t.Context()); err != nil || len(list) == 0 {
			return "nothing yet"
		}
		return ""
	})
	sc.clock.Pace(pace)
	rest := sc.plan[ahead:]
	for _, wake := range sc.wakes(back.Add(s.Frequency), back.Add(after)) {
		for len(rest) > 0 && rest[0].At.Before(wake) {
			sc.until(rest[0].At)
			sc.put(rest[0])
			rest = rest[1:]
		}
		sc.until(wake)
		sc.awake(wake)
	}
	sc.clock.Pace(0)
	for _, d := range rest {
		sc.clock.Until(d.At)
		sc.put(d)
		sc.taken(d)
	}
	sc.link.Throttle(0)
	sc.clock.Until(sc.end)
	sc.finish()
}

// wakes gives the wake-ups from a to b.
func (sc *scene) wakes(a, b time.Time) []time.Time {
	var all []time.Time
	for t := a.Truncate(sc.s.Frequency); t.Before(b); t = t.Add(sc.s.Frequency) {
		if !t.Before(a) {
			all = append(all, t)
		}
	}
	return all
}

// until waits for a clock that goes by itself.
func (sc *scene) until(t time.Time) {
	for sc.clock.Now().Before(t) {
		time.Sleep(2 * time.Millisecond)
	}
}

// awake is the scheduler at a wake-up: every component's object must be there.
func (sc *scene) awake(wake time.Time) {
	sc.t.Helper()
	start := wake.Add(-sc.s.Delay - sc.s.Frequency)
	for _, c := range sc.s.Components {
		key := sc.s.Key(c, start)
		if sc.want[key] == nil {
			continue
		}
		_, err := sc.bucket.Client.HeadObject(sc.t.Context(), &s3.HeadObjectInput{Bucket: &sc.bucket.Name, Key: &key})
		var none *types.NotFound
		if errors.As(err, &none) {
			sc.t.Errorf("the wake-up at %s finds no %s", wake.Format(time.RFC3339), key)
		} else if err != nil {
			sc.t.Error(err)
		}
	}
}

// TestClockSteps sets the clock an hour forward and back, and an hour back and
// forward, for some minutes each: no window is forced, no row late, none ahead.
func TestClockSteps(t *testing.T) {
	t.Parallel()
	s := pump()
	s.MaxAhead = 10 * time.Minute
	sc := set(t, s, tidy(7, s), nil)
	sc.begin()
	steps := []struct {
		at time.Duration
		by time.Duration
	}{
		{15 * time.Minute, time.Hour},
		{18 * time.Minute, -time.Hour},
		{35 * time.Minute, -time.Hour},
		{38 * time.Minute, time.Hour},
	}
	off := time.Duration(0)
	sc.play(func() {
		if len(steps) > 0 && sc.clock.Now().Sub(begin())-off >= steps[0].at {
			sc.clock.Step(steps[0].by)
			off += steps[0].by
			steps = steps[1:]
		}
		sc.blind = off != 0 // forced sealing waits for a clock that can be trusted
	})
	sc.finish()
}
