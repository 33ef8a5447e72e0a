// Package drop describes what is known of a file in a drop folder: which file,
// which version of it, what was taken from it and what became of its rows.
// It reads no files and keeps nothing.
package drop

import "time"

// State says where a drop is on its way. The texts are kept in the ledger.
type State string

const (
	Refused     State = "refused"     // not taken, and it stays in its folder; Reason says why
	Taken       State = "taken"       // its rows are durable in a segment
	Repeat      State = "repeat"      // the same component, mapping and content as an earlier drop
	Quarantined State = "quarantined" // no row could be used; a copy and the reason are in quarantine
	Archived    State = "archived"    // all rows accounted for; the file was moved to the archive
	Deleted     State = "deleted"     // all rows accounted for; the file was deleted
	Kept        State = "kept"        // all rows accounted for; the file stays where it is
	Gone        State = "gone"        // all rows accounted for; somebody else removed or replaced the file
	Damaged     State = "damaged"     // rows of it cannot be read from the spool; its file, if it is still there, is read again
)

// Fate is a drop's new state, with the reason in words.
type Fate struct {
	ID     int64
	State  State
	Reason string
}

// Drop is one version of the content at a path below a drop folder.
type Drop struct {
	ID        int64  // order of taking, from 1; 0 before it is committed
	PathID    int64  // order in which paths were first taken; decides conflicts across paths
	Version   int64  // 1 for a path's first content, one more for each corrected one; what a file gained by growing keeps it
	Folder    string // the drop folder, absolute
	Name      string // path below the folder, with slashes
	Component string // "" when the file holds several
	Size      int64  // bytes, when it was read
	ModTime   time.Time
	Identity  [32]byte // of component, name mapping and content; see fingerprint
	State     State
	Reason    string
	TakenAt   time.Time // business time
	Segment   string    // file name of the segment with its rows, "" for none
	Part      Part      // where a growing file is read on
	Counts    Counts
	First     int64 // oldest row taken, Unix ns; 0 for none
	Last      int64 // newest row taken, Unix ns
}

// Part is how far a file was read, for files that grow.
type Part struct {
	From, To int64    // bytes of the file that this version covers: [From, To)
	Line     int64    // lines read up to To
	Prefix   [32]byte // fingerprint of the file's first To bytes (see take.growth for long files)
	Dialect  []byte   // the dialect found, as JSON, to read on without the header
}

// Counts account for every row of a drop:
// Rows = Windowed + Late + Older + Ahead + Ambiguous + Bad + Open.
// Cells are counted beside: Values = used + Repeated + Same.
type Counts struct {
	Rows      int64 `json:"rows"`      // data rows read
	Windowed  int64 `json:"windowed"`  // in a window's object
	Late      int64 `json:"late"`      // in late/, and in no window's object
	Older     int64 `json:"older"`     // left in the drop: older than overdue_max or the agent's first start
	Ahead     int64 `json:"ahead"`     // in quarantine: further ahead than max_ahead
	Ambiguous int64 `json:"ambiguous"` // in quarantine: two instants are possible
	Bad       int64 `json:"bad"`       // in quarantine: no usable timestamp, no usable cell, or damaged in the spool
	Open      int64 `json:"open"`      // in a segment, their window is not closed yet
	Values    int64 `json:"values"`    // usable cells
	BadCells  int64 `json:"bad_cells"` // in quarantine: text that is no number
	Repeated  int64 `json:"repeated"`  // in repeats/: lost against another value of the same timestamp and sensor
	Same      int64 `json:"same"`      // equal to a value already taken for the same timestamp and sensor
}
