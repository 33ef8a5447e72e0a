package series

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Aggregate says how the values of a bin become one. The zero value is the mean.
type Aggregate string

const (
	AggregateMean   Aggregate = "mean"   // sum / count, summed in time order
	AggregateMin    Aggregate = "min"    // smallest value
	AggregateMax    Aggregate = "max"    // largest value
	AggregateFirst  Aggregate = "first"  // earliest value
	AggregateLast   Aggregate = "last"   // latest value
	AggregateMedian Aggregate = "median" // middle value, or the mean of the two in the middle
	AggregateSum    Aggregate = "sum"    // sum in time order; never held
	AggregateCount  Aggregate = "count"  // number of values; never held
)

// Aggregates lists every aggregate in the order of the documentation.
func Aggregates() []Aggregate {
	return []Aggregate{
		AggregateMean, AggregateMin, AggregateMax, AggregateFirst,
		AggregateLast, AggregateMedian, AggregateSum, AggregateCount,
	}
}

// Fill says what an empty bin gets. The zero value holds.
type Fill string

const (
	FillHold Fill = "hold" // the last value before the bin's end, for at most MaxGap
	FillNone Fill = "none" // an empty cell
)

// NoMaxGap holds a value for as long as nothing newer comes.
const NoMaxGap time.Duration = math.MaxInt64

// Spec is how one sensor is resampled. The zero value is the mean, held for
// the grid's DefaultMaxGap.
type Spec struct {
	Aggregate Aggregate
	Fill      Fill
	MaxGap    time.Duration // 0: Grid.DefaultMaxGap; NoMaxGap: no limit
}

// Validate names what is wrong with a Spec, and what may stand there.
func (s Spec) Validate() error {
	if _, err := s.kind(); err != nil {
		return err
	}
	switch s.Fill {
	case "", FillHold, FillNone:
	default:
		return fmt.Errorf("fill %q is not known: use hold or none", s.Fill)
	}
	if s.MaxGap < 0 {
		return fmt.Errorf("max_gap %v is negative: use a duration or none", s.MaxGap)
	}
	return nil
}

// kind is an Aggregate made ready for switches in inner loops.
type kind uint8

const (
	kindMean kind = iota
	kindMin
	kindMax
	kindFirst
	kindLast
	kindMedian
	kindSum
	kindCount
)

func (s Spec) kind() (kind, error) {
	if s.Aggregate == "" {
		return kindMean, nil
	}
	names := make([]string, 0, 8)
	for i, a := range Aggregates() {
		if s.Aggregate == a {
			return kind(i), nil
		}
		names = append(names, string(a))
	}
	return 0, fmt.Errorf("aggregate %q is not known: use one of %s", s.Aggregate, strings.Join(names, ", "))
}

// plan is a Spec resolved against a Grid.
type plan struct {
	kind kind
	hold bool
	gap  int64 // ns
}

// plan falls back to the mean for an unknown aggregate, which Validate refuses.
func (s Spec) plan(g Grid) plan {
	k, _ := s.kind()
	p := plan{kind: k, gap: int64(s.MaxGap)}
	if p.gap == 0 {
		p.gap = int64(g.DefaultMaxGap())
	}
	p.hold = s.Fill != FillNone && k != kindSum && k != kindCount
	return p
}

// held reports whether a bin that ends at edge still shows the value seen at
// last.Time, which lies before that end.
func (p plan) held(last Last, edge int64) bool {
	return p.hold && last.OK && (p.gap == int64(NoMaxGap) || edge-last.Time <= p.gap)
}

// sums tells the kinds that need nothing but a sum and a count.
func (k kind) sums() bool { return k == kindMean || k == kindSum || k == kindCount }
