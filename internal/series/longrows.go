package series

import (
	"cmp"
	"slices"
)

// longRows has one row per value, as it came.
type longRows struct {
	rows    []longRow
	settled bool    // in order of time, then sensor, without repeats
	group   grouper // scratch for give
}

type longRow struct {
	time   int64
	value  float64
	sensor int32
}

const longRowSize = 24

func (l *longRows) len() int       { return len(l.rows) }
func (l *longRows) size() int      { return longRowSize * len(l.rows) }
func (l *longRows) room() int      { return longRowSize * cap(l.rows) }
func (l *longRows) at(i int) int64 { return l.rows[i].time }
func (l *longRows) reset()         { l.rows, l.settled = l.rows[:0], false }

func (l *longRows) add(b *Batch, i, j int) {
	l.settled = false
	values := b.Columns[0]
	for ; i < j; i++ {
		l.rows = append(l.rows, longRow{b.Times[i], values[i], b.Sensor[i]})
	}
}

func (l *longRows) drop(n int) {
	l.rows = l.rows[:copy(l.rows, l.rows[n:])]
}

func (l *longRows) settle(r *Repeats) {
	if l.settled {
		return
	}
	slices.SortStableFunc(l.rows, func(a, b longRow) int {
		return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.sensor, b.sensor))
	})
	kept := l.rows[:0]
	for _, row := range l.rows {
		k := len(kept) - 1
		if k < 0 || kept[k].time != row.time || kept[k].sensor != row.sensor {
			kept = append(kept, row)
			continue
		}
		v := [2]float64{kept[k].value, row.value}
		kept[k].value = firstOf(v[:], r)
	}
	l.rows, l.settled = kept, true
}

func (l *longRows) give(n int, to *collector) {
	l.group.each(l.rows[:n], &to.repeats, to.one)
}

// grouper puts rows of many sensors into one run per sensor.
type grouper struct {
	ends   []int32 // per sensor: end of its run
	times  []int64
	values []float64
}

// each calls fn with every sensor's rows in time order without repeats. It
// counts and places (rows of one sensor keep their order), and sorts only the
// sensors whose rows did not come in order.
func (g *grouper) each(rows []longRow, r *Repeats, fn func(int, []int64, []float64)) {
	sensors := int32(0)
	for i := range rows {
		sensors = max(sensors, rows[i].sensor+1)
	}
	g.ends = append(g.ends[:0], make([]int32, sensors)...)
	for i := range rows {
		g.ends[rows[i].sensor]++
	}
	sum := int32(0)
	for s, n := range g.ends {
		g.ends[s] = sum
		sum += n
	}
	g.times = slices.Grow(g.times[:0], len(rows))[:len(rows)]
	g.values = slices.Grow(g.values[:0], len(rows))[:len(rows)]
	for i := range rows {
		k := g.ends[rows[i].sensor]
		g.times[k], g.values[k] = rows[i].time, rows[i].value
		g.ends[rows[i].sensor]++
	}
	from := int32(0)
	for s, to := range g.ends {
		if from < to {
			times, values := g.times[from:to], g.values[from:to]
			if !strictlyAscending(times) {
				times, values = settleOne(times, values, r)
			}
			fn(s, times, values)
		}
		from = to
	}
}

// settleOne puts one sensor's rows in time order and drops repeats.
func settleOne(times []int64, values []float64, r *Repeats) ([]int64, []float64) {
	w := wideRows{times: times, data: values, columns: 1, stride: len(times)}
	w.settle(r)
	return w.times, w.column(0, len(w.times))
}
