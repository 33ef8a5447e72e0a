package frame

import (
	"math"
	"slices"
	"time"
)

// State is what the machine does in a row.
type State uint8

// The states of a row.
const (
	Running    State = iota
	Restarting       // running, for less than the restart time
	Stopped          // the off condition holds
)

// String is the state in a word.
func (s State) String() string {
	switch s {
	case Stopped:
		return "off"
	case Restarting:
		return "restarting"
	}
	return "running"
}

// Row is one label of the grid after holding.
type Row struct {
	Label  int64     // Unix ns
	State  State     //
	Fresh  bool      // the row before it is missing: nothing was known at the label before
	Blind  bool      // the off sensor has been silent for a day: the state may be out of date
	Values []float64 // one for each column, NaN where nothing is known; valid until the next row
}

// Rules say how a Tracker holds values and tells off rows.
type Rules struct {
	Rate    time.Duration
	Hold    []time.Duration // per column: how long after its bin a value stands for the empty ones
	Codes   [][]float64     // per column: values that stand for no reading; nil: there are none
	Off     Off
	OffAt   int           // the column of Off's sensor, -1 for none
	Restart time.Duration // after off
}

func (r *Rules) code(column int, v float64) bool {
	return r.Codes != nil && slices.Contains(r.Codes[column], v)
}

// Tracker turns rows of a Source into Rows, label by label, gaps included. What it
// knows of the past is one value and instant per column, and when the machine was
// last off.
type Tracker struct {
	rules Rules
	last  []held
	label int64 // of the newest row; 0: none yet
	off   bool
	offAt int64 // newest label at which the machine was off, with ever
	ever  bool
	first int64 // the first label
	gone  bool  // labels without any value lie before the next row
	row   []float64
}

type held struct {
	at    int64
	value float64
	ok    bool
}

// maxReading is beyond what any sensor reads: larger numbers count as missing, since
// their squares could not be told apart from infinity.
const maxReading = 1e100

// NewTracker makes a Tracker that knows nothing of the past.
func NewTracker(r Rules) *Tracker {
	return &Tracker{rules: r, last: make([]held, len(r.Hold)), row: make([]float64, len(r.Hold)), gone: true}
}

// Add takes the next row of a Source and gives fn the rows up to it: those of the
// labels between, as long as something is held there, and its own.
func (t *Tracker) Add(label int64, cells []float64, fn func(Row) error) error {
	if t.label != 0 {
		if err := t.hold(t.label+int64(t.rules.Rate), label, fn); err != nil {
			return err
		}
	}
	if t.first == 0 {
		t.first = label
	}
	t.label = label
	var before int64 // when the off sensor was last heard of
	if at := t.rules.OffAt; at >= 0 {
		before = t.last[at].at
	}
	for i, v := range cells {
		if math.Abs(v) <= maxReading && !t.rules.code(i, v) { // not so of NaN
			t.last[i] = held{label, v, true}
		}
	}
	if at := t.rules.OffAt; at >= 0 && t.last[at].ok {
		was := t.off
		if t.off = t.rules.Off.Holds(t.last[at].value); was && !t.off && label-before <= int64(silence) {
			t.offAt = label - int64(t.rules.Rate) // it was off for all that nothing was told
		}
	}
	_, err := t.emit(label, fn)
	return err
}

// Until gives the rows that are still held after the newest one, up to and with
// the label until.
func (t *Tracker) Until(until int64, fn func(Row) error) error {
	if t.label == 0 {
		return nil
	}
	return t.hold(t.label+int64(t.rules.Rate), until+1, fn)
}

func (t *Tracker) hold(from, to int64, fn func(Row) error) error {
	for label := from; label < to; label += int64(t.rules.Rate) {
		some, err := t.emit(label, fn)
		if err != nil || !some {
			return err
		}
		t.label = label
	}
	return nil
}

// silence is after how long the off sensor's last value is worth a word.
const silence = 24 * time.Hour

func (t *Tracker) blind(label int64) bool {
	at := t.rules.OffAt
	if at < 0 {
		return false
	}
	since := t.first
	if t.last[at].ok {
		since = t.last[at].at
	}
	return label-since > int64(silence)
}

// emit gives the row of a label, unless nothing is known there.
func (t *Tracker) emit(label int64, fn func(Row) error) (bool, error) {
	some := false
	for i, h := range t.last {
		t.row[i] = math.NaN()
		if h.ok && label-h.at <= int64(t.rules.Hold[i]) {
			t.row[i], some = h.value, true
		}
	}
	if !some {
		t.gone = true
		return false, nil
	}
	state := Running
	switch {
	case t.off:
		state, t.ever, t.offAt = Stopped, true, label
	case t.ever && label-t.offAt <= int64(t.rules.Restart):
		state = Restarting
	}
	r := Row{Label: label, State: state, Fresh: t.gone, Blind: t.blind(label), Values: t.row}
	t.gone = false
	return true, fn(r)
}
