package backfill

import (
	"fmt"
	"strings"

	"millwright/internal/series"
)

// Summary is what a command met and did.
type Summary struct {
	As      As      `json:"as"`
	DryRun  bool    `json:"dry_run,omitempty"`
	Resumed bool    `json:"resumed,omitempty"` // an earlier run of the same command had begun
	Seconds float64 `json:"seconds"`

	Files   []File   `json:"files"`             // those that were read
	Skipped []File   `json:"skipped,omitempty"` // those that were not, with the reason
	Notes   []string `json:"notes,omitempty"`   // what a person should know

	Rows    Rows     `json:"rows"`              // over all files
	Windows *Windows `json:"windows,omitempty"` // inference
	Objects Objects  `json:"objects"`
	// List has every object of training data, and of a dry run.
	List []Object `json:"list,omitempty"`
	// Differences are objects of other content that were left alone.
	Differences []Difference `json:"differences,omitempty"`
}

// File is one file and what could not be used of it.
type File struct {
	Path      string  `json:"path"`
	Component string  `json:"component,omitempty"` // "": its columns tell
	State     string  `json:"state"`               // read, repeat, refused, unusable, skipped
	Reason    string  `json:"reason,omitempty"`
	Rows      Rows    `json:"rows"`
	Faults    []Fault `json:"faults,omitempty"` // the first ones
}

// Rows accounts for rows and cells.
type Rows struct {
	Read      int64 `json:"read"`
	Bad       int64 `json:"bad,omitempty"`          // rows that could not be used
	Ambiguous int64 `json:"ambiguous,omitempty"`    // rows whose local time is two instants
	Ahead     int64 `json:"ahead,omitempty"`        // rows further ahead of the clock than max_ahead
	Outside   int64 `json:"outside,omitempty"`      // rows before --from or after --to
	BadCells  int64 `json:"bad_cells,omitempty"`    // text that is no number
	Repeated  int64 `json:"repeated,omitempty"`     // values that lost against another of the same timestamp and sensor
	Same      int64 `json:"same,omitempty"`         // values equal to one already there
	TooLate   int64 `json:"out_of_order,omitempty"` // rows too far out of order
}

func (r *Rows) add(o Rows) {
	r.Read += o.Read
	r.Bad += o.Bad
	r.Ambiguous += o.Ambiguous
	r.Ahead += o.Ahead
	r.Outside += o.Outside
	r.BadCells += o.BadCells
	r.Repeated += o.Repeated
	r.Same += o.Same
	r.TooLate += o.TooLate
}

func (r *Rows) faulty() bool { return r.Bad+r.Ambiguous+r.Ahead+r.BadCells+r.TooLate > 0 }

// Fault is a row or a cell that could not be used.
type Fault struct {
	Line   int64  `json:"line"`
	Column string `json:"column,omitempty"`
	Reason string `json:"reason"`
	Text   string `json:"text"`
}

// Windows counts windows of all schedulers.
type Windows struct {
	Sealed   int64 `json:"sealed"`    // they have an object
	HeldOnly int64 `json:"held_only"` // of these, those without a row
	Silent   int64 `json:"silent"`    // they have nothing to say
	Ahead    int64 `json:"ahead"`     // their wake-up is ahead: left to the daemon
	Outside  int64 `json:"outside"`   // they do not lie wholly between --from and --to
}

// Objects counts objects.
type Objects struct {
	Sent    int64 `json:"sent"`    // by this run
	Adopted int64 `json:"adopted"` // their content was there already
	Rows    int64 `json:"rows"`
	Bytes   int64 `json:"bytes"` // of all of them
}

// Object is one object.
type Object struct {
	Bucket string `json:"bucket"`
	Key    string `json:"key"`
	Rows   int64  `json:"rows"` // windows: those with a value of their own
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
	State  string `json:"state"` // sent, there, new, differs, unknown
}

// Difference is an object of other content.
type Difference struct {
	Bucket        string `json:"bucket"`
	Key           string `json:"key"`
	Bytes         int64  `json:"bytes"` // ours
	SHA256        string `json:"sha256"`
	MD5           string `json:"md5"`
	TheirBytes    int64  `json:"their_bytes"`
	TheirHash     string `json:"their_hash"` // the SHA-256 that its writer noted, else its ETag
	TheirInstance string `json:"their_instance,omitempty"`
}

func (d Difference) String() string {
	who := ""
	if d.TheirInstance != "" {
		who = ", written by " + d.TheirInstance
	}
	return fmt.Sprintf("s3://%s/%s: here %d bytes, sha256 %.16s, md5 %s; there %d bytes, %s%s", d.Bucket, d.Key, d.Bytes, d.SHA256, d.MD5, d.TheirBytes, d.TheirHash, who)
}

// Faulty tells whether the data has problems that a person should look at.
func (s *Summary) Faulty() bool {
	if s.Rows.faulty() || len(s.Differences) > 0 {
		return true
	}
	for _, f := range s.Files {
		if f.State == refused || f.State == unusable {
			return true
		}
	}
	for _, f := range s.Skipped {
		if f.State == refused {
			return true
		}
	}
	return false
}

// States of a File.
const (
	read     = "read"
	repeat   = "repeat"
	refused  = "refused"
	unusable = "unusable"
	skipped  = "skipped"
)

// maxFaults is how many faults of a file are kept.
const maxFaults = series.MaxFaults

func (s *Summary) note(format string, args ...any) {
	s.Notes = append(s.Notes, fmt.Sprintf(format, args...))
}

// few names some of many.
func few(names []string) string {
	const most = 8
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}

// Coming is how many objects were sent, or would be if this were no dry run.
func (s *Summary) Coming() int64 {
	n := s.Objects.Sent
	for _, o := range s.List {
		if s.DryRun && (o.State == stateNew || o.State == stateReplaced || o.State == stateUnknown) {
			n++
		}
	}
	return n
}
