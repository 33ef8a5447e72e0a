// Package oracle computes from what was dropped which objects must be in the
// bucket, byte for byte, by applying the rulings naively: it keeps every value in
// memory and shares no code with the program it judges. It knows one CSV dialect.
package oracle

import (
	"slices"
	"time"
)

// Scheduler is what of a scheduler's configuration decides its objects.
type Scheduler struct {
	Components []string

	Prefix    string
	Delimiter string
	Format    string // yyyyMMddHHmmss, yyyy-MM-dd-HH-mm-ss or EPOCH
	Offset    time.Duration

	Frequency  time.Duration
	Delay      time.Duration
	Margin     time.Duration
	Rate       time.Duration
	LabelStart bool

	Schema   map[string][]string
	Default  Treatment
	Sensors  map[string]Treatment // those that differ from Default
	LastWins bool                 // on_conflict: last
	RealRows bool                 // require_real_rows
	Overdue  time.Duration        // overdue_max
	MaxAhead time.Duration
}

// Treatment is how a sensor's values become cells.
type Treatment struct {
	Aggregate string // mean, min, max, first, last, median, sum, count
	NoFill    bool
	MaxGap    time.Duration // how long a value is held; negative: for ever
}

// Drop is one content that a path in the drop folder had.
type Drop struct {
	Path      string // the same path again is a new version of it
	Component string
	At        time.Time // business time from which on it could be taken
	Content   []byte
}

// Life is when the agent ran.
type Life struct {
	First time.Time // its first start
	End   time.Time // until when it ran
	Down  []Span    // and when it did not
}

// Span is a stretch of business time, From included, To excluded.
type Span struct{ From, To time.Time }

// Expected is what must be found at the end.
type Expected struct {
	Objects map[string][]byte // by key
	Late    []Value           // in late/
	Older   int               // rows that stay in their drop
	Ahead   int               // rows in quarantine for being ahead
}

// Expect applies the rulings. Drops are in the order in which they are taken.
func (s Scheduler) Expect(drops []Drop, life Life) (Expected, error) {
	want := Expected{Objects: map[string][]byte{}}
	for _, component := range s.Components {
		c := history{Scheduler: s, component: component, life: life, watermarks: map[time.Time]time.Time{}}
		if err := c.read(drops); err != nil {
			return Expected{}, err
		}
		want.Older += c.older
		want.Ahead += c.ahead
		if len(c.values) == 0 {
			continue
		}
		first := slices.MinFunc(c.values, func(a, b Value) int { return a.Time.Compare(b.Time) }).Time
		for start := s.start(first); start.Before(life.End); start = start.Add(s.Frequency) {
			o, late := c.window(start)
			if o != nil {
				want.Objects[s.Key(component, start)] = o
			}
			want.Late = append(want.Late, late...)
		}
	}
	return want, nil
}

func (s Scheduler) treatment(sensor string) Treatment {
	if t, ok := s.Sensors[sensor]; ok {
		return t
	}
	return s.Default
}

// start is the start of the window that holds t.
func (s Scheduler) start(t time.Time) time.Time {
	start := t.Truncate(s.Frequency)
	if !s.LabelStart && start.Equal(t) {
		start = start.Add(-s.Frequency)
	}
	return start
}

// holds tells whether the bin or window from a to b has t.
func (s Scheduler) holds(a, b, t time.Time) bool {
	if s.LabelStart {
		return !t.Before(a) && t.Before(b)
	}
	return t.After(a) && !t.After(b)
}

func (s Scheduler) wake(start time.Time) time.Time {
	return start.Add(s.Frequency + s.Delay)
}

func (s Scheduler) latest(start time.Time) time.Time {
	return s.wake(start).Add(-min(s.Margin, s.Delay/2))
}

// cutoff supposes uploads that take less than half of five seconds.
func (s Scheduler) cutoff(start time.Time) time.Time {
	return s.wake(start).Add(-5 * time.Second)
}
