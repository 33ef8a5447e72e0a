package series

import (
	"errors"
	"slices"
)

// ResampleOptions are the settings of a Resampler.
type ResampleOptions struct {
	Grid    Grid
	Spec    Spec                  // for every sensor
	SpecOf  func(sensor int) Spec // by index into the Reader's Names; nil: Spec for all
	Reorder int                   // bins by which a row may be behind the newest one; 0: 10; negative: none
	Memory  int                   // bytes of rows kept for that; beyond it the horizon shrinks; 0: 4 MiB
	Scratch string                // folder for scratch files; "": the system's
}

const (
	defaultReorder       = 10
	defaultReorderMemory = 4 << 20
)

// ResampleReport says what became of the rows.
type ResampleReport struct {
	Rows    int64   // rows given
	Bins    int64   // labels put out
	TooLate int64   // rows beyond the reorder horizon, left out
	Repeats Repeats // values that lost against an earlier row
}

// Resampler brings rows to a grid, in memory that does not grow with their
// number. Rows may be out of order by Reorder bins; of rows with the same
// timestamp and sensor the first wins. A bin is put out when no row for it can
// come, so always in ascending order.
//
// Labels at which no row fell are put out only while some value is held.
type Resampler struct {
	grid    Grid
	reorder int64 // ns
	memory  int
	emit    func(label int64, cells []float64) error
	c       collector
	open    []*openBin // ascending
	free    []*openBin
	size    int // bytes of rows in open bins
	spare   int // bytes that bins in free have room for

	begun    bool
	newest   int64 // label of the newest row
	latest   int64 // its time
	frontier int64 // rows up to here are put out, or too late
	filled   int64 // label put out last
	started  int64 // label of the bin in the collector, when partly is set
	partly   bool  // the oldest open bin has rows in the collector already
	report   ResampleReport
}

type openBin struct {
	label int64
	rows  rowStore
}

// NewResampler makes a Resampler that calls emit for every finished bin. cells
// has one value per sensor known so far, NaN for an empty one, and is valid
// until emit returns; an error from emit ends the work.
func NewResampler(o ResampleOptions, emit func(label int64, cells []float64) error) *Resampler {
	if o.Reorder == 0 {
		o.Reorder = defaultReorder
	}
	o.Reorder = max(o.Reorder, 0)
	if o.Memory == 0 {
		o.Memory = defaultReorderMemory
	}
	specOf := o.SpecOf
	if specOf == nil {
		specOf = func(int) Spec { return o.Spec }
	}
	return &Resampler{
		grid: o.Grid, reorder: int64(o.Reorder) * int64(o.Grid.Rate), memory: o.Memory, emit: emit,
		c: collector{grid: o.Grid, specOf: specOf, medians: medians{dir: o.Scratch, limit: o.Memory / 4}},
	}
}

// Report may be called at any time; it is complete after Close.
func (r *Resampler) Report() ResampleReport {
	report := r.report
	report.Repeats = r.c.repeats
	return report
}

// Add takes the rows of a batch, which may be reused after it returns.
func (r *Resampler) Add(b *Batch) error {
	n := b.Len()
	if n == 0 {
		return nil
	}
	r.report.Rows += int64(n)
	if b.Sensor == nil {
		r.c.grow(len(b.Columns))
		if b.Sorted && (!r.begun || b.Times[0] > r.latest) {
			return r.addAscending(b)
		}
	}
	return r.addAny(b)
}

// addAscending takes wide rows that ascend strictly and follow all earlier
// ones. Bins that begin and end here are worked off where they lie; only those
// that a later row may still reach are copied.
func (r *Resampler) addAscending(b *Batch) error {
	n := b.Len()
	closing := r.grid.LabelOf(b.Times[n-1]) - r.reorder // lower labels end in this batch
	for i := 0; i < n; {
		label := r.grid.LabelOf(b.Times[i])
		j := runEnd(b.Times, i, r.grid.last(label))
		if err := r.advance(label); err != nil {
			return err
		}
		if label < closing && (len(r.open) == 0 || r.open[len(r.open)-1].label != label) {
			if err := r.closeBelow(label); err != nil {
				return err
			}
			if err := r.direct(b, label, i, j); err != nil {
				return err
			}
		} else if err := r.keep(b, label, i, j); err != nil {
			return err
		}
		r.latest = b.Times[j-1]
		i = j
	}
	return nil
}

// runEnd is the first index from i on whose time is beyond end.
func runEnd(times []int64, i int, end int64) int {
	for i++; i < len(times) && times[i] <= end; i++ {
	}
	return i
}

// addAny takes rows in any order.
func (r *Resampler) addAny(b *Batch) error {
	for i := 0; i < b.Len(); {
		t := b.Times[i]
		if r.begun && t <= r.frontier {
			r.report.TooLate++
			i++
			continue
		}
		label := r.grid.LabelOf(t)
		if err := r.advance(label); err != nil {
			return err
		}
		first, end := r.grid.last(label-int64(r.grid.Rate))+1, r.grid.last(label)
		if r.partly && label == r.started {
			first = r.frontier + 1
		}
		r.latest = max(r.latest, t)
		j := i + 1
		for ; j < b.Len() && b.Times[j] >= first && b.Times[j] <= end; j++ {
			r.latest = max(r.latest, b.Times[j])
		}
		if err := r.keep(b, label, i, j); err != nil {
			return err
		}
		i = j
	}
	return nil
}

// advance closes the bins that a row of this label leaves behind the horizon.
func (r *Resampler) advance(label int64) error {
	if !r.begun {
		r.begun, r.newest, r.latest = true, label, r.grid.last(label-int64(r.grid.Rate))
		r.frontier = r.grid.last(label-r.reorder) - int64(r.grid.Rate)
		return nil
	}
	if label <= r.newest {
		return nil
	}
	r.newest = label
	if err := r.closeBelow(label - r.reorder); err != nil {
		return err
	}
	r.frontier = max(r.frontier, r.grid.last(label-r.reorder)-int64(r.grid.Rate))
	return nil
}

func (r *Resampler) closeBelow(label int64) error {
	for len(r.open) > 0 && r.open[0].label < label {
		if err := r.closeOldest(); err != nil {
			return err
		}
	}
	return nil
}

// direct works off a bin that has all its rows in one run of a batch.
func (r *Resampler) direct(b *Batch, label int64, i, j int) error {
	r.c.views = r.c.views[:0]
	for _, col := range b.Columns {
		r.c.views = append(r.c.views, col[i:j])
	}
	if err := r.begin(label); err != nil {
		return err
	}
	r.c.wide(b.Times[i:j], r.c.views)
	return r.finish(label)
}

// keep copies a run of rows into its open bin.
func (r *Resampler) keep(b *Batch, label int64, i, j int) error {
	bin := r.bin(label, b)
	before := bin.rows.size()
	bin.rows.add(b, i, j)
	r.size += bin.rows.size() - before
	// A bin that is large takes half the memory at most: else it and the one
	// after it would both have room for all.
	for r.size > r.memory || len(r.open) > 0 && r.open[len(r.open)-1].rows.size() > r.memory/2 {
		if err := r.shrink(); err != nil {
			return err
		}
	}
	return nil
}

// bin finds or makes the open bin of a label.
func (r *Resampler) bin(label int64, b *Batch) *openBin {
	at := len(r.open)
	for ; at > 0 && r.open[at-1].label >= label; at-- {
		if r.open[at-1].label == label {
			return r.open[at-1]
		}
	}
	var bin *openBin
	if k := len(r.free) - 1; k >= 0 {
		bin, r.free = r.free[k], r.free[:k]
		r.spare -= bin.rows.room()
	} else if b.Sensor != nil {
		bin = &openBin{rows: &longRows{}}
	} else {
		bin = &openBin{rows: newWideRows(len(b.Columns))}
	}
	bin.label = label
	r.open = slices.Insert(r.open, at, bin)
	return bin
}

// shrink gives memory back: the oldest bin is put out early, or, when there is
// no other, the older half of its rows goes to the collector. Later rows up to
// there are too late from then on.
func (r *Resampler) shrink() error {
	if len(r.open) > 1 {
		return r.closeOldest()
	}
	bin := r.open[0]
	before := bin.rows.size()
	bin.rows.settle(&r.c.repeats)
	r.size -= before - bin.rows.size()
	if r.size <= r.memory/4 {
		return nil // it was mostly repeats
	}
	before = bin.rows.size()
	n := bin.rows.len() / 2
	for n > 0 && n < bin.rows.len() && bin.rows.at(n) == bin.rows.at(n-1) {
		n++
	}
	n = max(n, 1)
	if err := r.begin(bin.label); err != nil {
		return err
	}
	r.frontier = bin.rows.at(n - 1)
	r.partly, r.started = true, bin.label
	bin.rows.give(n, &r.c)
	bin.rows.drop(n)
	r.size -= before - bin.rows.size()
	return nil
}

func (r *Resampler) closeOldest() error {
	bin := r.open[0]
	r.open = slices.Delete(r.open, 0, 1)
	r.size -= bin.rows.size()
	if err := r.begin(bin.label); err != nil {
		return err
	}
	bin.rows.give(bin.rows.len(), &r.c)
	bin.rows.reset()
	if r.spare+bin.rows.room() <= r.memory {
		r.spare += bin.rows.room()
		r.free = append(r.free, bin)
	}
	return r.finish(bin.label)
}

// begin puts out the labels before this one at which only held values stand.
// It must come before the bin's first row reaches the collector.
func (r *Resampler) begin(label int64) error {
	if r.partly && r.started == label || !r.c.holds || r.report.Bins == 0 {
		return nil
	}
	for l := r.filled + int64(r.grid.Rate); l < label; l += int64(r.grid.Rate) {
		cells, some := r.c.heldCells(l)
		if !some {
			break
		}
		if err := r.put(l, cells); err != nil {
			return err
		}
	}
	return nil
}

func (r *Resampler) finish(label int64) error {
	r.partly = false
	r.frontier = max(r.frontier, r.grid.last(label))
	cells, err := r.c.cells(label)
	if err != nil {
		return err
	}
	return r.put(label, cells)
}

func (r *Resampler) put(label int64, cells []float64) error {
	r.filled = label
	r.report.Bins++
	return r.emit(label, cells)
}

// Close puts out the bins that are still open.
func (r *Resampler) Close() error {
	for len(r.open) > 0 {
		if err := r.closeOldest(); err != nil {
			return errors.Join(err, r.c.medians.close())
		}
	}
	return r.c.medians.close()
}
