package detect

import (
	"math"

	"millwright/inference/detect/moments"
)

// known tells how many degrees of freedom the spread of each sensor's residuals has: how
// many independent values it was taken from, less one. A sensor that wanders slowly
// shows few, however many rows there are, and may come far outside what it has shown.
type known struct {
	others, lagged []float64 // of the ridges' residuals
	sensors        []float64 // of the sensors themselves
}

// wellKnown is how many degrees of freedom are as good as any number.
const wellKnown = 1000

// surprise tells how unusual a residual is whose square is e, in units of a variance
// that is known to so many degrees of freedom. By Student's t that is
// (known+1) log(1 + e/known), which is e where the variance is well known.
func surprise(e, known float64) float64 {
	if known >= wellKnown {
		return e
	}
	return (known + 1) * math.Log1p(e/known)
}

// knownOf asks what each fit leaves of the fold that it has not seen.
func knownOf(folds [][]*moments.Moments, fits []*fit, d int) known {
	p := (Lags + 1) * d
	others, lagged, sensors := newWander(d), newWander(d), newWander(d)
	whole := scaleOf(except(folds, -1), d)
	for i, f := range fits {
		c, n := f.scale.pool(folds[i])
		mean := f.scale.mean(folds[i])
		others.add(n, f.others.spread(corner(c, p, d), d, d), f.others.apply(mean[:d]))
		lagged.add(n, f.lagged.spread(c, p, d), f.lagged.apply(mean))
		c, n = whole.pool(folds[i])
		sensors.add(n, diagonal(c, p, d), whole.mean(folds[i])[:d])
	}
	return known{others.freedom(), lagged.freedom(), sensors.freedom()}
}

// diagonal gives the roots of the first d entries of a p by p matrix's diagonal.
func diagonal(c []float64, p, d int) []float64 {
	v := make([]float64, d)
	for j := range v {
		v[j] = root(c[j*p+j])
	}
	return v
}

// wander sums up squares over the parts of a history, and the squares of the parts' means.
type wander struct {
	parts           float64
	square, between []float64
}

func newWander(d int) *wander {
	return &wander{square: make([]float64, d), between: make([]float64, d)}
}

// add takes in a part: its rows, their root mean squares and means.
func (w *wander) add(n float64, rms, mean []float64) {
	w.parts++
	for j := range rms {
		w.square[j] += n * rms[j] * rms[j]
		w.between[j] += n * mean[j] * mean[j]
	}
}

// freedom gives the degrees of freedom. The mean of n independent values has an nth of
// the variance of one, so the squares over those of the parts' means tell how many each
// part has; at least one.
func (w *wander) freedom() []float64 {
	v := make([]float64, len(w.square))
	for j := range v {
		v[j] = freedom(w.parts, w.square[j], w.between[j])
	}
	return v
}

func freedom(parts, square, between float64) float64 {
	return min(max(parts*square/positive(between)-1, parts-1), wellKnown)
}

// known is what a fit was told by know.
func (f *fit) known() known {
	if f == nil {
		return known{}
	}
	return known{f.others.Known, f.lagged.Known, f.pca.Sensors}
}

// know takes what the members' residuals are held against.
func (f *fit) know(k known) {
	f.others.Known, f.lagged.Known = k.others, k.lagged
	f.pca.know(k.sensors, f.d)
}
