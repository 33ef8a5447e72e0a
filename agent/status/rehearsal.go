package status

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"millwright/internal/ledger"
)

// Rehearsal is a business clock that is not wall time.
type Rehearsal struct {
	From  time.Time `json:"from"`  // business time at which it began
	Pace  float64   `json:"pace"`  // business seconds in a real one
	Began time.Time `json:"began"` // real time
}

// Notice is how the ledger keeps it, for who asks without being the daemon. Its
// time is real.
func (r Rehearsal) Notice() ledger.Notice {
	return ledger.Notice{
		Scope: ClockScope, Code: ClockRehearsed, At: r.Began,
		Text: r.From.UTC().Format(time.RFC3339Nano) + "@" + strconv.FormatFloat(r.Pace, 'g', -1, 64),
	}
}

// Rehearsed gives the rehearsal that the ledger's daemon runs, or ran last.
func Rehearsed(notices []ledger.Notice) (Rehearsal, bool) {
	for _, n := range notices {
		if n.Scope != ClockScope || n.Code != ClockRehearsed {
			continue
		}
		from, pace, _ := strings.Cut(n.Text, "@")
		t, err := time.Parse(time.RFC3339Nano, from)
		p, e := strconv.ParseFloat(pace, 64)
		return Rehearsal{From: t, Pace: p, Began: n.At}, err == nil && e == nil
	}
	return Rehearsal{}, false
}

// At is the business time at a real one.
func (r Rehearsal) At(real time.Time) time.Time {
	return r.From.Add(time.Duration(float64(real.Sub(r.Began)) * r.Pace))
}

// Words tell people what time it is by.
func (r Rehearsal) Words() string {
	return "business time from " + r.From.UTC().Format("2006-01-02T15:04:05Z") + " on, " + r.Speed()
}

// Speed is the pace in words.
func (r Rehearsal) Speed() string {
	if r.Pace == 1 {
		return "at life's pace"
	}
	return fmt.Sprintf("at %s times the pace", strconv.FormatFloat(r.Pace, 'g', 4, 64))
}
