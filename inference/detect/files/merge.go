package files

import (
	"context"
	"errors"
	"iter"
	"math"
)

// stream is an open file with its next row.
type stream struct {
	*part
	head bin
	next func() (bin, bool)
	stop func()
}

// Each gives the joined rows. Files are opened when their time comes, so that a
// history of monthly files has one or two of them open at once. Where files have a
// value of the same sensor in the same bin, that of the first file in order counts.
func (s *Source) Each(ctx context.Context, fn func(label int64, cells []float64) error) error {
	waiting := s.parts
	var open []*stream
	defer func() {
		for _, f := range open {
			f.stop()
		}
	}()
	j := join{row: make([]float64, len(s.names)), owner: make([]int, len(s.names))}
	last := int64(math.MinInt64)
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		for len(waiting) > 0 && (len(open) == 0 || waiting[0].first <= earliest(open)) {
			f, err := s.start(ctx, waiting[0])
			if waiting = waiting[1:]; err != nil {
				return err
			}
			if f != nil {
				open = append(open, f)
			}
		}
		if len(open) == 0 {
			return nil
		}
		label := earliest(open)
		var err error
		if open, err = j.take(open, label); err != nil {
			return err
		}
		if label <= last {
			return errors.New("read data: a file has changed since it was opened: run this again")
		}
		last = label
		if label < s.low || label > s.high {
			continue
		}
		if err := fn(label, j.row); err != nil {
			return err
		}
	}
}

// start opens a file and reads its first row; nil when it has none.
func (s *Source) start(ctx context.Context, p *part) (*stream, error) {
	next, stop := iter.Pull(s.bins(ctx, p))
	f := &stream{part: p, next: next, stop: stop}
	if more, err := f.advance(); !more {
		stop()
		return nil, err
	}
	return f, nil
}

// advance reads the next row.
func (f *stream) advance() (bool, error) {
	b, ok := f.next()
	f.head = b
	return ok && b.err == nil, b.err
}

func earliest(open []*stream) int64 {
	label := int64(math.MaxInt64)
	for _, f := range open {
		label = min(label, f.head.label)
	}
	return label
}

// join is a row to which several files may have values.
type join struct {
	row   []float64
	owner []int // order of the file that each value is from; what it is for none does not count
}

// take joins the rows of a label and gives the streams that go on.
func (j *join) take(open []*stream, label int64) ([]*stream, error) {
	for c := range j.row {
		j.row[c] = math.NaN()
	}
	left := open[:0]
	for i, f := range open {
		if f.head.label != label {
			left = append(left, f)
			continue
		}
		for k, v := range f.head.cells {
			c := f.head.columns[k]
			if c < 0 || math.IsNaN(v) {
				continue
			}
			if math.IsNaN(j.row[c]) || f.order < j.owner[c] {
				j.row[c], j.owner[c] = v, f.order
			}
		}
		more, err := f.advance()
		if err != nil {
			return append(left, open[i:]...), err
		}
		if more {
			left = append(left, f)
		} else {
			f.stop()
		}
	}
	return left, nil
}
