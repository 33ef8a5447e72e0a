package e2e

import (
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"millwright/e2e/harness"
)

// TestThreeSinks gives results, events and alarms to files, a webhook and a broker
// while the agent is killed at random moments. The webhook is dead for half of the
// time, the broker restarts: each delays only itself, and in the end each has the
// same messages in the same order, the files each line once.
func TestThreeSinks(t *testing.T) {
	t.Parallel()
	const windows, seed = 20, 7
	s := pump()
	plan := tidy(seed, s)
	plan.For, plan.Step, plan.File = windows*5*time.Minute, 30*time.Second, 5*time.Minute
	receiver, broker, historian := harness.NewReceiver(t), harness.NewBroker(t), t.TempDir()
	everything := []string{"results", "events", "alarms"}
	var p *plant
	sc := set(t, s, plan, func(setup *harness.Setup) {
		p = newPlant(t, rand.New(rand.NewPCG(seed, 2)), begin(), windows, s.Frequency)
		setup.Results = map[string]any{"timeout": "10m", "close_after": closeAfter.String()}
		setup.Top = map[string]any{
			"service": map[string]any{"endpoint": p.service(t), "region": "plant-1"},
			"sinks": []any{
				map[string]any{"kind": "webhook", "what": everything, "url": receiver.URL + "/hook?token=hush"},
				map[string]any{"kind": "csv", "what": everything, "dir": historian},
				map[string]any{"kind": "mqtt", "url": broker.URL()},
			},
		}
	})
	home := &homecoming{scene: sc, plant: p, receiver: receiver}
	p.prefix, p.delay, p.put, p.marked = "out/s/", s.Delay, home.leave, home.marked
	receiver.Ill(true)
	sc.begin()
	steps := 0
	sc.play(func() {
		p.tick(sc.clock.Now())
		switch steps++; {
		case steps == windows:
			sc.agent.Await("messages at the broker while the webhook is dead", func() string {
				if n := len(broker.IDs()); n < 3 {
					return fmt.Sprintf("%d messages", n)
				}
				return ""
			})
			if n := len(receiver.IDs()); n != 0 {
				t.Errorf("a webhook that is ill has taken %d messages", n)
			}
			receiver.Ill(false)
		case steps == windows*3/2:
			broker.Stop()
			time.Sleep(300 * time.Millisecond)
			broker.Start()
		case sc.rng.IntN(2) == 0:
			time.Sleep(time.Duration(sc.rng.IntN(250)) * time.Millisecond)
			sc.killed()
		}
	})
	for range 8 { // what is very late is found within the hour
		sc.clock.Advance(5 * time.Minute)
		p.tick(sc.clock.Now())
		time.Sleep(200 * time.Millisecond)
		sc.killed()
	}
	home.settled()
	for key, content := range p.want {
		sc.want[key] = content
	}
	home.alike(broker)
	sc.agent.Await("presence", func() string { return unlike(broker.Retained("millwright/e2e/agent"), "online") })
	sc.finish()
	home.told()
	home.filed(historian)
	newest := ""
	for _, w := range p.windows {
		if state, _ := w.state(); state == "delivered" {
			newest = w.start.UTC().Format(time.RFC3339)
		}
	}
	if state := broker.Retained("millwright/e2e/s/state"); !strings.Contains(state, `"window_start":"`+newest+`"`) {
		t.Errorf("the retained state is not that of %s: %s", newest, state)
	}
	sc.agent.Await("absence", func() string { return unlike(broker.Retained("millwright/e2e/agent"), "offline") })
	for _, line := range sc.agent.Logs() {
		if strings.Contains(fmt.Sprint(line), "hush") {
			t.Errorf("a secret is in the log: %v", line)
		}
	}
	t.Logf("%d messages, the webhook got %d again", len(receiver.IDs()), receiver.Again())
}

func unlike(got, want string) string {
	if got != want {
		return fmt.Sprintf("%q", got)
	}
	return ""
}

// alike waits until webhook and broker have the same messages in the same order.
func (h *homecoming) alike(broker *harness.Broker) {
	h.t.Helper()
	delivered := 0
	for _, w := range h.plant.windows {
		if state, _ := w.state(); state == "delivered" {
			delivered++
		}
	}
	h.agent.Await("the same messages at webhook and broker", func() string {
		a, b := h.receiver.IDs(), broker.IDs()
		if !slices.Equal(a, b) || len(h.receiver.Messages("result")) < delivered {
			return fmt.Sprintf("webhook %d, broker %d:\n%v\n%v", len(a), len(b), a, b)
		}
		return ""
	})
	for _, id := range broker.IDs() {
		parts := strings.Split(id, "/") // scheduler, start, kind, generation
		if want := "millwright/e2e/s/" + parts[2]; broker.Topic(id) != want {
			h.t.Errorf("%s was at %s", id, broker.Topic(id))
		}
	}
}

// filed reads the files of the csv sink: each row of each result once, in the
// results' order, and each event's and alarm's message once.
func (h *homecoming) filed(dir string) {
	h.t.Helper()
	rows := map[string]int{}
	for _, w := range h.plant.windows {
		if state, _ := w.state(); state != "delivered" {
			continue
		}
		for _, r := range w.rows {
			rows[r.at.UTC().Format(time.RFC3339)+" s/"+stampOf(w.start)+"/result/1"]++
		}
	}
	messages := map[string]int{}
	for _, id := range h.receiver.IDs() {
		messages[id]++
	}
	for _, path := range h.files(dir) {
		for _, line := range table(h.t, path) {
			if strings.HasPrefix(filepath.Base(path), "20") {
				rows[line[0]+" "+line[8]]--
			} else {
				messages[line[0]]--
			}
		}
	}
	for row, n := range rows {
		if n != 0 {
			h.t.Errorf("row %s is there %d times too few", row, n)
		}
	}
	for id, n := range messages {
		if n != 0 && !strings.Contains(id, "/result/") {
			h.t.Errorf("message %s is there %d times too few", id, n)
		}
	}
}

func (h *homecoming) files(dir string) []string {
	h.t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "s", "*.csv"))
	if err != nil || len(all) == 0 {
		h.t.Fatalf("files %v, %v", all, err)
	}
	return all
}

// table reads a file without its header.
func table(t *testing.T, path string) [][]string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	all, err := csv.NewReader(file).ReadAll()
	if err != nil || len(all) == 0 {
		t.Fatalf("%s: %v", path, err)
	}
	return all[1:]
}
