package oracle

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// window gives the bytes of a window's object at the end, nil for none, and the
// values that came too late for it.
func (c *history) window(start time.Time) ([]byte, []Value) {
	until, sealed := c.closing(start)
	if !sealed {
		return nil, nil
	}
	var late []Value
	for _, v := range c.values {
		if v.taken.After(until) && c.holds(start, start.Add(c.Frequency), v.Time) {
			late = append(late, v)
		}
	}
	return c.object(start, c.upto(until)), late
}

// closing tells until when values that are taken are still in the window, and
// whether it is ever sealed.
func (c *history) closing(start time.Time) (until time.Time, sealed bool) {
	wake := c.wake(start)
	for _, at := range c.instants(c.latest(start)) {
		if !at.Before(wake) {
			break
		}
		if c.ready(start, at) && c.object(start, c.upto(at)) != nil {
			// In time: rows count until the cut-off, or until it was sealed if that was later.
			return latest(c.cutoff(start).Add(-1), at), at.Before(c.life.End)
		}
	}
	// Overdue: the first moment at which it has something to say and no row has
	// come for it for a whole period.
	for _, at := range c.instants(wake) {
		if at = c.up(at); !at.Before(wake) && c.quiet(start, at) && c.object(start, c.upto(at)) != nil {
			return at, at.Before(c.life.End)
		}
	}
	return time.Time{}, false
}

// quiet tells whether no row has come for a window in the period before at.
func (c *history) quiet(start, at time.Time) bool {
	for _, v := range c.upto(at) {
		if v.taken.Add(c.Frequency).After(at) && c.holds(start, start.Add(c.Frequency), v.Time) {
			return false
		}
	}
	return true
}

// instants are the moments at which a window may become ready to be sealed, in
// order: at forced, when drops are taken, and a period after that.
func (c *history) instants(forced time.Time) []time.Time {
	all := []time.Time{c.up(forced)}
	var last time.Time
	for _, v := range c.values {
		if !v.taken.Equal(last) {
			last = v.taken
			all = append(all, last, last.Add(c.Frequency))
		}
	}
	slices.SortFunc(all, time.Time.Compare)
	return slices.CompactFunc(all, time.Time.Equal)
}

// ready tells whether a window is to be sealed at an instant.
func (c *history) ready(start, at time.Time) bool {
	return !at.Before(c.latest(start)) || !c.watermark(at).Before(start.Add(c.Frequency))
}

// watermark is the lowest of the sensors' latest rows. Sensors that are two
// windows behind the newest one are left out.
func (c *history) watermark(at time.Time) time.Time {
	if w, ok := c.watermarks[at]; ok {
		return w
	}
	newest := map[string]time.Time{}
	var top time.Time
	for _, v := range c.upto(at) {
		newest[v.Sensor] = latest(newest[v.Sensor], v.Time)
		top = latest(top, v.Time)
	}
	low := top
	for _, t := range newest {
		if t.Before(low) && t.After(top.Add(-2*c.Frequency)) {
			low = t
		}
	}
	c.watermarks[at] = low
	return low
}

// object computes a window's CSV from values, nil when it has nothing to say.
func (c *history) object(start time.Time, values []Value) []byte {
	columns := c.columns(values)
	n := int(c.Frequency / c.Rate)
	cells := make([][]float64, len(columns))
	said := false
	sensors := c.bySensor(values, start.Add(c.Frequency))
	for i, sensor := range columns {
		cells[i] = c.cells(start, n, sensors[sensor], c.treatment(sensor))
		said = said || slices.ContainsFunc(cells[i], func(v float64) bool { return !math.IsNaN(v) })
	}
	if !said || c.RealRows && !c.real(start, values) {
		return nil
	}
	var b bytes.Buffer
	b.WriteString("Timestamp," + strings.Join(columns, ",") + "\n")
	for row := range n {
		label := start.Add(time.Duration(row+1) * c.Rate)
		if c.LabelStart {
			label = label.Add(-c.Rate)
		}
		b.WriteString(label.UTC().Format("2006-01-02T15:04:05.000000"))
		for i := range columns {
			b.WriteString("," + number(cells[i][row]))
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

func (c *history) real(start time.Time, values []Value) bool {
	return slices.ContainsFunc(values, func(v Value) bool {
		return c.holds(start, start.Add(c.Frequency), v.Time)
	})
}

// columns is the schema, or every sensor known from values in byte order.
func (c *history) columns(values []Value) []string {
	if schema := c.Schema[c.component]; schema != nil {
		return schema
	}
	var names []string
	for _, v := range values {
		names = append(names, v.Sensor)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// cells computes a sensor's column of a window.
func (c *history) cells(start time.Time, n int, all []Value, how Treatment) []float64 {
	cells := make([]float64, n)
	for i := range cells {
		from := start.Add(time.Duration(i) * c.Rate)
		to := from.Add(c.Rate)
		var in []float64
		last := Value{}
		for _, v := range all {
			if c.holds(from, to, v.Time) {
				in = append(in, v.Value)
			} else if !v.Time.After(from) {
				last = v
			}
		}
		cells[i] = aggregate(in, how.Aggregate)
		if len(in) > 0 || how.NoFill || how.Aggregate == "sum" || how.Aggregate == "count" || last.Time.IsZero() {
			continue
		}
		if how.MaxGap < 0 || to.Sub(last.Time) <= how.MaxGap {
			cells[i] = last.Value
		}
	}
	return cells
}

func aggregate(in []float64, how string) float64 {
	if len(in) == 0 {
		return math.NaN()
	}
	sum := 0.0
	for _, v := range in {
		sum += v
	}
	switch how {
	case "min":
		return slices.Min(in)
	case "max":
		return slices.Max(in)
	case "first":
		return in[0]
	case "last":
		return in[len(in)-1]
	case "sum":
		return sum
	case "count":
		return float64(len(in))
	case "median":
		sorted := slices.Sorted(slices.Values(in))
		if mid := len(sorted) / 2; len(sorted)%2 == 0 {
			return (sorted[mid-1] + sorted[mid]) / 2
		}
		return sorted[len(sorted)/2]
	default:
		return sum / float64(len(in))
	}
}

// number is the shortest decimal that reads back the same.
func number(v float64) string {
	switch a := math.Abs(v); {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return ""
	case a == 0:
		return "0"
	case a < 1e-5 || a >= 1e21:
		return strconv.FormatFloat(v, 'e', -1, 64)
	default:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
}

// Key names a window's object.
func (s Scheduler) Key(component string, start time.Time) string {
	local := start.UTC().Add(s.Offset)
	var stamp string
	switch s.Format {
	case "EPOCH":
		stamp = strconv.FormatInt(start.Unix(), 10)
	case "yyyy-MM-dd-HH-mm-ss":
		stamp = local.Format("2006-01-02-15-04-05")
	default:
		stamp = local.Format("20060102150405")
	}
	return s.Prefix + component + s.Delimiter + stamp + ".csv"
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
