package series

import "math"

// collector turns the rows of one bin after another into cells. Rows of a bin
// may come in several portions, each later in time than the one before.
type collector struct {
	grid    Grid
	specOf  func(sensor int) Spec
	plans   []plan
	accs    []acc
	last    []Last // per sensor, before the end of the bin in hand
	holds   bool   // some sensor holds values
	medians medians
	repeats Repeats
	views   [][]float64 // scratch: column slices of one portion
	row     []float64   // scratch: cells
}

// grow makes the collector know n sensors.
func (c *collector) grow(n int) {
	for s := len(c.plans); s < n; s++ {
		p := c.specOf(s).plan(c.grid)
		c.plans = append(c.plans, p)
		c.accs = append(c.accs, acc{})
		c.last = append(c.last, Last{})
		c.row = append(c.row, math.NaN())
		c.holds = c.holds || p.hold
	}
}

// wide takes a portion with one column per sensor.
func (c *collector) wide(times []int64, columns [][]float64) {
	c.grow(len(columns))
	for s := 0; s < len(columns); {
		if s+4 <= len(columns) && c.plans[s].kind.sums() && c.plans[s+1].kind.sums() &&
			c.plans[s+2].kind.sums() && c.plans[s+3].kind.sums() {
			sumFour((*[4]acc)(c.accs[s:]), columns[s], columns[s+1], columns[s+2], columns[s+3])
			s += 4
			continue
		}
		c.add(s, columns[s])
		s++
	}
	if c.holds {
		for s, col := range columns {
			c.last[s] = newest(c.last[s], times, col)
		}
	}
}

// one takes a portion of one sensor.
func (c *collector) one(sensor int, times []int64, values []float64) {
	c.grow(sensor + 1)
	c.add(sensor, values)
	c.last[sensor] = newest(c.last[sensor], times, values)
}

func (c *collector) add(sensor int, values []float64) {
	if c.plans[sensor].kind == kindMedian {
		c.accs[sensor].n += c.medians.add(sensor, values)
		return
	}
	c.plans[sensor].kind.add(&c.accs[sensor], values)
}

// cells finishes the bin. The slice is valid until the next call.
func (c *collector) cells(label int64) ([]float64, error) {
	edge := c.grid.edge(label)
	for s := range c.accs {
		a, p := c.accs[s], c.plans[s]
		c.accs[s] = acc{}
		if a.n == 0 {
			c.row[s] = c.heldAt(s, edge)
			continue
		}
		if p.kind != kindMedian {
			c.row[s] = p.kind.cell(a)
			continue
		}
		m, err := c.medians.take(s)
		if err != nil {
			return nil, err
		}
		c.row[s] = m
	}
	return c.row, c.medians.reset()
}

// heldCells is the row of a bin into which no row fell; false when nothing is held.
func (c *collector) heldCells(label int64) ([]float64, bool) {
	edge, some := c.grid.edge(label), false
	for s := range c.row {
		c.row[s] = c.heldAt(s, edge)
		some = some || c.row[s] == c.row[s]
	}
	return c.row, some
}

func (c *collector) heldAt(s int, edge int64) float64 {
	if v := c.last[s].Value; c.plans[s].held(c.last[s], edge) && !math.IsInf(v, 0) {
		return v
	}
	return math.NaN()
}
