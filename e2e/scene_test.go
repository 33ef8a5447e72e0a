package e2e

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"millwright/e2e/drops"
	"millwright/e2e/harness"
	"millwright/e2e/oracle"
)

// scene is a gateway at work: an agent, its drops, and what must come of them.
type scene struct {
	t      *testing.T
	s      oracle.Scheduler
	plan   []oracle.Drop
	want   map[string][]byte // objects by key
	setup  harness.Setup
	clock  *harness.Clock
	agent  *harness.Agent
	bucket *harness.Bucket
	link   *harness.Link
	rng    *rand.Rand
	end    time.Time

	puts  map[string]int      // contents dropped by path
	from  time.Time           // when the drops begin
	mask  func([]byte) []byte // how a drop's content looks on disk; nil: as it is
	grows bool                // paths are written on, so that their content is in several parts
	blind bool                // the store cannot be asked now whether a window has arrived
}

// set makes a scene of a plan, whose clock stands at begin. Nothing runs yet.
func set(t *testing.T, s oracle.Scheduler, plan drops.Plan, change func(*harness.Setup)) *scene {
	t.Helper()
	return stage(t, s, plan.Drops(), plan.Seed, plan.From.Add(plan.For), change)
}

// stage makes a scene of drops whose rows end at last.
func stage(t *testing.T, s oracle.Scheduler, plan []drop, seed uint64, last time.Time, change func(*harness.Setup)) *scene {
	t.Helper()
	sc := bare(t, s, plan, seed, last.Add(s.Delay+3*s.Frequency), change) // windows are closed after their wake-up
	for _, of := range append(sc.setup.More, s) {
		want, err := of.Expect(sc.plan, oracle.Life{First: begin(), End: sc.end})
		if err != nil {
			t.Fatal(err)
		}
		maps.Copy(sc.want, want.Objects)
	}
	return sc
}

// bare makes a scene of which nothing is expected yet.
func bare(t *testing.T, s oracle.Scheduler, plan []drop, seed uint64, end time.Time, change func(*harness.Setup)) *scene {
	t.Helper()
	sc := &scene{
		t: t, s: s, plan: plan, from: begin(), end: end, puts: map[string]int{}, want: map[string][]byte{},
		rng: rand.New(rand.NewPCG(seed, 1)), setup: harness.Setup{Scheduler: s},
	}
	if change != nil {
		change(&sc.setup)
	}
	binary := builder.Binary(t) // before the store is there, which changes the working directory
	sc.bucket = store.Bucket(t)
	sc.link = harness.NewLink(t, store.Addr(t))
	sc.clock = harness.NewClock(t, begin(), 0)
	sc.setup.Endpoint, sc.setup.Bucket = sc.link.URL(), sc.bucket.Name
	sc.agent = harness.NewAgent(t, binary, sc.clock, sc.setup)
	return sc
}

// killed is kill -9 and a new start.
func (sc *scene) killed() {
	sc.t.Helper()
	sc.kill()
	sc.agent.Start()
}

func (sc *scene) kill() {
	sc.agent.Kill()
	kills.Add(1)
}

// begin starts the agent for the first time and waits until it has noted when that
// was: rows from long before are not its business.
func (sc *scene) begin() {
	sc.t.Helper()
	sc.agent.Start()
	sc.agent.Await("the first start", func() string {
		var any map[string]any
		if err := sc.agent.Status(&any); err != nil {
			return err.Error()
		}
		return ""
	})
}

// put drops d; taken waits until its rows are the agent's.
func (sc *scene) put(d drop) {
	sc.t.Helper()
	if sc.mask != nil {
		sc.agent.PutAt(d.Path, sc.mask(d.Content), d.At)
	} else {
		sc.agent.Put(d.Path, d.Content)
	}
	sc.puts[d.Path]++
}

func (sc *scene) taken(d drop) {
	sc.t.Helper()
	sc.agent.AwaitTaken(d.Path, sc.puts[d.Path])
}

// play lets the plan happen: time stands still while a drop is made and taken, and
// at each window's latest time until its objects are in the bucket. Before each
// wait, meanwhile may do its worst; it must leave the agent running.
func (sc *scene) play(meanwhile func()) {
	sc.t.Helper()
	next := sc.from
	for _, d := range sc.plan {
		next = sc.gates(next, d.At, meanwhile)
		sc.clock.Until(d.At)
		sc.put(d)
		meanwhile()
		sc.taken(d)
	}
	sc.gates(next, sc.end, meanwhile)
	sc.clock.Until(sc.end)
}

// gates passes the latest times of the windows from next on that lie before t,
// and gives the first window whose latest time does not.
func (sc *scene) gates(next, t time.Time, meanwhile func()) time.Time {
	sc.t.Helper()
	for ; ; next = next.Add(sc.s.Frequency) {
		latest := next.Add(sc.s.Frequency + sc.s.Delay - min(sc.s.Margin, sc.s.Delay/2))
		if !latest.Before(t) {
			return next
		}
		sc.clock.Until(latest.Add(time.Second))
		meanwhile()
		if !sc.blind {
			sc.arrived(next)
		}
	}
}

// arrived waits for the objects of one window.
func (sc *scene) arrived(start time.Time) {
	sc.t.Helper()
	want := map[string][]byte{}
	for _, c := range sc.s.Components {
		if key := sc.s.Key(c, start); sc.want[key] != nil {
			want[key] = sc.want[key]
		}
	}
	sc.agent.Await("the window of "+start.Format(time.RFC3339), func() string { return sc.bucket.Missing(sc.t, want) })
}

// finish waits until the bucket holds exactly the expected objects and every row
// is accounted for, stops the agent, and looks again.
func (sc *scene) finish() {
	sc.t.Helper()
	if len(sc.want) == 0 {
		sc.t.Fatal("nothing is expected; the scenario tests nothing")
	}
	sc.agent.Await("all objects", func() string { return sc.bucket.Differences(sc.t, sc.want) })
	sc.agent.Await("accounts", sc.unaccounted)
	sc.agent.Stop()
	if d := sc.bucket.Differences(sc.t, sc.want); d != "" {
		sc.t.Errorf("after the agent stopped:\n%s", d)
	}
}

// unaccounted names the first drop whose counts do not add up to its rows.
func (sc *scene) unaccounted() string {
	seen := map[string]int{}
	for _, d := range sc.plan {
		fates, err := sc.agent.Fates(d.Path)
		if err != nil {
			return err.Error()
		}
		seen[d.Path]++
		at := len(fates) - seen[d.Path]
		if sc.grows {
			at = 0
		}
		if at < 0 {
			return fmt.Sprintf("%s: no version %d: %+v", d.Path, seen[d.Path], fates)
		}
		if sc.grows {
			for _, part := range fates[1:] {
				fates[0].Counts = fates[0].Counts.Plus(part.Counts)
			}
		}
		rows := int64(bytes.Count(d.Content, []byte("\n")) - 1)
		if f := fates[at]; f.Counts.Rows != rows || f.Accounted() != rows || f.Counts.Open != 0 {
			return fmt.Sprintf("%s has %d rows, status says %+v", d.Path, rows, f)
		}
	}
	return ""
}
