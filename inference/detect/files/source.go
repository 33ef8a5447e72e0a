package files

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"sync/atomic"
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
	Columns   []frame.Name  // only these, in this order; nil: all, in the files' order
	Codes     [][]float64   // values that stand for no reading, for each of Columns; nil: found
	Faults    []frame.Range // when what a sensor reads is a reading in any case, no code
	Read      *atomic.Int64 // counts the bytes that Open reads; nil: nobody asks
}

// Source joins files row by row. It may be read as often as wanted, by one goroutine
// at a time.
type Source struct {
	o     Options
	names []frame.Name
	at    map[frame.Name]int
	found map[frame.Name]bool   // in some file
	was   map[frame.Name]string // a sensor's name in its file, where that is another
	parts []*part
	days  days  // of the rows of all files
	low   int64 // labels below it are strays
	high  int64 // and those above it
	notes []string

	cutOff bool // a file ends before its end
	read   *atomic.Int64

	values []values    // of each sensor, while files are looked through
	codes  [][]float64 // of each sensor
	coded  []Coded
}

var _ frame.Source = (*Source)(nil)

// part is one file.
type part struct {
	File
	order    int   // of those that hold the same label, the first in order wins
	first    int64 // stamp of its oldest row
	last     int64 // and of its newest one
	disorder bool  // rows are further behind than a Resampler waits: it has to be sorted
	packed   bool  // by gzip
	size     int64 // bytes
	bins     int64 // rows on the grid, or a few less
}

// Open looks through every file once. Files of components that are not asked for are
// left alone.
func Open(ctx context.Context, list []File, o Options) (*Source, error) {
	s := &Source{o: o, names: slices.Clone(o.Columns), at: map[frame.Name]int{}, found: map[frame.Name]bool{}, was: map[frame.Name]string{}, days: days{}, read: o.Read}
	for i, n := range s.names {
		s.at[n] = i
	}
	for i, f := range list {
		if o.Columns != nil && !slices.ContainsFunc(o.Columns, func(n frame.Name) bool { return n.Component == f.Component }) {
			continue
		}
		if !window.ValidComponent(f.Component) {
			what := "folder"
			if f.Component == stem(f.Path) {
				what = "file"
			}
			return nil, fmt.Errorf("%s: %q cannot be a component's name, which is 1 to 200 of 0-9 A-Z a-z . _ -: rename the %s", f.Path, f.Component, what)
		}
		p := &part{File: f, order: i}
		var none *series.HopelessError
		switch err := s.look(ctx, p); {
		case errors.As(err, &none) && none.Empty:
			s.note(p, "it has no rows")
		case err != nil:
			return nil, fmt.Errorf("read %s: %w", f.Path, err)
		default:
			s.parts = append(s.parts, p)
		}
	}
	if len(s.names) == 0 {
		return nil, errors.New("open data: no column of numbers in it")
	}
	if s.codes = o.Codes; o.Codes == nil {
		s.findCodes()
	}
	s.findStrays()
	slices.SortStableFunc(s.parts, func(a, b *part) int { return cmp.Compare(a.first, b.first) })
	return s, nil
}

// CutOff tells whether a file is damaged so that rows in it are lost.
func (s *Source) CutOff() bool { return s.cutOff }

// Notes are what a person should know of the files, in words.
func (s *Source) Notes() []string { return s.notes }

func (s *Source) note(p *part, form string, v ...any) {
	s.notes = append(s.notes, p.Path+": "+fmt.Sprintf(form, v...))
}

// Names are the sensors of all files, or those that were asked for.
func (s *Source) Names() []frame.Name { return s.names }

// Missing are the sensors that were asked for and are in no file.
func (s *Source) Missing() []frame.Name {
	var none []frame.Name
	for _, n := range s.names {
		if !s.found[n] {
			none = append(none, n)
		}
	}
	return none
}

// Size is that of all files, in bytes.
func (s *Source) Size() int64 {
	var n int64
	for _, p := range s.parts {
		n += p.size
	}
	return n
}

// Count has passes that begin from now on add the bytes that they read to n.
func (s *Source) Count(n *atomic.Int64) { s.read = n }

// counted is a file that tells how much of it was read.
type counted struct {
	io.Reader
	n *atomic.Int64
}

func (c counted) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n.Add(int64(n))
	return n, err
}

func (s *Source) open(p *part) (*os.File, *series.Reader, error) {
	file, err := os.Open(p.Path)
	if err != nil {
		return nil, nil, err
	}
	in := io.Reader(file)
	if s.read != nil {
		in = counted{file, s.read}
	}
	r, err := series.NewReader(in, s.o.CSV)
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
func (s *Source) bins(ctx context.Context, p *part) iter.Seq[bin] {
	return func(yield func(bin) bool) {
		if err := s.resample(ctx, p, yield); err != nil && !errors.Is(err, errStopped) {
			yield(bin{err: fmt.Errorf("read %s: %w", p.Path, err)})
		}
	}
}

func (s *Source) resample(ctx context.Context, p *part, yield func(bin) bool) error {
	file, r, err := s.open(p)
	if err != nil {
		return err
	}
	defer file.Close()
	defer r.Close()
	var columns []int
	rs := s.resampler(func(label int64, cells []float64) error {
		if len(columns) < len(cells) {
			columns = s.columns(p.Component, r.Names())
		}
		if !yield(bin{label: label, cells: cells, columns: columns}) {
			return errStopped
		}
		return nil
	})
	add := rs.Add
	if s.anyCodes() {
		var known []int
		add = func(b *series.Batch) error {
			if len(known) < len(r.Names()) {
				known = s.columns(p.Component, r.Names())
			}
			s.void(b, known)
			return rs.Add(b)
		}
	}
	if p.disorder {
		err = inOrder(ctx, r, add)
	} else {
		err = series.Each(ctx, r, add)
	}
	if err = errors.Join(err, rs.Close()); err != nil {
		return err
	}
	if rs.Report().TooLate > 0 {
		return errors.New("it has changed since it was opened: run this again")
	}
	return nil
}

func (s *Source) resampler(emit func(int64, []float64) error) *series.Resampler {
	return series.NewResampler(series.ResampleOptions{
		Grid: series.Grid{Rate: s.o.Rate, Label: s.o.Label}, Spec: series.Spec{Aggregate: s.o.Aggregate, Fill: series.FillNone},
	}, emit)
}

// inOrder hands on a file's rows in the order of time, by way of a scratch file.
func inOrder(ctx context.Context, r *series.Reader, add func(*series.Batch) error) error {
	sorter := series.NewSorter("", 0)
	defer sorter.Close()
	if err := series.Each(ctx, r, sorter.Add); err != nil {
		return err
	}
	return sorter.Each(func(b *series.Batch) error { return errors.Join(ctx.Err(), add(b)) })
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
