package e2e

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"millwright/e2e/harness"
	"millwright/e2e/oracle"
)

// logged is a small file of five minutes with values of which every prefix is another
// number.
func logged() []byte {
	return []byte("Timestamp,flow,speed\n" +
		"2026-01-05T08:00:30Z,12.75,-3071\n" +
		"2026-01-05T08:01:30Z,,88.125\n" +
		"2026-01-05T08:02:30Z,1.5e3,7\n" +
		"2026-01-05T08:04:10.25Z,0.0625,93.5\n")
}

// TestFlushAtEveryByte stops a logger's writing at every position of a small file,
// each in a component of its own, for longer than the settle time and over the latest
// time: what is in the bucket then are the whole lines. Then the rest is written, and
// the windows are what the whole file says.
func TestFlushAtEveryByte(t *testing.T) {
	t.Parallel()
	content := logged()
	s := pump()
	s.Delay, s.Margin = 10*time.Minute, 5*time.Minute
	s.Components = nil
	var plan, part []drop
	for cut := range len(content) + 1 {
		component := fmt.Sprintf("cut%03d", cut)
		s.Components = append(s.Components, component)
		d := drop{Path: component + "/log.csv", Component: component, At: begin().Add(5 * time.Minute), Content: content}
		plan = append(plan, d)
		if d.Content = content[:bytes.LastIndexByte(content[:cut], '\n')+1]; len(d.Content) > 0 {
			part = append(part, d)
		}
	}
	sc := stage(t, s, plan, 1, begin().Add(5*time.Minute), func(c *harness.Setup) {
		c.Settle = 100 * time.Millisecond
		c.Drops = map[string]any{"csv": map[string]any{"header": "1"}}
	})
	before := sc.expected(part, 10*time.Minute+2*time.Second)
	sc.grows = true
	sc.begin()
	for cut, d := range plan {
		sc.agent.Append(d.Path, content[:cut])
		sc.puts[d.Path]++
	}
	sc.clock.Until(begin().Add(10*time.Minute + time.Second)) // the latest time
	sc.agent.Await("the whole lines", func() string { return sc.bucket.Differences(t, before) })
	time.Sleep(time.Second)
	if words := sc.bucket.Differences(t, before); words != "" {
		t.Errorf("after the settle time:\n%s", words)
	}
	sc.killed()
	for cut, d := range plan {
		sc.agent.Append(d.Path, content[cut:])
	}
	sc.clock.Advance(time.Minute) // sealing again is coalesced
	first := map[string][]byte{}
	for _, c := range s.Components {
		first[s.Key(c, begin())] = sc.want[s.Key(c, begin())]
	}
	sc.agent.Await("the whole files", func() string { return sc.bucket.Missing(t, first) })
	sc.clock.Until(sc.end)
	sc.finish()
}

// expected applies the rulings to other drops than the plan's, for an agent that
// runs until after begin.
func (sc *scene) expected(plan []drop, after time.Duration) map[string][]byte {
	sc.t.Helper()
	want, err := sc.s.Expect(plan, oracle.Life{First: begin(), End: begin().Add(after)})
	if err != nil {
		sc.t.Fatal(err)
	}
	return want.Objects
}

// TestFileGrowsByteByByte is one file that is never whole for long. At each step the
// bucket may hold only values that were completely written.
func TestFileGrowsByteByByte(t *testing.T) {
	t.Parallel()
	content := logged()
	s := pump()
	s.Components = []string{"pump-7"}
	s.Delay, s.Margin = time.Hour, 30*time.Minute
	d := drop{Path: "pump-7/log.csv", Component: "pump-7", At: begin().Add(5 * time.Minute), Content: content}
	sc := stage(t, s, []drop{d}, 1, begin().Add(5*time.Minute), func(c *harness.Setup) { c.Settle = 100 * time.Millisecond })
	sc.grows = true
	sc.begin()
	sc.puts[d.Path]++
	key := s.Key("pump-7", begin())
	sc.clock.Until(begin().Add(35*time.Minute + time.Second)) // each whole line seals the window again
	for i := range content {
		sc.agent.Append(d.Path, content[i:i+1])
		time.Sleep(130 * time.Millisecond)
		sc.clock.Advance(11 * time.Second)
		if i%8 == 3 {
			sc.killed()
		}
		got, err := sc.bucket.Get(t.Context(), key)
		if err != nil {
			continue // not yet sealed
		}
		if !sc.partly(got, content[:i+1]) {
			t.Fatalf("after %d bytes %q the window is:\n%s", i+1, content[:i+1], got)
		}
	}
	sc.agent.Await("the whole file", func() string {
		return sc.bucket.Missing(t, map[string][]byte{key: sc.want[key]})
	})
	sc.clock.Until(sc.end)
	sc.finish()
}

// partly tells whether a window is what some number of whole lines say.
func (sc *scene) partly(got, content []byte) bool {
	for end := range content {
		if content[end] != '\n' {
			continue
		}
		d := sc.plan[0]
		d.Content = content[:end+1]
		for _, o := range sc.expected([]drop{d}, 36*time.Minute) {
			if bytes.Equal(o, got) {
				return true
			}
		}
	}
	return false
}
