package detect

import (
	"errors"
	"fmt"
	"math"
	"time"

	"go.uber.org/zap"

	"millwright/inference/detect/frame"
)

// Dropped is a sensor that cannot serve, and why.
type Dropped struct {
	Sensor frame.Name `json:"sensor"`
	Reason string     `json:"reason"`
}

// Thresholds of what makes a sensor unfit.
const (
	maxEmpty      = 0.3   // share of running rows without a value
	maxContrary   = 0.001 // share of steps of a counter that go the other way
	minSteps      = 20    // that make a counter
	maxCategories = 12    // different values of a state
	minEach       = 20    // how often each comes, on average
)

// survey gathers what is needed to choose sensors and how long each is held.
type survey struct {
	sensors []sensorSurvey
	rows    int64
	off     int64   // of them, while the machine is off
	sample  *sample // of running rows
	all     *sample // of all rows, also those in which the machine is off
}

type sensorSurvey struct {
	lowest, highest float64 // of all values

	n         int64   // values while the machine runs
	low, high float64 // of those
	last      float64
	up, down  int64
	values    map[float64]struct{} // at most maxCategories+1
	regular   int64                // how often a value is one row after the other
	intervals map[int64]int64      // more rows from one to the next: how often
	at        int64                // label of the last value
}

func newSurvey(columns int, seed uint64) *survey {
	s := &survey{sensors: make([]sensorSurvey, columns), sample: newSample(columns, seed), all: newSample(columns, seed)}
	for j := range s.sensors {
		s.sensors[j] = sensorSurvey{lowest: math.Inf(1), highest: math.Inf(-1), values: map[float64]struct{}{}, intervals: map[int64]int64{}}
	}
	return s
}

// add takes a row that has not been held.
func (s *survey) add(r frame.Row, rate time.Duration) {
	if s.rows++; r.State == frame.Stopped {
		s.off++
	}
	for j, v := range r.Values {
		if !math.IsNaN(v) {
			s.sensors[j].add(v, r.Label, rate, r.State == frame.Running)
		}
	}
	s.all.add(r.Values, r.Fresh)
	if r.State == frame.Running {
		s.sample.add(r.Values, r.Fresh)
	}
}

func (s *sensorSurvey) add(v float64, label int64, rate time.Duration, running bool) {
	switch {
	case s.at == 0:
	case label-s.at == int64(rate):
		s.regular++
	default:
		s.intervals[(label-s.at)/int64(rate)]++
	}
	s.at = label
	s.lowest, s.highest = min(s.lowest, v), max(s.highest, v)
	if !running {
		return
	}
	if s.n == 0 {
		s.low, s.high, s.last = v, v, v
	}
	s.n++
	s.low, s.high = min(s.low, v), max(s.high, v)
	switch {
	case v > s.last:
		s.up++
	case v < s.last:
		s.down++
	}
	s.last = v
	if len(s.values) <= maxCategories {
		s.values[v] = struct{}{}
	}
}

// fences finds where each sensor's believable readings end, nowhere when all is believed.
func (s *survey) fences(believe bool) []Fence {
	s.all.flush()
	list := make([]Fence, len(s.sensors))
	for j := range list {
		if list[j] = open(); !believe {
			list[j] = fenceOf(s.all.column(j))
		}
	}
	return list
}

// beyond tells whether some reading lies outside its fence.
func (s *survey) beyond(fences []Fence) bool {
	for j, f := range fences {
		if v := s.sensors[j]; v.lowest < f.Low || v.highest > f.High {
			return true
		}
	}
	return false
}

// heldIntervals is for how many of a sensor's intervals a value of it stands.
const heldIntervals = 3

// doubt says where there is nothing to learn from, for want of rows or because the off
// condition cannot be meant.
func (t *trainer) doubt(s *survey) error {
	if s.rows == 0 {
		return errors.New("there is no row to learn from")
	}
	if !t.s.Off.Set() {
		return nil
	}
	switch of := s.sensors[t.rules.OffAt]; {
	case of.lowest > of.highest:
		return fmt.Errorf("off condition %s: the sensor has no value: its column is empty, or holds text", t.s.Off)
	case s.off == s.rows:
		return fmt.Errorf("off condition %s: the machine would always be off, as the sensor goes from %g to %g: correct the number, or the < or >", t.s.Off, of.lowest, of.highest)
	case s.off == 0:
		t.log.Warn("the machine is never off by the off condition: correct the number, or the < or >, if it was",
			zap.Stringer("off", t.s.Off), zap.Float64("lowest", of.lowest), zap.Float64("highest", of.highest))
	}
	return nil
}

// hold is how long a value stands: three times the interval that all but one in a
// hundred keep to, at least three rows.
func (s *sensorSurvey) hold(rate time.Duration) time.Duration {
	total, sum, widest := s.regular, s.regular, int64(1)
	for _, n := range s.intervals {
		total += n
	}
	for rows := int64(2); total > 0 && sum*100 < total*99; rows++ {
		if rows > int64(maxHold/rate) {
			break
		}
		sum += s.intervals[rows]
		widest = rows
	}
	return min(heldIntervals*rate*time.Duration(widest), maxHold)
}

// unfit says why a sensor cannot serve, "" when it can. A coarse reading flickers
// between its few values, a state stays with one for long.
func (s *sensorSurvey) unfit(dwell int) string {
	steps := s.up + s.down
	switch {
	case s.lowest > s.highest:
		return "it has no value: its column is empty, or holds text"
	case s.n == 0:
		return "it has no value while the machine runs"
	case s.low == s.high:
		return fmt.Sprintf("it is always %g", s.low)
	case steps >= minSteps && float64(min(s.up, s.down)) <= maxContrary*float64(steps):
		return "it is a counter: it only ever goes one way"
	case len(s.values) <= maxCategories && s.n >= int64(minEach*len(s.values)) && steps*int64(dwell) < s.n:
		return fmt.Sprintf("it is a state: it stays with each of %d values for long", len(s.values))
	}
	return ""
}
