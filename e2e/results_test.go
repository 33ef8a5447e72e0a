package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"millwright/e2e/harness"
)

const (
	resultWindows = 30
	closeAfter    = 20 * time.Minute
)

// TestResultsComeHome plays a scheduler that does all that schedulers do wrong,
// to an agent that is killed at random moments, over a link that comes and goes,
// with a webhook that is ill at times. In the end each result is on site once,
// each gap has its reason, each event was raised once, and a receiver that drops
// the ids it knows has exactly what it should.
func TestResultsComeHome(t *testing.T) {
	t.Parallel()
	const leastKilled = 20
	for seed := range uint64(3) {
		t.Run(seeded(seed), func(t *testing.T) {
			t.Parallel()
			s := pump()
			plan := tidy(100+seed, s)
			plan.For, plan.Step, plan.File = resultWindows*5*time.Minute, 30*time.Second, 5*time.Minute
			receiver := harness.NewReceiver(t)
			var p *plant
			sc := set(t, s, plan, func(setup *harness.Setup) {
				p = newPlant(t, rand.New(rand.NewPCG(seed, 2)), begin(), resultWindows, s.Frequency)
				setup.Results = map[string]any{"timeout": "10m", "close_after": closeAfter.String()}
				setup.Top = map[string]any{
					"service": map[string]any{"endpoint": p.service(t), "region": "plant-1"},
					"sinks":   []any{map[string]any{"kind": "webhook", "what": []string{"results", "events", "alarms"}, "url": receiver.URL + "/hook"}},
				}
			})
			home := &homecoming{scene: sc, plant: p, receiver: receiver}
			p.prefix, p.delay, p.put, p.marked = "out/s/", s.Delay, home.leave, home.marked
			sc.begin()
			killed := 0
			sc.play(func() {
				p.tick(sc.clock.Now())
				switch sc.rng.IntN(6) {
				case 0, 1, 2:
					time.Sleep(time.Duration(sc.rng.IntN(250)) * time.Millisecond)
					sc.killed()
					killed++
				case 3:
					sc.link.Down()
					receiver.Ill(true)
					time.Sleep(100 * time.Millisecond)
					sc.link.Up()
					receiver.Ill(false)
				}
			})
			for range 15 { // what is very late is found by a look at everything, once an hour
				sc.clock.Advance(5 * time.Minute)
				p.tick(sc.clock.Now())
				time.Sleep(200 * time.Millisecond)
				sc.killed()
				killed++
			}
			home.settled()
			for key, content := range p.want {
				sc.want[key] = content
			}
			home.quiet()
			sc.finish()
			home.onSite()
			home.told()
			if killed < leastKilled {
				t.Errorf("only %d kills", killed)
			}
		})
	}
}

// homecoming is a scene with a played scheduler and a webhook.
type homecoming struct {
	*scene
	plant    *plant
	receiver *harness.Receiver
}

// leave puts a result, whatever the agent's link is doing.
func (h *homecoming) leave(key string, content []byte) {
	h.t.Helper()
	if err := h.bucket.Put(h.t.Context(), key, content); err != nil {
		h.t.Fatal(err)
	}
}

// line is what results --json says of a window or an event.
type line struct {
	Kind        string
	ID          string
	WindowStart time.Time `json:"window_start"`
	State       string
	Reason      string
	Generation  int64
	File        string
	Start, End  time.Time
	Rows        json.RawMessage // of an event a number
}

func (h *homecoming) lines() (windows map[time.Time]line, events []line, err error) {
	out := h.agent.Verb("results", "--config", h.agent.Config(), "--json", "--since", begin().Format(time.RFC3339))
	if out.Code != 0 {
		return nil, nil, fmt.Errorf("results: exit code %d: %s", out.Code, out.Stderr)
	}
	windows = map[time.Time]line{}
	dec := json.NewDecoder(strings.NewReader(out.Stdout))
	for {
		var l line
		switch err := dec.Decode(&l); {
		case err != nil && out.Stdout == "", err != nil && !dec.More():
			return windows, events, nil
		case err != nil:
			return nil, nil, err
		}
		if l.Kind == "event" {
			events = append(events, l)
		} else {
			windows[l.WindowStart.UTC()] = l
		}
	}
}

// marked waits until the agent says so of a window.
func (h *homecoming) marked(start time.Time, state string) {
	h.t.Helper()
	h.agent.Await("window "+start.Format(time.RFC3339)+" being "+state, func() string {
		windows, _, err := h.lines()
		if err != nil {
			return err.Error()
		}
		if got := windows[start.UTC()]; got.State != state {
			return fmt.Sprintf("it is %+v", got)
		}
		return ""
	})
}

// settled waits until every window has its mark, and every event is as expected.
func (h *homecoming) settled() {
	h.t.Helper()
	h.agent.Await("all marks", func() string {
		windows, events, err := h.lines()
		if err != nil {
			return err.Error()
		}
		var wrong []string
		for _, w := range h.plant.windows {
			got := windows[w.start.UTC()]
			state, why := w.state()
			generation := int64(0)
			if state == "delivered" {
				generation = 1
			}
			if got.State != state || got.Generation != generation || !strings.Contains(got.Reason, why) {
				wrong = append(wrong, fmt.Sprintf("%s (%s) is %s, generation %d (%s), want %s (%s)", w.start, w.fate, got.State, got.Generation, got.Reason, state, why))
			}
		}
		want := h.plant.events(closeAfter)
		if len(events) != len(want) {
			wrong = append(wrong, fmt.Sprintf("events %+v, want %+v", events, want))
		}
		for i := range min(len(events), len(want)) {
			e, x := events[len(events)-1-i], want[i] // the newest first
			if events[0].Start.Before(events[len(events)-1].Start) {
				e = events[i]
			}
			if !e.Start.Equal(x.start) || !e.End.Equal(x.end) || string(e.Rows) != fmt.Sprint(x.rows) || e.State != x.state {
				wrong = append(wrong, fmt.Sprintf("event %+v with %s rows, want %+v", e, e.Rows, x))
			}
		}
		return strings.Join(wrong, "\n")
	})
}

// quiet counts what the agent asks the store while nothing is due but windows
// that nothing was dropped for.
func (h *homecoming) quiet() {
	h.t.Helper()
	before, began := h.link.Requests(), h.clock.Now()
	h.clock.Pace(120)
	time.Sleep(8 * time.Second)
	h.clock.Pace(0)
	minutes := int64(h.clock.Now().Sub(began) / time.Minute)
	if n := h.link.Requests() - before; n > minutes {
		h.t.Errorf("%d requests in %d minutes in which nothing was due", n, minutes)
	}
}

// onSite looks for each result in its place, byte for byte, and for nothing else.
func (h *homecoming) onSite() {
	h.t.Helper()
	want := map[string][]byte{}
	for _, w := range h.plant.windows {
		if state, _ := w.state(); state == "delivered" {
			at := w.start.UTC()
			want[filepath.Join("s", at.Format("2006-01-02"), at.Format("2006-01-02T150405Z")+".jsonl")] = h.plant.want[h.plant.key(w)]
		}
	}
	root := filepath.Join(h.agent.State(), "results")
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		got, err := os.ReadFile(path)
		if content, ok := want[rel]; !ok || !bytes.Equal(got, content) {
			h.t.Errorf("%s on site is not what it should be:\n%s\nwant:\n%s", rel, got, content)
		}
		delete(want, rel)
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		h.t.Error(err)
	}
	for rel := range want {
		h.t.Errorf("%s is not on site", rel)
	}
}
