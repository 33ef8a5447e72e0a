package upload

import "time"

// gateAfter failures in a row, without a success between, a gate closes.
const gateAfter = 3

// gate lets one attempt through at a time while everything behind it fails for
// the same reason: in an outage of days ten thousand windows do not each knock
// at the door, and all of them go as soon as one gets through.
type gate struct {
	fails  int // in a row
	closed bool
	probe  *item     // under way
	next   time.Time // of the next probe
	since  time.Time
	what   string
	remedy string
}

// shut reports whether nothing may pass now.
func (g *gate) shut(real time.Time) bool {
	return g.closed && (g.probe != nil || g.next.After(real))
}

// fail counts an attempt that failed. Those that were under way when the gate
// closed make no pause longer.
func (g *gate) fail(probe bool, real time.Time, left time.Duration, what, remedy string) {
	g.what, g.remedy = what, remedy
	if g.closed && !probe {
		return
	}
	if g.fails == 0 {
		g.since = real
	}
	g.fails++
	if g.fails >= gateAfter {
		g.closed = true
		g.next = real.Add(pause(g.fails-gateAfter+1, left, gatePause))
	}
}

// back tells that an item's attempt is over, and reports whether it was the
// gate's probe.
func (g *gate) back(it *item) bool {
	was := g.probe == it
	if was {
		g.probe = nil
	}
	return was
}

// open reports whether the gate was closed.
func (g *gate) open() bool {
	was := g.closed
	*g = gate{}
	return was
}
