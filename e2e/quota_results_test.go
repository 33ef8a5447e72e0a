package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"millwright/e2e/harness"
	"millwright/e2e/oracle"
)

// TestResultsMakeRoomForDrops has a result of 3 MiB a day until limits.state has no
// room for the next drop. Then the oldest day's leaves the site, and no more than
// that: drops are taken all the time, results stay that a sink has still to get, and
// what is gone from the site is in the bucket, and known.
func TestResultsMakeRoomForDrops(t *testing.T) {
	t.Parallel()
	const (
		quota = 32 << 20
		heard = 4 // days whose results the webhook takes before it is ill
		most  = 12
		day   = 24 * time.Hour
	)
	receiver, historian := harness.NewReceiver(t), t.TempDir()
	f, s := stream(), pump()
	s.Components, s.Default = []string{f.component}, oracle.Treatment{Aggregate: "mean", NoFill: true}
	sc := bare(t, s, nil, 1, begin().Add(most*day), func(c *harness.Setup) {
		c.Top = limits("32MiB")
		c.Top["sinks"] = []any{
			map[string]any{"kind": "webhook", "what": []string{"results"}, "url": receiver.URL + "/hook"},
			map[string]any{"kind": "csv", "what": []string{"results"}, "dir": historian},
		}
	})
	home := &homecoming{scene: sc, receiver: receiver}
	sc.begin()
	gone := 0 // days whose result has left the site
	days := 0
	for ; gone < 2; days++ {
		if days == most {
			t.Fatalf("%d days of results, and no room was needed", days)
		}
		start := begin().Add(time.Duration(days) * day)
		d := drop{Path: fmt.Sprintf("mill/%d.csv", days), Component: f.component, At: start.Add(s.Frequency + time.Second), Content: f.file(start, start.Add(s.Frequency))}
		sc.plan = append(sc.plan, d)
		sc.want[s.Key(f.component, start)] = f.object(start, s.Frequency, s.Rate)
		sc.clock.Until(d.At)
		sc.put(d)
		sc.taken(d)
		sc.arrived(start)
		left, held := home.days(), used(t, sc.agent.State())
		was := gone
		if gone = days - len(left); gone < was || gone > heard || !slices.Equal(left, names(gone, days)) {
			t.Fatalf("day %d: on site are %q, after %d had gone", days, left, was)
		}
		if held > quota || gone > was && held < quota-8<<20 {
			t.Errorf("day %d: %.1f MiB are in the state folder, after %d days' results have gone", days, mib(held), gone-was)
		}
		sc.clock.Until(start.Add(s.Frequency + s.Delay + time.Second))
		if days == heard {
			receiver.Ill(true)
		}
		home.leave(large(start))
		sc.clock.Advance(10 * time.Second) // it is looked for a while after the wake-up
		home.marked(start, "delivered")
		if days < heard {
			sc.agent.Await("the webhook", func() string { return lacking(receiver, days+1) })
		}
	}
	if words := sc.attention("limits.state"); words == "" {
		t.Error("status asks for room, although there was some")
	}
	for i, state := range home.known(days) {
		if pruned := strings.Contains(state.Reason, "pruned"); state.State != "delivered" || pruned != (i < gone) {
			t.Errorf("day %d, of %d that are gone: %+v", i, gone, state)
		}
	}
	receiver.Ill(false)
	sc.killed()
	sc.agent.Await("the webhook", func() string { return lacking(receiver, days) })
	if left := home.days(); len(left) < days-heard || !slices.Equal(left, names(days-len(left), days)) {
		t.Errorf("in the end on site are %q", left)
	}
	for i := range days {
		key, content := large(begin().Add(time.Duration(i) * day))
		sc.want[key] = content
	}
	sc.finish()
}

// large is a window's result of 3 MiB, with its key.
func large(start time.Time) (key string, content []byte) {
	var b bytes.Buffer
	for m := 1; m <= 5; m++ {
		at := start.Add(time.Duration(m) * time.Minute)
		fmt.Fprintf(&b, `{"timestamp": %q, "prediction": 0, "prediction_reason": "NO_ANOMALY_DETECTED", "anomaly_score": 0.125, "diagnostics": [{"name": "mill\\s000", "value": 1.0}], "note": %q}`+"\n",
			at.Format("2006-01-02T15:04:05.000000"), strings.Repeat("-", 3<<20/5))
	}
	return "out/s/" + start.Format("2006-01-02T15:04:05") + "Z/results.jsonl", b.Bytes()
}

// names are those of the folders of days from one to before another.
func names(from, to int) []string {
	var all []string
	for d := from; d < to; d++ {
		all = append(all, begin().AddDate(0, 0, d).Format(time.DateOnly))
	}
	return all
}

// days are those that have results on site.
func (h *homecoming) days() (days []string) {
	h.t.Helper()
	for _, path := range files(h.t, filepath.Join(h.agent.State(), "results")) {
		if st, err := os.Stat(path); err == nil && st.Size() > 3<<20 {
			days = append(days, filepath.Base(filepath.Dir(path)))
		}
	}
	slices.Sort(days)
	return days
}

// known is what is known of the first window of each of these days.
func (h *homecoming) known(days int) []line {
	h.t.Helper()
	windows, _, err := h.lines()
	if err != nil {
		h.t.Fatal(err)
	}
	all := make([]line, days)
	for d := range all {
		all[d] = windows[begin().AddDate(0, 0, d)]
	}
	return all
}

// lacking is "" when the results of so many windows were sent.
func lacking(r *harness.Receiver, windows int) string {
	if n := len(r.Messages("result")); n != windows {
		return fmt.Sprintf("it has %d results of %d", n, windows)
	}
	return ""
}
