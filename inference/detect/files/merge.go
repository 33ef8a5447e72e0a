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
	row := make([]float64, len(s.names))
	last := int64(math.MinInt64)
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		for len(waiting) > 0 && (len(open) == 0 || waiting[0].first <= earliest(open)) {
			f, err := s.start(waiting[0])
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
		for j := range row {
			row[j] = math.NaN()
		}
		var err error
		if open, err = take(open, label, row); err != nil {
			return err
		}
		if label <= last {
			return errors.New("read data: a file has changed since it was opened: run this again")
		}
		last = label
		if err := fn(label, row); err != nil {
			return err
		}
	}
}

// start opens a file and reads its first row; nil when it has none.
func (s *Source) start(p *part) (*stream, error) {
	next, stop := iter.Pull(s.bins(p))
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

// take joins the rows of a label and gives the streams that go on.
func take(open []*stream, label int64, row []float64) ([]*stream, error) {
	owner := make(map[int]int) // column: order of the file its value is from
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
			if from, taken := owner[c]; !taken || f.order < from {
				row[c], owner[c] = v, f.order
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
