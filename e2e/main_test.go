package e2e

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"millwright/e2e/drops"
	"millwright/e2e/harness"
	"millwright/e2e/oracle"
)

// What all scenarios share: one binary, and one store, of which a process can
// have only one.
var (
	builder harness.Builder
	store   harness.Store
)

func TestMain(m *testing.M) {
	code := m.Run()
	store.Close()
	os.Exit(code)
}

type drop = oracle.Drop

// begin is when rehearsals start: a Monday, at a window's start.
func begin() time.Time { return time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC) }

// pump is a scheduler of two components with the settings most people have.
func pump() oracle.Scheduler {
	return oracle.Scheduler{
		Components: []string{"pump-7", "motor-7"}, Prefix: "in/", Delimiter: "_", Format: "yyyyMMddHHmmss",
		Frequency: 5 * time.Minute, Delay: 2 * time.Minute, Margin: 30 * time.Second, Rate: time.Minute,
		Default: oracle.Treatment{Aggregate: "mean", MaxGap: 3 * time.Minute},
	}
}

// tidy is an hour of one-minute files, as a healthy logger writes them.
func tidy(seed uint64, s oracle.Scheduler) drops.Plan {
	return drops.Plan{
		Seed: seed, Components: s.Components, Sensors: []string{"flow", "speed", "vibration"},
		From: begin(), For: time.Hour, Step: 10 * time.Second, File: time.Minute, Delay: 2 * time.Second,
	}
}

// untidy is the same with all that goes wrong at plants.
func untidy(seed uint64, s oracle.Scheduler) drops.Plan {
	p := tidy(seed, s)
	p.Empty, p.Gaps, p.Disorder, p.Corrected, p.Repeated = 0.02, 0.1, 0.2, 0.1, 0.1
	return p
}

// scene is a gateway at work: an agent, its drops, and what must come of them.
type scene struct {
	t      *testing.T
	s      oracle.Scheduler
	plan   []oracle.Drop
	want   oracle.Expected
	clock  *harness.Clock
	agent  *harness.Agent
	bucket *harness.Bucket
	link   *harness.Link
	rng    *rand.Rand
	end    time.Time

	puts  map[string]int // contents dropped by path
	blind bool           // the store cannot be asked now whether a window has arrived
}

// set makes a scene whose clock stands at begin. Nothing runs yet.
func set(t *testing.T, s oracle.Scheduler, plan drops.Plan, change func(*harness.Setup)) *scene {
	t.Helper()
	sc := &scene{t: t, s: s, puts: map[string]int{}, plan: plan.Drops(), rng: rand.New(rand.NewPCG(plan.Seed, 1))}
	sc.end = plan.From.Add(plan.For + s.Delay + 3*s.Frequency) // windows are closed after their wake-up
	want, err := s.Expect(sc.plan, oracle.Life{First: begin(), End: sc.end})
	if err != nil {
		t.Fatal(err)
	}
	sc.want = want
	sc.bucket = store.Bucket(t)
	sc.link = harness.NewLink(t, store.Addr(t))
	sc.clock = harness.NewClock(t, begin(), 0)
	setup := harness.Setup{Endpoint: sc.link.URL(), Bucket: sc.bucket.Name, Scheduler: s}
	if change != nil {
		change(&setup)
	}
	sc.agent = harness.NewAgent(t, builder.Binary(t), sc.clock, setup)
	return sc
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
	sc.agent.Put(d.Path, d.Content)
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
	next := begin()
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
		if key := sc.s.Key(c, start); sc.want.Objects[key] != nil {
			want[key] = sc.want.Objects[key]
		}
	}
	sc.agent.Await("the window of "+start.Format(time.RFC3339), func() string { return sc.bucket.Missing(sc.t, want) })
}

// finish waits until the bucket holds exactly the expected objects and every row
// is accounted for, stops the agent, and looks again.
func (sc *scene) finish() {
	sc.t.Helper()
	if len(sc.want.Objects) == 0 {
		sc.t.Fatal("nothing is expected; the scenario tests nothing")
	}
	sc.agent.Await("all objects", func() string { return sc.bucket.Differences(sc.t, sc.want.Objects) })
	sc.agent.Await("accounts", sc.unaccounted)
	sc.agent.Stop()
	if d := sc.bucket.Differences(sc.t, sc.want.Objects); d != "" {
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
		if at < 0 {
			return fmt.Sprintf("%s: no version %d: %+v", d.Path, seen[d.Path], fates)
		}
		rows := int64(bytes.Count(d.Content, []byte("\n")) - 1)
		if f := fates[at]; f.Counts.Rows != rows || f.Accounted() != rows || f.Counts.Open != 0 {
			return fmt.Sprintf("%s has %d rows, status says %+v", d.Path, rows, f)
		}
	}
	return ""
}

func nothing() {}

func seeded(seed uint64) string { return fmt.Sprintf("seed %d", seed) }
