package upload

import "time"

// gateAfter failures in a row, without a success between, a gate closes.
const gateAfter = 3

// gate lets one attempt through at a time while everything behind it fails for
// the same reason: in an outage of days ten thousand windows do not each knock
// at the door, and all of them go as soon as one gets through.
type gate struct {
	fails   int // in a row
	closed  bool
	probing bool
	next    time.Time // of the next probe
	since   time.Time
	what    string
	remedy  string
}

// shut reports whether nothing may pass now.
func (g *gate) shut(real time.Time) bool {
	return g.closed && (g.probing || g.next.After(real))
}

func (g *gate) fail(real time.Time, left time.Duration, what, remedy string) {
	if g.fails == 0 {
		g.since = real
	}
	g.fails++
	g.what, g.remedy = what, remedy
	if g.fails >= gateAfter {
		g.closed = true
		g.next = real.Add(pause(g.fails-gateAfter+1, left, gatePause))
	}
}

// open reports whether the gate was closed.
func (g *gate) open() bool {
	was := g.closed
	*g = gate{}
	return was
}
