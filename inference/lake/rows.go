package lake

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"math"
	"slices"
	"time"

	"millwright/inference/detect/frame"
	"millwright/internal/series"
	"millwright/internal/window"
)

// Selection says which rows are wanted, and how.
type Selection struct {
	// Tiers are lists of objects. A cell that an earlier tier has a value for is
	// taken from there: the dataset, then what schedulers have seen. Within a tier
	// the values of all objects count; of those with the same stamp and sensor,
	// that of the object which stands first.
	Tiers     [][]Object
	Names     []frame.Name // the columns
	From, To  int64        // labels with From <= L < To, Unix ns; To 0: to the end
	Rate      time.Duration
	Label     window.Label
	Aggregate series.Aggregate // "": mean
}

// Source gives rows on the grid, as training takes them. The first pass reads
// objects and keeps what it gives in a scratch file, which later passes read. It
// is used by one goroutine at a time.
type Source struct {
	lake   *Lake
	sel    Selection
	to     int64
	tiers  [][]feed
	replay *replay
}

var _ frame.Source = (*Source)(nil)

// feed is one component of a tier.
type feed struct {
	objects []Object
	names   []frame.Name
	columns []int // of the Source
}

// Rows makes a Source. It reads nothing yet.
func (l *Lake) Rows(s Selection) (*Source, error) {
	if s.Rate <= 0 {
		return nil, errors.New("read rows: no sampling rate")
	}
	src := &Source{lake: l, sel: s, to: s.To}
	if s.To == 0 {
		src.to = math.MaxInt64
	}
	for _, objects := range s.Tiers {
		src.tiers = append(src.tiers, feeds(objects, s.Names))
	}
	return src, nil
}

// feeds parts objects and names by component. Objects with several components
// belong to each of them.
func feeds(objects []Object, names []frame.Name) []feed {
	by := map[string][]int{}
	for i, n := range names {
		by[n.Component] = append(by[n.Component], i)
	}
	var all []feed
	for component, columns := range by {
		f := feed{columns: columns}
		for _, i := range columns {
			f.names = append(f.names, names[i])
		}
		for _, o := range objects {
			if o.Component == component {
				f.objects = append(f.objects, o)
			}
		}
		if len(f.objects) > 0 {
			all = append(all, f)
		}
	}
	slices.SortFunc(all, func(a, b feed) int { return cmp.Compare(a.columns[0], b.columns[0]) })
	return all
}

// Names are the columns.
func (s *Source) Names() []frame.Name { return s.sel.Names }

// Close gives the scratch file back. It may be called twice.
func (s *Source) Close() error {
	if s.replay == nil {
		return nil
	}
	err := s.replay.close()
	s.replay = nil
	return err
}

// bin is a label of one feed with its cells.
type bin struct {
	label int64
	cells []float64
	err   error
}

// stream is a feed at one of its bins.
type stream struct {
	feed
	tier int
	head bin
	next func() (bin, bool)
	stop func()
}

func (s *stream) advance() (bool, error) {
	b, ok := s.next()
	s.head = b
	return ok && b.err == nil, b.err
}

// Each gives the rows.
func (s *Source) Each(ctx context.Context, fn func(label int64, cells []float64) error) error {
	if s.replay != nil && s.replay.whole {
		return s.replay.each(ctx, fn)
	}
	if err := s.Close(); err != nil {
		return err
	}
	r, err := newReplay(s.lake.o.Scratch, len(s.sel.Names))
	if err != nil {
		return err
	}
	s.replay = r
	if err := s.join(ctx, func(label int64, cells []float64) error {
		if err := r.add(label, cells); err != nil {
			return err
		}
		return fn(label, cells)
	}); err != nil {
		return err
	}
	return r.end()
}

// join gives the rows of all feeds, label by label.
func (s *Source) join(ctx context.Context, fn func(label int64, cells []float64) error) error {
	var open []*stream
	defer func() {
		for _, f := range open {
			f.stop()
		}
	}()
	for tier, feeds := range s.tiers {
		for _, f := range feeds {
			next, stop := iter.Pull(s.bins(ctx, f))
			st := &stream{feed: f, tier: tier, next: next, stop: stop}
			more, err := st.advance()
			if !more {
				stop()
				if err != nil {
					return err
				}
				continue
			}
			open = append(open, st)
		}
	}
	row := make([]float64, len(s.sel.Names))
	for len(open) > 0 {
		label := int64(math.MaxInt64)
		for _, f := range open {
			label = min(label, f.head.label)
		}
		for k := range row {
			row[k] = math.NaN()
		}
		some := false
		left := open[:0]
		for i, f := range open { // tiers in order: what is there stays
			if f.head.label != label {
				left = append(left, f)
				continue
			}
			for k, v := range f.head.cells {
				if c := f.columns[k]; v == v && row[c] != row[c] {
					row[c], some = v, true
				}
			}
			more, err := f.advance()
			if err != nil {
				open = append(left, open[i:]...)
				return err
			}
			if more {
				left = append(left, f)
			} else {
				f.stop()
			}
		}
		open = left
		if !some || label < s.sel.From || label >= s.to {
			continue
		}
		if err := fn(label, row); err != nil {
			return err
		}
	}
	return nil
}

var errStopped = errors.New("stopped")

// bins brings a feed's rows to the grid. What it yields is valid until the next one.
func (s *Source) bins(ctx context.Context, f feed) iter.Seq[bin] {
	return func(yield func(bin) bool) {
		rate := int64(s.sel.Rate)
		from, to := s.sel.From-rate, s.to
		if s.sel.From < math.MinInt64+rate {
			from = math.MinInt64
		}
		if to < math.MaxInt64-rate {
			to += rate
		}
		rs := series.NewResampler(series.ResampleOptions{
			Grid:    series.Grid{Rate: s.sel.Rate, Label: s.sel.Label},
			Spec:    series.Spec{Aggregate: s.sel.Aggregate, Fill: series.FillNone},
			Reorder: -1, Scratch: s.lake.o.Scratch,
		}, func(label int64, cells []float64) error {
			if !yield(bin{label: label, cells: cells}) {
				return errStopped
			}
			return nil
		})
		err := s.lake.newMerge(f.objects, f.names, from, to).each(ctx, rs.Add)
		if err == nil {
			err = rs.Close()
		}
		if err == nil && rs.Report().TooLate > 0 {
			err = errors.New("read rows: an object's rows are out of order")
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(bin{err: err})
		}
	}
}

// Raw hands on the rows of one component's objects as they were ingested, with
// from <= t <= to (Unix ns) and a column for each sensor, in the order of time.
// Batches are valid until fn returns.
func (l *Lake) Raw(ctx context.Context, objects []Object, component string, sensors []string, from, to int64, fn func(*series.Batch) error) error {
	names := make([]frame.Name, len(sensors))
	for i, s := range sensors {
		names[i] = frame.Name{Component: component, Sensor: s}
	}
	var own []Object
	for _, o := range objects {
		if o.Component == component {
			own = append(own, o)
		}
	}
	return l.newMerge(own, names, from, to).each(ctx, fn)
}
