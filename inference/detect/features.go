package detect

import (
	"math"

	"millwright/inference/detect/frame"
)

// basis is what turns rows into vectors. It is fixed before anything is fitted.
type basis struct {
	columns []int   // of the source, one for each sensor that serves
	fences  []Fence // one for each column of the source
	spans   Spans
	modes   Modes // by index of the sensors that serve
	scale   Scale // to fill by
	fill    []float64
}

// vector is a row as the members see it.
type vector struct {
	label   int64
	state   frame.State
	fresh   bool      // no row right before it
	mode    int       //
	guessed bool      // the sensor that sets the mode is missing
	pilot   float64   // that sensor's smoothed value
	reading float64   // and its value as it was read
	present []bool    // sensors with a value
	count   int       // how many
	lagged  bool      // the rows before it are there too
	values  []float64 // the sensors, smoothed and filled, then those of the row before, and so on
}

// features makes vectors of rows. What it gives for a row depends on that row and
// at most Lags + reach*Input - 1 rows before it.
type features struct {
	*basis
	d      int
	weight []float64
	inputs *ring // held values, not smoothed
	holes  int   // rows since the last one with a hole, to smooth complete stretches faster
	lags   *ring // smoothed and filled values
	filler *fill
	state  frame.State
	v      vector
	z      []float64
}

// largest is the largest value of a sensor: sums of such values are still finite.
const largest = 1e100

func newFeatures(b *basis) *features {
	d := len(b.columns)
	f := &features{
		basis: b, d: d, weight: kernel(b.spans.Input),
		inputs: newRing(reach*b.spans.Input, d), lags: newRing(Lags+1, d),
		z: make([]float64, d),
		v: vector{present: make([]bool, d), values: make([]float64, (Lags+1)*d)},
	}
	if b.fill != nil {
		f.filler = newFill(b.fill, d)
	}
	return f
}

// add gives the vector of the next row, valid until the next call. A stopped row has
// no values. Smoothing and lags begin anew after off, after the restart time and
// after a gap.
func (f *features) add(r frame.Row) *vector {
	v := &f.v
	v.label, v.state, v.fresh = r.Label, r.State, r.Fresh
	if r.Fresh || r.State != f.state {
		f.inputs.clear()
		f.lags.clear()
	}
	f.state = r.State
	v.count, v.lagged = 0, false
	if r.State == frame.Stopped {
		return v
	}
	in := f.inputs.push()
	for j, c := range f.columns {
		in[j] = f.fences[c].clip(r.Values[c])
		v.present[j] = !math.IsNaN(in[j])
		if v.present[j] {
			v.count++
		}
	}
	v.reading = in[f.modes.Sensor]
	now := f.lags.push()
	f.smooth(now)
	f.settle(now)
	v.lagged = f.lags.size() == Lags+1
	for i := range f.lags.size() {
		copy(v.values[i*f.d:], f.lags.row(i))
	}
	return v
}

// smooth writes the weighted mean of each sensor over the rows in which it has a
// value, NaN where the newest row has none.
func (f *features) smooth(dst []float64) {
	n := f.inputs.size()
	if f.v.count < f.d {
		f.holes = 0
	} else if f.holes++; f.holes >= n {
		f.smoothComplete(dst, n)
		return
	}
	for j := range dst {
		var sum, weight float64
		for i := range n {
			if x := f.inputs.row(i)[j]; !math.IsNaN(x) {
				sum += f.weight[i] * x
				weight += f.weight[i]
			}
		}
		dst[j] = sum / weight
		if !f.v.present[j] {
			dst[j] = math.NaN()
		}
	}
}

// smoothComplete does the same, in the same order of adding, for rows without holes.
func (f *features) smoothComplete(dst []float64, n int) {
	clear(dst)
	var weight float64
	for i := range n {
		addScaled(dst, f.weight[i], f.inputs.row(i))
		weight += f.weight[i]
	}
	for j := range dst {
		dst[j] /= weight
	}
}

// settle finds the mode and fills what is missing.
func (f *features) settle(now []float64) {
	v := &f.v
	v.pilot = now[f.modes.Sensor]
	v.mode, v.guessed = f.modes.Of(v.pilot), math.IsNaN(v.pilot)
	if v.count == f.d || f.filler == nil {
		return
	}
	if v.guessed && f.modes.Count() > 1 {
		v.mode = f.likeliest(now)
	}
	f.scale.apply(f.z, now, v.mode)
	f.filler.complete(f.z, v.present)
	for j := range now {
		if !v.present[j] {
			now[j] = f.scale.Center[v.mode][j] + f.scale.Spread[v.mode][j]*f.z[j]
		}
	}
}

// likeliest gives the mode in which the sensors present are least surprising: the
// least zᵀPz + 2 Σ log spread.
func (f *features) likeliest(now []float64) int {
	best, least := f.modes.Count(), math.Inf(1)
	for m := range f.modes.Count() {
		f.scale.apply(f.z, now, m)
		cost := f.filler.complete(f.z, f.v.present)
		for j, p := range f.v.present {
			if p {
				cost += 2 * math.Log(f.scale.Spread[m][j])
			}
		}
		if cost < least {
			best, least = m, cost
		}
	}
	return best
}
