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
// misses it. The clock goes as the link does: a machine that has other things to do
// gets the time that it needs, but the link carries no more until then.
func TestOutageOfDaysOnASlowLink(t *testing.T) {
	t.Parallel()
	const (
		outage = 71*time.Hour + 30*time.Minute
		after  = 90 * time.Minute // on the slow link
		whole  = 74 * time.Hour
		pace   = 120
		slow   = 1e6 // bits per second
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

	sc.link.Throttle(slow)
	sc.link.Up()
	sc.agent.Await("the first object", func() string {
		if list, err := sc.bucket.List(t.Context()); err != nil || len(list) == 0 {
			return "nothing yet"
		}
		return ""
	})
	since, sent := sc.clock.Now(), sc.link.Sent()
	sc.clock.Pace(pace)
	rest := sc.plan[ahead:]
	for _, wake := range sc.wakes(back.Add(s.Frequency), back.Add(after)) {
		for len(rest) > 0 && rest[0].At.Before(wake) {
			sc.until(rest[0].At)
			since, sent = sc.clock.Now(), sc.link.Sent()
			sc.put(rest[0])
			rest = rest[1:]
		}
		sc.until(wake.Add(-3 * time.Minute))
		sc.clock.Pace(0)
		sc.ready(wake, sent+int64(wake.Sub(since).Seconds()/pace*slow/8))
		sc.clock.Pace(pace)
		sc.until(wake)
		if missed := sc.missed(wake); missed != "" {
			t.Errorf("the wake-up at %s finds no %s", wake.Format(time.RFC3339), missed)
		}
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

// ready waits, while time stands still, until a wake-up would find all it looks for,
// for which the link may have carried so much.
func (sc *scene) ready(wake time.Time, most int64) {
	sc.t.Helper()
	sc.agent.Await("the wake-up at "+wake.Format(time.RFC3339), func() string {
		missed := sc.missed(wake)
		if over := sc.link.Sent() - most; missed != "" && over > 0 {
			sc.t.Fatalf("other things than %s were sent, %d bytes more than until the wake-up at %s", missed, over, wake.Format(time.RFC3339))
		}
		return missed
	})
}

// missed is the scheduler at a wake-up: the object that is not there, "" if every
// component's is.
func (sc *scene) missed(wake time.Time) string {
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
			return key
		} else if err != nil {
			sc.t.Fatal(err)
		}
	}
	return ""
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
