package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// A picture's own units: it is stretched to the page's width, its text stands beside it.
const (
	wide = 1200
	high = 200
	sure = 0.5 // the score above which a row is anomalous
)

// outline draws an envelope: along the highs and back along the lows of every run of
// stretches that have a score.
func outline(e envelope) string {
	var b []byte
	x := wide / float64(max(len(e.cells), 1))
	for i := 0; i < len(e.cells); i++ {
		j := i
		for j < len(e.cells) && e.cells[j].n > 0 {
			j++
		}
		if i == j {
			continue
		}
		b = append(b, 'M')
		for k := i; k < j; k++ {
			b = stair(b, x*float64(k), x*float64(k+1), e.cells[k].high, len(e.cells) < 300)
		}
		for k := j - 1; k >= i; k-- {
			b = stair(b, x*float64(k+1), x*float64(k), e.cells[k].low, len(e.cells) < 300)
		}
		b = append(b, 'Z')
		i = j
	}
	return string(b)
}

// stair adds a stretch to a path: a step, or a point in its middle where stretches are
// so few that steps would be seen.
func stair(b []byte, from, to, score float64, smooth bool) []byte {
	y := height(score)
	if smooth {
		return point(b, (from+to)/2, y)
	}
	return point(point(b, from, y), to, y)
}

func height(score float64) float64 { return high * (1 - score) }

func point(b []byte, x, y float64) []byte {
	b = strconv.AppendFloat(b, math.Round(10*x)/10, 'f', -1, 64)
	b = append(b, ',')
	b = strconv.AppendFloat(b, math.Round(10*y)/10, 'f', -1, 64)
	return append(b, ' ')
}

// band is a stretch of time on a picture, in its units.
type band struct {
	X, Width float64
	Title    string
	Kind     string // class of the style sheet
}

// bandOf places a range; false when it lies outside.
func bandOf(e envelope, from, to int64) (band, bool) {
	a, b := max(from, e.from), min(to+e.width, e.to())
	if a >= b {
		return band{}, false
	}
	all := float64(e.to() - e.from)
	w := math.Max(wide*float64(b-a)/all, 2)
	return band{X: round(math.Min(wide*float64(a-e.from)/all, wide-w)), Width: round(w)}, true
}

// offBands are the runs of stretches in which the machine was off most of the time.
func offBands(e envelope) []band {
	var all []band
	x := wide / float64(max(len(e.cells), 1))
	for i := 0; i < len(e.cells); i++ {
		j := i
		for j < len(e.cells) && e.cells[j].off > e.cells[j].n {
			j++
		}
		if j > i {
			all = append(all, band{X: round(x * float64(i)), Width: round(x * float64(j-i))})
			i = j
		}
	}
	return all
}

// tick is a mark of the time axis.
type tick struct {
	At   float64 // percent of the width
	X    float64 // in the picture's units
	Text string
}

// ticks puts at most n marks at round instants.
func ticks(from, to int64, n int) []tick {
	form, next := axis(time.Duration(to-from), n)
	var all []tick
	for t := next(time.Unix(0, from).UTC().Add(-time.Nanosecond)); t.UnixNano() <= to; t = next(t) {
		at := float64(t.UnixNano()-from) / float64(max(to-from, 1))
		if at < 0.02 || at > 0.98 {
			continue // its text would hang over the edge
		}
		all = append(all, tick{round(100 * at), round(wide * at), t.Format(form)})
	}
	return all
}

// axis chooses a step that gives at most n marks, and their form.
func axis(span time.Duration, n int) (form string, next func(time.Time) time.Time) {
	const day = 24 * time.Hour
	for _, step := range []time.Duration{
		time.Second, 5 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, day, 2 * day, 7 * day, 14 * day,
	} {
		if span/step >= time.Duration(n) {
			continue
		}
		form = "2 Jan"
		switch {
		case step < time.Minute:
			form = "15:04:05"
		case span < day:
			form = "15:04"
		case step < day:
			form = "2 Jan 15:04"
		}
		return form, func(t time.Time) time.Time { return t.Truncate(step).Add(step) }
	}
	months := 1
	for span/(30*day)/time.Duration(months) >= time.Duration(n) {
		months++
	}
	return "Jan 2006", func(t time.Time) time.Time {
		return time.Date(t.Year(), t.Month()+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	}
}

// A histogram's units.
const (
	histBins = 40
	histHigh = 60
)

// histogram is a sensor's values in and out of events, each with the same area.
type histogram struct {
	Name            string
	Share           float64 // of the events, in percent
	Inside, Outside string  // paths
	Low, Middle     string
	High            string
}

// histogramOf counts samples between their outer thousandths.
func histogramOf(inside, outside []float32) histogram {
	low, top := math.Inf(1), math.Inf(-1)
	for _, v := range [][]float32{inside, outside} {
		if sorted := slices.Sorted(finite(v)); len(sorted) > 0 {
			low = math.Min(low, float64(sorted[len(sorted)/1000]))
			top = math.Max(top, float64(sorted[len(sorted)-1-len(sorted)/1000]))
		}
	}
	if low > top {
		return histogram{}
	}
	if low == top {
		low, top = low-0.5, top+0.5
	}
	h := histogram{Low: number(low), Middle: number((low + top) / 2), High: number(top)}
	in, out := count(inside, low, top), count(outside, low, top)
	peak := slices.Max(append(slices.Clone(in), out...))
	h.Inside, h.Outside = bars(in, peak), bars(out, peak)
	return h
}

func finite(v []float32) func(func(float32) bool) {
	return func(yield func(float32) bool) {
		for _, x := range v {
			if !math.IsNaN(float64(x)) && !math.IsInf(float64(x), 0) && !yield(x) {
				return
			}
		}
	}
}

// count gives the share of the values in each bin; those outside are in the outer bins.
func count(v []float32, low, top float64) []float64 {
	bins, n := make([]float64, histBins), 0.0
	for x := range finite(v) {
		bins[int(math.Max(0, math.Min(histBins-1, histBins*(float64(x)-low)/(top-low))))]++
		n++
	}
	for i := range bins {
		bins[i] /= math.Max(n, 1)
	}
	return bins
}

func bars(bins []float64, peak float64) string {
	if slices.Max(bins) == 0 {
		return ""
	}
	b := point([]byte("M"), 0, histHigh)
	for i, v := range bins {
		y := histHigh * (1 - 0.95*v/peak)
		b = point(point(b, float64(5*i), y), float64(5*i+5), y)
	}
	return string(append(point(b, 5*histBins, histHigh), 'Z'))
}

func round(v float64) float64 { return math.Round(100*v) / 100 }

func number(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }

// length says how long something takes.
func length(ns float64) string {
	d := time.Duration(ns)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%.3g s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.3g min", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.3g h", d.Hours())
	}
	return fmt.Sprintf("%.3g days", d.Hours()/24)
}
