package detect

import (
	"fmt"
	"time"

	"millwright/inference/detect/frame"
	"millwright/internal/resultline"
)

// Settings are what a user may choose. Zero values stand for the defaults.
type Settings struct {
	Rate              time.Duration // the grid's step
	Off               frame.Off     // when the machine is off
	OffOnly           bool          // its sensor is not learnt: it only tells when the machine is off
	Restart           time.Duration // after off; 0: one hour, or longer where the history shows it; negative: none
	Hold              time.Duration // of every sensor; 0: from its own intervals
	FalseAlarmsWeekly float64       // the target; 0: one
	ModeSensors       []frame.Name  // that set the operating point, the main one first; nil: found
	MinHistory        time.Duration // of unlabelled running time, to verify the target; 0: 14 days
	Labels            Labels
	Voided            []Voided // readings that the source leaves out, and the codes that they were
	Seed              uint64   // of samples
	Progress          Progress // nil: nobody asks
	HeldOut           HeldOut  // nil: nobody asks
	Cores             int      // how many are worked with at the most; 0: all. The model is the same

	without without
}

// HeldOut is given the rows of the history of a full training, labelled ones too, with
// the scores that they have by the fits to the other parts of it, and no diagnostics.
type HeldOut func(resultline.Row)

// without leaves parts of the recipe out, so that what each is worth can be measured.
type without struct {
	modes     bool // one mode for all rows
	inputs    bool // no smoothing of the sensors
	scores    bool // no smoothing of the score
	trim      bool // the worst rows of the history are learnt too
	folds     bool // the history is scored by the fit that has seen it
	surprise  bool // every spread counts as well known
	doubt     bool // limits of short histories are their quantile
	search    bool // the limit is the quantile of the history, whatever alarms it makes
	fences    bool // every reading is believed
	memberAt  int  // with member: the one that has no say
	member    bool
	ownLimits bool // restarts have the limit of all rows
	strangers bool // and so have operating points that training has not met
}

// Labels are what people said of the past.
type Labels struct {
	Anomaly []frame.Range // not normal: in neither fit nor limit
	Normal  []frame.Range // NO_ANOMALY: in the limit's estimate in any case, and beside an anomaly too
}

func (s Settings) withDefaults() Settings {
	if s.FalseAlarmsWeekly == 0 {
		s.FalseAlarmsWeekly = 1
	}
	if s.MinHistory == 0 {
		s.MinHistory = 14 * 24 * time.Hour
	}
	return s
}

// restart is the restart time before the history is asked.
func (s Settings) restart() time.Duration {
	if s.Restart == 0 {
		return restartTime
	}
	return max(s.Restart, 0)
}

// Validate says what cannot be meant.
func (s Settings) Validate() error {
	switch {
	case s.Rate <= 0:
		return fmt.Errorf("rate %s: it has to be above 0", s.Rate)
	case s.FalseAlarmsWeekly < 0:
		return fmt.Errorf("false alarms per week %g: it has to be above 0", s.FalseAlarmsWeekly)
	case s.Restart > maxRestart:
		return fmt.Errorf("restart %s: it goes up to %s", s.Restart, maxRestart)
	case s.Hold < 0 || s.Hold > maxHold:
		return fmt.Errorf("hold %s: it goes from 0 (automatic) to %s", s.Hold, maxHold)
	}
	return nil
}

// Spans are how much of the past the smoothing takes in, in rows.
type Spans struct {
	Input int `json:"input"` // of the sensors
	Score int `json:"score"` // of the score
}

// SpansOf follow from the rate alone: half an hour of inputs and two hours of
// score, within what was measured to work at one second and at an hour.
func SpansOf(rate time.Duration) Spans {
	rows := func(d time.Duration, low, high int) int { return min(max(int(d/rate), low), high) }
	return Spans{Input: rows(30*time.Minute, 3, 10), Score: rows(2*time.Hour, 6, 30)}
}

// Lags is how many rows before a row the dynamic members look at.
const Lags = 3

// reach is how many spans of rows an average is made of: what lies before has a
// weight below e^-8.
const reach = 4

// Context is how many rows before a row decide its result, and the row itself.
func (s Spans) Context() int { return Lags + reach*(s.Input+s.Score) + s.Score }

// maxHold is how long a value stands for the empty bins after it at the most.
const maxHold = 24 * time.Hour

// maxRestart is how long a restart may be said to take.
const maxRestart = 366 * 24 * time.Hour
