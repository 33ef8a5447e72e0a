package harness

import (
	"encoding/json"
	"testing"
	"time"
)

func TestBinaryIsTheGatewaysBuild(t *testing.T) {
	var b Builder
	clock := NewClock(t, time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC), 1)
	a := NewAgent(t, b.Binary(t), clock, Setup{})
	out := a.Verb("version", "--json")
	var facts struct{ Build string }
	if err := json.Unmarshal([]byte(out.Stdout), &facts); err != nil || out.Code != 0 {
		t.Fatalf("%+v: %v", out, err)
	}
	if facts.Build != "agent" {
		t.Errorf("got the %s build", facts.Build)
	}
}

func TestClockNeverGoesBackByItself(t *testing.T) {
	from := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	c := NewClock(t, from, 0)
	if !c.Now().Equal(from) {
		t.Errorf("stands at %s", c.Now())
	}
	c.Advance(time.Hour)
	c.Until(from)
	c.Until(from.Add(2 * time.Hour))
	if got := c.Now(); !got.Equal(from.Add(2 * time.Hour)) {
		t.Errorf("got %s", got)
	}
	c.Step(-time.Minute)
	begun := time.Now()
	c.Pace(1000)
	time.Sleep(20 * time.Millisecond)
	got := c.Now().Sub(from.Add(2*time.Hour - time.Minute))
	if most := 1000 * time.Since(begun); got < 20*time.Second || got > most {
		t.Errorf("at least 20 ms at pace 1000, and at most %s of it, moved it by %s", most, got)
	}
}
