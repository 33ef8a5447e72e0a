// Package report shows an evaluation to people: one HTML file with pictures that needs
// nothing beside it. It scores nothing and keeps no row: what it knows of a history
// are extremes by stretch of time and samples, so its memory does not grow.
package report

import (
	"math"

	"millwright/inference/detect"
	"millwright/inference/detect/frame"
	"millwright/internal/resultline"
)

// Collector gathers what is shown, row by row in the order of time.
type Collector struct {
	labels  []frame.Range
	columns []int // of each serving sensor
	scores  envelope
	inside  samples // of anomalous rows
	outside samples // of normal ones outside labels

	first, last                                    int64 // labels, Unix ns
	rows, off, restarting, unseen, missing, capped int
}

// New makes a Collector for the results of m, beside the labels that m is held against.
func New(m *detect.Model, labels []frame.Range) *Collector {
	c := &Collector{labels: labels, scores: envelope{width: int64(m.Rate())}}
	at := map[frame.Name]int{}
	for i, n := range m.Columns() {
		at[n] = i
	}
	for _, n := range m.Sensors() {
		c.columns = append(c.columns, at[n])
	}
	c.inside, c.outside = newSamples(len(c.columns)), newSamples(len(c.columns))
	return c
}

// Add takes a result. cells are those of its label beside the model's Columns, nil for
// a label without any.
func (c *Collector) Add(r resultline.Row, k detect.Remark, cells []float64) {
	if c.rows == 0 {
		c.first = r.Time
	}
	c.last = r.Time
	c.rows++
	if !r.HasScore {
		c.off++
		c.scores.off(r.Time)
		return
	}
	c.scores.add(r.Time, r.Score)
	tally(&c.restarting, k.State == frame.Restarting)
	tally(&c.unseen, k.Unseen)
	tally(&c.missing, k.Missing > 0)
	tally(&c.capped, k.Capped)
	switch {
	case cells == nil:
	case r.Anomalous():
		c.inside.add(c.columns, cells)
	case !frame.Holds(c.labels, r.Time):
		c.outside.add(c.columns, cells)
	}
}

func tally(n *int, yes bool) {
	if yes {
		*n++
	}
}

// samples are evenly spaced rows: every one at first, then every second, fourth ...
type samples struct {
	values [][]float32 // per sensor, NaN for none
	every  int         // rows for one that is kept
	seen   int
}

const maxSample = 8192 // rows

func newSamples(sensors int) samples { return samples{values: make([][]float32, sensors), every: 1} }

func (s *samples) add(columns []int, cells []float64) {
	s.seen++
	if (s.seen-1)%s.every != 0 || len(columns) == 0 {
		return
	}
	for j, at := range columns {
		s.values[j] = append(s.values[j], float32(cells[at]))
	}
	if len(s.values[0]) < maxSample {
		return
	}
	for j, v := range s.values {
		for i := range len(v) / 2 {
			v[i] = v[2*i]
		}
		s.values[j] = v[:len(v)/2]
	}
	s.every *= 2
}

// envelope keeps the lowest and highest score of stretches of time, which double in
// length when they get too many.
type envelope struct {
	from, width int64 // Unix ns, ns
	cells       []cell
}

// cell is a stretch of time.
type cell struct {
	low, high float64
	n, off    int // rows with a score, rows in which the machine was off
}

const maxCells = 4800

func (e *envelope) at(t int64) *cell {
	if len(e.cells) == 0 {
		e.from = t
	}
	for (t-e.from)/e.width >= maxCells {
		e.halve()
	}
	for int64(len(e.cells)) <= (t-e.from)/e.width {
		e.cells = append(e.cells, cell{})
	}
	return &e.cells[len(e.cells)-1]
}

func (e *envelope) add(t int64, score float64) { e.at(t).join(cell{score, score, 1, 0}) }

func (e *envelope) off(t int64) { e.at(t).off++ }

func (c *cell) join(o cell) {
	switch {
	case o.n == 0:
	case c.n == 0:
		c.low, c.high = o.low, o.high
	default:
		c.low, c.high = math.Min(c.low, o.low), math.Max(c.high, o.high)
	}
	c.n += o.n
	c.off += o.off
}

// halve joins neighbours.
func (e *envelope) halve() {
	half := e.cells[:0]
	for i := 0; i < len(e.cells); i += 2 {
		c := e.cells[i]
		if i+1 < len(e.cells) {
			c.join(e.cells[i+1])
		}
		half = append(half, c)
	}
	e.cells = half
	e.width *= 2
}

// between is the part that touches from ... to, in at most n cells.
func (e *envelope) between(from, to int64, n int) envelope {
	a := max(0, min(int((from-e.from)/e.width), len(e.cells)))
	b := max(a, min(int((to-e.from)/e.width)+1, len(e.cells)))
	part := envelope{from: e.from + int64(a)*e.width, width: e.width, cells: append([]cell(nil), e.cells[a:b]...)}
	for len(part.cells) > n {
		part.halve()
	}
	return part
}

// to is the end of the last stretch.
func (e *envelope) to() int64 { return e.from + int64(len(e.cells))*e.width }
