package series

import (
	"math"
	"slices"
)

// begin empties the batch.
func (r *Reader) begin() {
	r.n = 0
	r.sorted = true
}

// finish makes the batch that is given.
func (r *Reader) finish() *Batch {
	r.given += int64(r.n)
	if r.dialect.Layout == Long {
		r.batch.Columns[0] = r.values[:r.n]
		r.batch.Sensor = r.sensor[:r.n]
	} else {
		r.checkText()
		r.checkBlank()
		k := 0
		for c := range r.columns {
			if !slices.Contains(r.blank, c) {
				r.batch.Columns[k] = r.values[c*r.stride : c*r.stride+r.n : c*r.stride+r.n]
				k++
			}
		}
	}
	if r.dialect.NoMark {
		r.dialect.NoMark = !slices.ContainsFunc(r.batch.Columns, hasFraction)
	}
	if len(r.set.numbers) > 0 {
		for _, col := range r.batch.Columns {
			r.takeOut(col)
		}
	}
	r.span()
	r.batch.Times = r.times[:r.n]
	r.batch.Lines = nil
	if r.set.Lines {
		r.batch.Lines = r.lines[:r.n]
	}
	r.batch.Sorted = r.sorted
	r.batch.names = r.names
	return &r.batch
}

// hasFraction tells numbers that were written with a decimal mark.
func hasFraction(col []float64) bool {
	return slices.ContainsFunc(col, func(v float64) bool { return v != math.Trunc(v) && v == v })
}

// takeOut takes out the numbers that stand for a missing value.
func (r *Reader) takeOut(col []float64) {
	for i, v := range col {
		if r.set.badNumber(v) {
			col[i] = void()
			r.row.marked++
		}
	}
}

// span keeps the oldest and the newest stamp.
func (r *Reader) span() {
	if r.given == int64(r.n) {
		r.first, r.newest = r.times[0], r.times[0]
	}
	for _, t := range r.times[:r.n] {
		r.first, r.newest = min(r.first, t), max(r.newest, t)
	}
}

// checkText finds the columns that held text until now and hold numbers after all.
func (r *Reader) checkText() {
	r.text = slices.DeleteFunc(r.text, func(c int) bool { return r.firstNumber(c) >= 0 })
}

// firstNumber is the row of the batch that holds a column's first number, -1: none.
func (r *Reader) firstNumber(c int) int {
	return slices.IndexFunc(r.values[c*r.stride:c*r.stride+r.n], func(v float64) bool { return v == v })
}

// checkBlank reports numbers in columns that have no name: they are given to
// nobody.
func (r *Reader) checkBlank() {
	for _, c := range r.blank {
		col := r.values[c*r.stride : c*r.stride+r.n]
		for i, v := range col {
			if v == v {
				r.row.bad++
				r.faults.add(BadCell, r.lines[i], r.columns[c].name, AppendFloat(nil, v), "the column has no name; name it in the header")
			}
		}
	}
}
