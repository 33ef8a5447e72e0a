// Package frame gives the rows that a detector learns from and scores: the
// sensors of all components of a machine joined on one grid, gaps held, and each
// row marked as running, off or restarting. It knows no models.
package frame

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Name is a sensor of a component.
type Name struct {
	Component string `json:"component"`
	Sensor    string `json:"sensor"`
}

// String is the name as result lines have it: component\sensor.
func (n Name) String() string { return n.Component + `\` + n.Sensor }

// ParseName is the inverse of String.
func ParseName(text string) (Name, error) {
	component, sensor, ok := strings.Cut(text, `\`)
	if !ok || component == "" || sensor == "" {
		return Name{}, fmt.Errorf(`sensor %q: write component\sensor`, text)
	}
	return Name{component, sensor}, nil
}

// Source gives the resampled rows of a machine, oldest first, as often as it is
// asked: training makes several passes.
type Source interface {
	// Names are the columns. They are known before the first pass.
	Names() []Name
	// Each calls fn for every label of the grid at which some sensor has a value.
	// cells has one value for each of Names, NaN for an empty bin, and is valid
	// until fn returns. An error of fn ends the pass and is returned.
	Each(ctx context.Context, fn func(label int64, cells []float64) error) error
}

// Frame is a Source in memory.
type Frame struct {
	Columns []Name
	Labels  []int64   // Unix ns, ascending
	Cells   []float64 // row after row, one value for each of Columns, NaN for none
}

var _ Source = (*Frame)(nil)

// Names are the frame's columns.
func (f *Frame) Names() []Name { return f.Columns }

// Row is the cells of row i.
func (f *Frame) Row(i int) []float64 {
	return f.Cells[i*len(f.Columns) : (i+1)*len(f.Columns) : (i+1)*len(f.Columns)]
}

// Append adds a row at the end.
func (f *Frame) Append(label int64, cells []float64) {
	f.Labels = append(f.Labels, label)
	f.Cells = append(f.Cells, cells...)
}

// Each gives the rows.
func (f *Frame) Each(ctx context.Context, fn func(int64, []float64) error) error {
	for i, label := range f.Labels {
		if i%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := fn(label, f.Row(i)); err != nil {
			return err
		}
	}
	return nil
}

// Between is the part of the frame with from <= label < to. It shares the rows.
func (f *Frame) Between(from, to int64) *Frame {
	a, _ := slices.BinarySearch(f.Labels, from)
	b, _ := slices.BinarySearch(f.Labels, to)
	b = max(a, b)
	n := len(f.Columns)
	return &Frame{Columns: f.Columns, Labels: f.Labels[a:b:b], Cells: f.Cells[a*n : b*n : b*n]}
}

// Part is the rows of a Source with From <= label < To.
type Part struct {
	Source
	From, To int64 // Unix ns
}

var _ Source = Part{}

// Each gives the rows.
func (p Part) Each(ctx context.Context, fn func(int64, []float64) error) error {
	return p.Source.Each(ctx, func(label int64, cells []float64) error {
		if label < p.From || label >= p.To {
			return nil
		}
		return fn(label, cells)
	})
}

// Collect reads a Source into memory.
func Collect(ctx context.Context, s Source) (*Frame, error) {
	f := &Frame{Columns: s.Names()}
	err := s.Each(ctx, func(label int64, cells []float64) error {
		f.Append(label, cells)
		return nil
	})
	return f, err
}

// Range is a stretch of time, both ends included. Unix ns.
type Range struct{ Start, End int64 }

// Widen moves both ends outwards.
func (r Range) Widen(by time.Duration) Range {
	return Range{r.Start - int64(by), r.End + int64(by)}
}

// Holds tells whether t lies in one of the ranges.
func Holds(ranges []Range, t int64) bool {
	return slices.ContainsFunc(ranges, func(r Range) bool { return r.Start <= t && t <= r.End })
}
