package validate

import (
	"time"

	"millwright/internal/sensorstat"
	"millwright/internal/series"
)

// Report is everything that was found. As JSON its names are stable.
type Report struct {
	Clean      bool        `json:"clean"`    // nothing has to be done
	Verdict    string      `json:"verdict"`  // the same in words
	Problems   []string    `json:"problems"` // what has to be done something about, with counts
	Files      []*File     `json:"files"`    // by path
	Components []Component `json:"components"`
	Schedulers []Scheduler `json:"schedulers,omitempty"` // with a configuration only
	Notes      []string    `json:"notes"`
}

// State says what would become of a file.
type State string

const (
	Usable     State = "usable"
	Hopeless   State = "hopeless"   // no row can be used
	Empty      State = "empty"      // it has no rows
	Refused    State = "refused"    // it waits until something is corrected
	Unreadable State = "unreadable" // it cannot be opened or read
)

// File is what was found in one file.
type File struct {
	Path       string   `json:"path"`
	Size       int64    `json:"size_bytes"`
	State      State    `json:"state"`
	Why        string   `json:"why,omitempty"` // why it is not usable, and what to do
	Components []string `json:"components"`

	Dialect string   `json:"dialect,omitempty"`
	Columns []Column `json:"columns,omitempty"`

	Rows            int64                      `json:"rows"`
	Used            int64                      `json:"rows_used"`
	Values          int64                      `json:"values"`
	EmptyCells      int64                      `json:"empty_cells"`
	Marked          int64                      `json:"bad_value_words"`
	Untrusted       int64                      `json:"untrusted_values"`
	First           time.Time                  `json:"first,omitzero"`
	Last            time.Time                  `json:"last,omitzero"`
	IntervalSeconds float64                    `json:"typical_interval_seconds"`
	OutOfOrder      int64                      `json:"rows_out_of_order"`
	Duplicates      int64                      `json:"duplicate_timestamps"`
	TextColumns     []string                   `json:"text_columns,omitempty"`
	FaultCount      int64                      `json:"fault_count"`
	FaultKinds      map[series.FaultKind]int64 `json:"fault_kinds,omitempty"`
	Faults          []Fault                    `json:"faults,omitempty"`  // the first ones
	Clashes         []string                   `json:"clashes,omitempty"` // columns without a usable name of their own
	Damage          string                     `json:"damage,omitempty"`  // why it ends before its end
	Notes           []string                   `json:"notes,omitempty"`

	Arrival time.Time `json:"arrival,omitzero"` // when it is taken to be whole; with a configuration only
	Grown   bool      `json:"grown,omitzero"`   // its rows are taken to have come one by one until then
}

// Fault is a row or a cell that cannot be used.
type Fault struct {
	Line   int64            `json:"line"`
	Column string           `json:"column,omitempty"` // "" when the whole row is lost
	Text   string           `json:"text"`
	Kind   series.FaultKind `json:"kind"`
	Reason string           `json:"reason"` // what is wrong and what to do
}

// Column says what a column, or a tag, of a file becomes.
type Column struct {
	Raw       string `json:"raw"`
	Component string `json:"component,omitempty"` // where the columns tell it
	Sensor    string `json:"sensor,omitempty"`    // "" when it is left out
	Change    string `json:"change"`              // none, renamed, characters replaced, clash, no component, text
}

const (
	unchanged   = "none"
	renamed     = "renamed"
	replaced    = "characters replaced"
	clashing    = "clash"
	noComponent = "no component"
	onlyText    = "text"
)

// Component is what all files of a component have together.
type Component struct {
	Name    string                  `json:"name"`
	Files   int                     `json:"files"`
	Rows    int64                   `json:"rows"`
	Quality sensorstat.Quality      `json:"quality"`
	Sensors []sensorstat.Statistics `json:"sensors"` // worst first
}

// Scheduler is what a scheduler would see.
type Scheduler struct {
	Name      string          `json:"name"`
	Frequency string          `json:"data_upload_frequency"`
	Offset    int             `json:"data_delay_offset_in_minutes"`
	Rate      string          `json:"target_sampling_rate"`
	Windows   int             `json:"windows"`
	Fails     int             `json:"runs_that_fail"` // a component has no object at the wake-up
	Verdicts  map[Verdict]int `json:"verdicts"`       // number of windows
	Ranges    []Range         `json:"ranges"`         // of windows alike, in order of time
	Cures     []Cure          `json:"cures"`          // what would bring everything in time, smallest frequency first
	Advice    []string        `json:"advice,omitempty"`
	Warnings  []string        `json:"warnings,omitempty"` // the service's limits, the schema
}

// Verdict says how a wake-up goes.
type Verdict string

const (
	InTime     Verdict = "in time"
	HeldOnly   Verdict = "held only"   // nothing but values of before
	PartlyLate Verdict = "partly late" // some rows come after the last moment
	Late       Verdict = "late"        // all rows of a component do; the run fails, unless values are held
	Missing    Verdict = "missing"     // a component has no rows at all
)

// rank puts verdicts in order, the worst last.
func (v Verdict) rank() int {
	switch v {
	case Missing:
		return 4
	case Late:
		return 3
	case PartlyLate:
		return 2
	case HeldOnly:
		return 1
	}
	return 0
}

// Range is a run of windows that go the same way.
type Range struct {
	From       time.Time     `json:"from"` // start of the first window
	To         time.Time     `json:"to"`   // end of the last one
	Windows    int           `json:"windows"`
	Verdict    Verdict       `json:"verdict"`
	Components []string      `json:"components,omitempty"` // that are to blame
	RunFails   bool          `json:"run_fails"`
	FirstWake  time.Time     `json:"first_wake_up"`
	LastWake   time.Time     `json:"last_wake_up"`
	InTime     int64         `json:"rows_in_time"`
	Late       int64         `json:"rows_late"`
	LateBy     time.Duration `json:"-"`
	LateByS    float64       `json:"late_by_seconds"` // the longest, against the last moment
}

// Cure is a setting with which every row of the files would be in time.
type Cure struct {
	Frequency string `json:"data_upload_frequency"`
	Offset    int    `json:"data_delay_offset_in_minutes"`
}
