package series

import (
	"time"

	"millwright/internal/window"
)

// Grid is where bins lie: labels are the UTC multiples of Rate, and every bin
// is one Rate long. Under window.LabelEnd label L holds L-Rate < t <= L, under
// window.LabelStart L <= t < L+Rate.
type Grid struct {
	Rate  time.Duration // above 0
	Label window.Label
}

// LabelOf gives the label (Unix ns) of the bin that holds the instant t.
func (g Grid) LabelOf(t int64) int64 {
	r := int64(g.Rate)
	label := t - t%r
	switch {
	case g.Label == window.LabelStart && t < label:
		label -= r
	case g.Label == window.LabelEnd && t > label:
		label += r
	}
	return label
}

// last gives the last instant that a label's bin holds.
func (g Grid) last(label int64) int64 {
	if g.Label == window.LabelStart {
		return label + int64(g.Rate) - 1
	}
	return label
}

// edge gives the bin's end as gaps are measured: the label itself, or one Rate
// after a label that names the start.
func (g Grid) edge(label int64) int64 {
	if g.Label == window.LabelStart {
		return label + int64(g.Rate)
	}
	return label
}

// DefaultMaxGap is how long a value is held when nothing else is set: three
// bins, at least a minute.
func (g Grid) DefaultMaxGap() time.Duration {
	return max(3*g.Rate, time.Minute)
}
