package schedule

import (
	"math"
	"slices"

	"millwright/inference/detect/frame"
)

// fit brings rows from one order of columns to another.
type fit struct {
	from []int // per column wanted: its place in a row, -1 for none; nil: rows are as wanted
	buf  []float64
}

func newFit(have, want []frame.Name) *fit {
	if slices.Equal(have, want) {
		return &fit{}
	}
	places := make(map[frame.Name]int, len(have))
	for i, n := range have {
		places[n] = i
	}
	f := &fit{from: make([]int, len(want)), buf: make([]float64, len(want))}
	for i, n := range want {
		f.from[i] = -1
		if at, ok := places[n]; ok {
			f.from[i] = at
		}
	}
	return f
}

// row is valid until the next one.
func (f *fit) row(cells []float64) []float64 {
	if f.from == nil {
		return cells
	}
	for i, at := range f.from {
		f.buf[i] = math.NaN()
		if at >= 0 {
			f.buf[i] = cells[at]
		}
	}
	return f.buf
}

// blank tells whether no cell has a value.
func blank(cells []float64) bool {
	for _, v := range cells {
		if v == v {
			return false
		}
	}
	return true
}
