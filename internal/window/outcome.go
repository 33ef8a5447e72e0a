package window

import (
	"fmt"
	"math"
	"time"
)

// Scoring is how far a window's run has come, seen from the site.
type Scoring string

// The marks that a window can have. A result that comes at any time, however
// late, makes it delivered.
const (
	Awaited   Scoring = "awaited"   // uploaded, the wake-up is past, and there is still time
	Delivered Scoring = "delivered" // its result is on site
	Missing   Scoring = "missing"   // no result within the time-out after the later of wake-up and upload
	Failed    Scoring = "failed"    // the service says that the run failed, and Reason says why
	Unscored  Scoring = "unscored"  // uploaded after its wake-up since its rows came late: no run has read it, and nobody is alarmed
)

// Outcome is what became of a scheduler's window: one for all its components.
type Outcome struct {
	Scheduler string
	Start     int64     // S, Unix ns
	Wake      time.Time // W
	Uploaded  time.Time // when the last of its components was; zero: not all are
	Scoring   Scoring
	Reason    string    // why it is missing, failed or unscored, or what is wrong with its result so far; safe for terminals
	Remedy    string    // what to do about it
	Refused   string    // rules and ETag of the newest object that cannot be used; empty: none
	At        time.Time // since when the mark stands, business time

	// The result on site; all zero while there is none.
	Generation int64    // 1, then one more for each later result of other content
	Rows       int64    // lines
	Anomalous  int64    // lines with prediction 1
	Off        int64    // lines of an off machine
	Peak       float64  // highest score, NaN: none has one
	PeakAt     int64    // its line's stamp, Unix ns
	Size       int64    // bytes
	SHA256     [32]byte // of the file
	ETag       string   // of the object
	Path       string   // of the file, relative to state_dir, with slashes; empty once it is pruned
}

// Pruned tells whether its result was on site and had to make room.
func (o Outcome) Pruned() bool { return o.Generation > 0 && o.Path == "" }

// Highest is the highest score of its result; nil while there is none, or where
// no row has a score.
func (o Outcome) Highest() *float64 {
	if o.Generation == 0 || math.IsNaN(o.Peak) {
		return nil
	}
	return &o.Peak
}

// PrunedReason says so to people.
const PrunedReason = "pruned from site, still in the bucket"

// OutcomeFilter chooses outcomes; zero fields choose all.
type OutcomeFilter struct {
	Scheduler string
	From, To  int64 // windows with From <= start < To (Unix ns)
	Scoring   Scoring
	Open      bool // only those without a result on site
	Limit     int
	Newest    bool // the newest first; otherwise the oldest
}

// Run is what the components of a scheduler have for one window.
type Run struct {
	Start    int64
	Sealed   int       // components with a file
	Uploaded int       // components whose file is in the bucket, or that leave an object there alone
	At       time.Time // when the last of those was seen there, business time
	Overdue  bool      // a component's file came to be after the wake-up
	Silent   []string  // components that had nothing to say, or are not known to have had anything
}

// CompactStamp is how windows and events are named in files and message ids:
// 20260105T080000Z. A fraction of a second is written when there is one.
func CompactStamp(start int64) string {
	return time.Unix(0, start).UTC().Format("20060102T150405.999999999") + "Z"
}

// ResultPath is where a window's result lies on site, relative to state_dir:
// results/pump-7/2026-01-05/2026-01-05T080000Z.jsonl.
func ResultPath(scheduler string, start int64) string {
	at := time.Unix(0, start).UTC()
	return fmt.Sprintf("results/%s/%s/%s.jsonl", scheduler, at.Format(time.DateOnly), at.Format("2006-01-02T150405Z"))
}
