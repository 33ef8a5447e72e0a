package detect

import (
	"math"
	"slices"

	"millwright/inference/detect/frame"
)

// Fence is where a sensor's believable readings end. What lies outside is no reading for
// training. A row that is scored is told by it: a code that training has met is no reading
// there either; anything else outside stands at the fence, so that a broken sensor is
// found, and one such reading does not outweigh all that follows.
type Fence struct {
	Low   float64   `json:"low"`
	High  float64   `json:"high"`
	Codes []float64 `json:"codes,omitempty"` // values outside that stand for no reading
}

// Voided is a sensor of which some readings of the history lie outside its fence.
type Voided struct {
	Sensor   frame.Name `json:"sensor"`
	Readings int        `json:"readings"`
	Codes    []float64  `json:"codes,omitempty"`
}

const (
	// rare is the share of readings, at either end, that may lie outside a fence.
	rare = 0.005
	// fenceAway is how far beyond the others they lie, in widths of all others.
	fenceAway = 10
	// maxCodes is how many codes a sensor may have; a value is one when it comes again.
	maxCodes = 4
)

// usualCodes are what devices write when they have no reading. These may be frequent.
func usualCodes() []float64 {
	return []float64{-999, 999, -9999, 9999, -99999, 99999, -999999, 999999, 65535, 32767, -32768, 4294967295, 2147483647, -2147483648}
}

// open is a fence that lets everything through.
func open() Fence { return Fence{Low: -largest, High: largest} }

// fenceOf finds a sensor's fence from a sample of its readings. A sensor that hardly
// ever moves has none.
func fenceOf(values []float64) Fence {
	values = slices.DeleteFunc(slices.Clone(values), math.IsNaN)
	usual := slices.Clone(values)
	for _, code := range usualCodes() {
		if !slices.Contains(usual, code) {
			continue
		}
		others := slices.DeleteFunc(slices.Clone(usual), func(v float64) bool { return v == code })
		if f := around(others); len(others) >= len(usual)*2/3 && !f.holds(code) {
			usual = others
		}
	}
	return around(usual)
}

// around is fenceAway widths on either side of all but the rare ends.
func around(values []float64) Fence {
	low, high := quantile(values, rare), sortedQuantile(values, 1-rare)
	width := high - low
	if !(width > 0) || math.IsInf(width, 0) {
		return open()
	}
	return Fence{Low: max(low-fenceAway*width, -largest), High: min(high+fenceAway*width, largest)}
}

func (f Fence) holds(v float64) bool { return v >= f.Low && v <= f.High }

// clip brings a reading to the fence.
func (f Fence) clip(v float64) float64 { return min(max(v, f.Low), f.High) }

// outside counts the values outside a fence, those that come again by value.
type outside struct {
	n      int
	values map[float64]int // at most manyValues
}

const manyValues = 64

func (o *outside) add(v float64) {
	o.n++
	if o.values == nil {
		o.values = map[float64]int{}
	}
	if _, known := o.values[v]; known || len(o.values) < manyValues {
		o.values[v]++
	}
}

// codes are the values that came again, the most frequent first. 0 is none: machines
// that stand still have it too.
func (o *outside) codes() []float64 {
	var list []float64
	for v, n := range o.values {
		if n > 1 && v != 0 {
			list = append(list, v)
		}
	}
	slices.SortFunc(list, func(a, b float64) int {
		if o.values[a] != o.values[b] {
			return o.values[b] - o.values[a]
		}
		if a < b {
			return -1
		}
		return 1
	})
	return list[:min(len(list), maxCodes)]
}
