package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"os"
	"slices"
	"time"

	"millwright/inference/detect/frame"
	"millwright/internal/series"
	"millwright/internal/window"
)

// Options say how files are read.
type Options struct {
	Rate      time.Duration
	Label     window.Label
	Aggregate series.Aggregate
	CSV       series.Options
	Columns   []frame.Name // only these, in this order; nil: all, in the files' order
}

// Source joins files row by row. It may be read as often as wanted, by one goroutine
// at a time.
type Source struct {
	o     Options
	names []frame.Name
	at    map[frame.Name]int
	parts []*part
	notes []string
}

var _ frame.Source = (*Source)(nil)

// part is one file.
type part struct {
	File
	order int   // of those that hold the same label, the first in order wins
	first int64 // stamp of its first row
}

// Open looks at the beginning of every file, or through all of it where rows name
// their sensors.
func Open(ctx context.Context, list []File, o Options) (*Source, error) {
	s := &Source{o: o, names: slices.Clone(o.Columns), at: map[frame.Name]int{}}
	for i, n := range s.names {
		s.at[n] = i
	}
	for i, f := range list {
		if !window.ValidComponent(f.Component) {
			return nil, fmt.Errorf("%s: %q cannot be a component's name: rename the file", f.Path, f.Component)
		}
		p := &part{File: f, order: i}
		if err := s.look(ctx, p); err != nil {
			return nil, fmt.Errorf("read %s: %w", f.Path, err)
		}
		s.parts = append(s.parts, p)
	}
	if len(s.names) == 0 {
		return nil, errors.New("open data: no column of numbers in it")
	}
	slices.SortStableFunc(s.parts, func(a, b *part) int {
		switch {
		case a.first < b.first:
			return -1
		case a.first > b.first:
			return 1
		}
		return 0
	})
	return s, nil
}

// Notes are what a person should know of the files, in words.
func (s *Source) Notes() []string { return s.notes }

// Names are the sensors of all files.
func (s *Source) Names() []frame.Name { return s.names }

// look finds a file's sensors and its first stamp.
func (s *Source) look(ctx context.Context, p *part) error {
	file, r, err := s.open(p)
	if err != nil {
		return err
	}
	defer file.Close()
	defer r.Close()
	p.first = math.MaxInt64
	for ctx.Err() == nil {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		for _, t := range b.Times {
			p.first = min(p.first, t)
		}
		if r.Dialect().Layout != series.Long {
			break
		}
	}
	names, clashes := series.MapNames(r.Names(), nil)
	for _, c := range clashes {
		s.notes = append(s.notes, fmt.Sprintf("%s: %v left out: %s", p.Path, c.Raw, c.Reason))
	}
	for _, n := range names {
		name := frame.Name{Component: p.Component, Sensor: n}
		if _, known := s.at[name]; n != "" && !known && s.o.Columns == nil {
			s.at[name] = len(s.names)
			s.names = append(s.names, name)
		}
	}
	return ctx.Err()
}

func (s *Source) open(p *part) (*os.File, *series.Reader, error) {
	file, err := os.Open(p.Path)
	if err != nil {
		return nil, nil, err
	}
	r, err := series.NewReader(file, s.o.CSV)
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return file, r, nil
}

// bin is a label of one file with its cells, beside columns of the Source.
type bin struct {
	label   int64
	cells   []float64
	columns []int // -1: left out
	err     error
}

var errStopped = errors.New("stopped")

// bins gives a file's rows on the grid. What it yields is valid until the next one.
func (s *Source) bins(p *part) iter.Seq[bin] {
	return func(yield func(bin) bool) {
		if err := s.resample(p, yield); err != nil && !errors.Is(err, errStopped) {
			yield(bin{err: fmt.Errorf("read %s: %w", p.Path, err)})
		}
	}
}

func (s *Source) resample(p *part, yield func(bin) bool) error {
	file, r, err := s.open(p)
	if err != nil {
		return err
	}
	defer file.Close()
	defer r.Close()
	var columns []int
	o := series.ResampleOptions{Grid: series.Grid{Rate: s.o.Rate, Label: s.o.Label}, Spec: series.Spec{Aggregate: s.o.Aggregate, Fill: series.FillNone}}
	rs := series.NewResampler(o, func(label int64, cells []float64) error {
		if len(columns) < len(cells) {
			columns = s.columns(p.Component, r.Names())
		}
		if !yield(bin{label: label, cells: cells, columns: columns}) {
			return errStopped
		}
		return nil
	})
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rs.Close()
		}
		if err != nil {
			return err
		}
		if err := rs.Add(b); err != nil {
			return err
		}
	}
}

func (s *Source) columns(component string, raw []string) []int {
	names, _ := series.MapNames(raw, nil)
	columns := make([]int, len(names))
	for i, n := range names {
		at, ok := s.at[frame.Name{Component: component, Sensor: n}]
		if columns[i] = at; !ok {
			columns[i] = -1
		}
	}
	return columns
}
