package lake

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"millwright/inference/detect/frame"
	"millwright/internal/series"
)

// Rows of one component that an execution read, in the order of time.
type Rows struct {
	Component string
	Sensors   []string
	Times     []int64     // Unix ns
	Cells     [][]float64 // by sensor, NaN for none
}

// PutWindow keeps the rows that an execution took, all components in one object,
// and gives it once for each component that has rows. start (Unix ns) is the
// window's. Put again, the same rows are the same object.
func (l *Lake) PutWindow(ctx context.Context, model string, start int64, rows []Rows) ([]Object, error) {
	j, err := joined(rows)
	if err != nil {
		return nil, err
	}
	if len(j.Times) == 0 {
		return nil, nil
	}
	s := newStaged(l.o.Scratch)
	defer s.close()
	t, err := newTable(j.names)
	if err != nil {
		return nil, err
	}
	at := make([]int, len(j.names))
	for i := range at {
		at[i] = i
	}
	t.begin(s)
	if err := t.add(j.Times, j.Columns, at, 0, len(j.Times)); err != nil {
		return nil, err
	}
	if err := t.end(); err != nil {
		return nil, err
	}
	of := DayOf(start)
	key := fmt.Sprintf("%swindows/%s/%s.parquet", InferencePrefix(model), dayName(of), time.Unix(0, start).UTC().Format("20060102T150405Z"))
	if err := l.put(ctx, key, s); err != nil {
		return nil, err
	}
	var objects []Object
	for _, r := range rows {
		if n := len(r.Times); n > 0 {
			objects = append(objects, Object{Component: r.Component, Day: of, Key: key, Start: r.Times[0], End: r.Times[n-1], Rows: int64(n), Size: s.size})
		}
	}
	return objects, nil
}

// join is the rows of all components beside each other.
type join struct {
	names []string
	series.Batch
}

// place is a row: the nth of its component with this stamp.
type place struct {
	at int64
	n  int
}

func joined(rows []Rows) (*join, error) {
	j := &join{}
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b Rows) int { return cmp.Compare(a.Component, b.Component) })
	index := map[place]int{}
	var places []place
	each := func(r *Rows, fn func(i int, p place)) error {
		p := place{}
		for i, t := range r.Times {
			switch {
			case i > 0 && t < p.at:
				return fmt.Errorf("keep rows of %s: they are out of order", r.Component)
			case i > 0 && t == p.at:
				p.n++
			default:
				p = place{at: t}
			}
			fn(i, p)
		}
		return nil
	}
	for i := range rows {
		if err := each(&rows[i], func(_ int, p place) {
			if _, ok := index[p]; !ok {
				index[p] = 0
				places = append(places, p)
			}
		}); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(places, func(a, b place) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.n, b.n)) })
	for i, p := range places {
		index[p] = i
		j.Times = append(j.Times, p.at)
	}
	for i := range rows {
		r := &rows[i]
		for k, sensor := range r.Sensors {
			column := make([]float64, len(places))
			for i := range column {
				column[i] = math.NaN()
			}
			_ = each(r, func(i int, p place) { column[index[p]] = r.Cells[k][i] }) // looked at above
			j.names = append(j.names, frame.Name{Component: r.Component, Sensor: sensor}.String())
			j.Columns = append(j.Columns, column)
		}
	}
	return j, nil
}
