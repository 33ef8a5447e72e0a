package detect

import (
	"time"

	"millwright/inference/detect/frame"
	"millwright/internal/resultline"
)

// Session scores the rows of a Source as they come. A Session that begins Lookback
// before a row says of it the same as one that has read everything.
type Session struct {
	tracker *frame.Tracker
	scorer  *Scorer
}

// NewSession makes a Session that knows nothing of the past.
func (m *Model) NewSession() *Session {
	return &Session{tracker: frame.NewTracker(m.rules), scorer: m.NewScorer()}
}

// Lookback is how long before a row a Session has to begin so that it knows all that
// decides the row's result: the context, the values held at its beginning, and when
// the machine was last off. Only an off sensor that is silent for longer is not known.
func (m *Model) Lookback() time.Duration {
	var hold time.Duration
	for _, h := range m.rules.Hold {
		hold = max(hold, h)
	}
	if m.rules.OffAt >= 0 {
		hold = maxHold
	}
	return time.Duration(m.Context())*m.rules.Rate + hold + m.rules.Restart
}

// Add takes the next label with a value, its cells beside the model's Columns, and
// gives fn the results up to it: also those of labels without any value, as long as
// values are held there. A row is valid until fn returns.
func (s *Session) Add(label int64, cells []float64, fn func(resultline.Row, Remark) error) error {
	return s.tracker.Add(label, cells, s.score(fn))
}

// Until gives the results of labels after the newest row up to and with until, as long
// as values are held there.
func (s *Session) Until(until int64, fn func(resultline.Row, Remark) error) error {
	return s.tracker.Until(until, s.score(fn))
}

func (s *Session) score(fn func(resultline.Row, Remark) error) func(frame.Row) error {
	return func(r frame.Row) error { return fn(s.scorer.Add(r), s.scorer.Remark()) }
}

// Remark is what a result line has no room for.
type Remark struct {
	State   frame.State
	Mode    int     // index of the operating mode
	Pilot   float64 // smoothed value of the sensor that sets it, NaN when it is missing
	Guessed bool    // the mode was told by the other sensors
	Unseen  bool    // the pilot is where training had no rows: scored with the nearest mode
	Blind   bool    // the off sensor has been silent for a day
	Missing int     // sensors without a value
	Capped  bool    // too little is known: the row cannot be an anomaly
}
