package series

import (
	"cmp"
	"math"
	"slices"
)

// rowStore keeps the rows of one open bin until no earlier row can come.
type rowStore interface {
	// add copies rows i to j of a batch.
	add(b *Batch, i, j int)
	len() int
	// size is the memory in use for rows, in bytes.
	size() int
	// room is the memory it has for rows, in bytes.
	room() int
	// settle puts the rows in time order and drops repeats, the first of which stays.
	settle(r *Repeats)
	// at is the time of row i; call it on settled rows.
	at(i int) int64
	// give hands the first n rows over, in time order without repeats. It may
	// put all rows in order to do so.
	give(n int, to *collector)
	// drop forgets the first n rows; reset forgets all but keeps the memory.
	drop(n int)
	reset()
}

// Repeats counts values that lost against an earlier row with the same
// timestamp and sensor.
type Repeats struct {
	Same      int64 // equal to the value that was kept
	Differing int64
}

func (r *Repeats) count(kept, lost float64) {
	if kept == lost {
		r.Same++
	} else {
		r.Differing++
	}
}

// wideRows has one column per sensor, all in one allocation: column c is
// data[c*stride : c*stride+len(times)].
type wideRows struct {
	times     []int64
	data      []float64
	columns   int
	stride    int
	ascending bool // strictly
}

func newWideRows(columns int) *wideRows {
	return &wideRows{columns: columns, ascending: true}
}

func (w *wideRows) len() int       { return len(w.times) }
func (w *wideRows) size() int      { return 8 * len(w.times) * (w.columns + 1) }
func (w *wideRows) room() int      { return 8 * (len(w.data) + cap(w.times)) }
func (w *wideRows) at(i int) int64 { return w.times[i] }

func (w *wideRows) column(c, n int) []float64 {
	return w.data[c*w.stride : c*w.stride+n : c*w.stride+n]
}

func (w *wideRows) reset() {
	w.times, w.ascending = w.times[:0], true
}

func (w *wideRows) add(b *Batch, i, j int) {
	if len(b.Columns) > w.columns {
		w.widen(len(b.Columns))
	}
	n, more := len(w.times), j-i
	w.reserve(n + more)
	if n > 0 && b.Times[i] <= w.times[n-1] {
		w.ascending = false
	}
	w.times = append(w.times, b.Times[i:j]...)
	if !b.Sorted && w.ascending {
		w.ascending = strictlyAscending(b.Times[i:j])
	}
	for c, col := range b.Columns {
		copy(w.data[c*w.stride+n:], col[i:j])
	}
	for c := len(b.Columns); c < w.columns; c++ {
		fillNaN(w.data[c*w.stride+n : c*w.stride+n+more])
	}
}

// widen makes room for sensors that earlier rows did not have.
func (w *wideRows) widen(columns int) {
	data := make([]float64, w.stride*columns)
	fillNaN(data[copy(data, w.data):])
	w.data, w.columns = data, columns
}

func fillNaN(v []float64) {
	for i := range v {
		v[i] = math.NaN()
	}
}

// reserve makes room for n rows.
func (w *wideRows) reserve(n int) {
	if n <= w.stride {
		return
	}
	stride := max(n, w.stride+w.stride/2)
	data := make([]float64, stride*w.columns)
	for c := range w.columns {
		copy(data[c*stride:], w.column(c, len(w.times)))
	}
	w.times = slices.Grow(w.times, stride-len(w.times))
	w.data, w.stride = data, stride
}

func (w *wideRows) drop(n int) {
	rest := len(w.times) - n
	copy(w.times, w.times[n:])
	for c := range w.columns {
		col := w.column(c, len(w.times))
		copy(col, col[n:])
	}
	w.times = w.times[:rest]
}

func (w *wideRows) settle(r *Repeats) {
	if w.ascending {
		return
	}
	order := make([]int32, len(w.times))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(w.times[a], w.times[b]) })
	// head[k] is where the k-th distinct time begins in order.
	head := make([]int32, 0, len(order))
	for k, i := range order {
		if k == 0 || w.times[i] != w.times[order[k-1]] {
			head = append(head, int32(k))
		}
	}
	sorted := make([]float64, len(order))
	for c := range w.columns {
		col := w.column(c, len(w.times))
		for k, i := range order {
			sorted[k] = col[i]
		}
		for k, from := range head {
			to := int32(len(order))
			if k+1 < len(head) {
				to = head[k+1]
			}
			col[k] = firstOf(sorted[from:to], r)
		}
	}
	times := make([]int64, len(head), cap(w.times))
	for k, from := range head {
		times[k] = w.times[order[from]]
	}
	w.times, w.ascending = times, true
}

func (w *wideRows) give(n int, to *collector) {
	all := n == len(w.times)
	w.settle(&to.repeats)
	if all {
		n = len(w.times)
	}
	to.views = to.views[:0]
	for c := range w.columns {
		to.views = append(to.views, w.column(c, n))
	}
	to.wide(w.times[:n], to.views)
}

// firstOf is the first value of rows that share a timestamp.
func firstOf(v []float64, r *Repeats) float64 {
	kept := v[0]
	for _, x := range v[1:] {
		switch {
		case x != x:
		case kept != kept:
			kept = x
		default:
			r.count(kept, x)
		}
	}
	return kept
}

func strictlyAscending(times []int64) bool {
	for i := 1; i < len(times); i++ {
		if times[i] <= times[i-1] {
			return false
		}
	}
	return true
}
