package window

import "time"

// Record is what the ledger keeps of a window. Generation 0 means that it was
// never sealed.
type Record struct {
	Sealed

	End           int64     // S+F, Unix ns
	SealedSeq     int64     // highest drop ID whose rows were considered
	SealedAt      time.Time // of the newest generation
	FirstSealedAt time.Time // of the first
	LastRowAt     time.Time // business time at which the newest row for it was taken
	RealRows      int64     // distinct timestamps with a real value

	HeldOnly   bool // sealed from held values only
	Silent     bool // nothing to say, no file
	Closed     bool // past wake-up and cut-off, and accounted for
	Unverified bool // the store's policy forbids the check of the newest generation it holds
	Kept       bool // an object that was there before is left alone: no row of ours is in the bucket, and it is not sealed again

	Verified   int64 // newest generation verified in the bucket, 0 for none
	VerifiedAt time.Time
	ETag       string // of the newest generation the bucket is known to hold

	Late     int64 // rows that came after its cut-off
	Repeated int64 // values that lost against another one of the same timestamp and sensor

	Error   string // the last error in words, "" when all is well
	Remedy  string // what to do about it
	ErrorAt time.Time
}

// Closing is one step in closing a window: it is committed wholly or not at
// all. For drops that come later for a closed window the same step is taken
// again, and its counts are added.
//
// The fate of a row is told once, when its block is released: by then every
// stream that covers its slot has closed the windows that could hold it. A row
// is windowed if any of those windows has it in its object (SealedSeq >= the
// drop's ID), late if none has. A row that only some of them have is windowed,
// and is in late/ for those that missed it.
type Closing struct {
	// ID is the window to close. With no Scheduler none is closed and the rest
	// is done: blocks of a component that no scheduler has any more.
	ID ID

	Late     int64 // rows this window missed, added to its Record
	Repeated int64 // values that lost a conflict in it, added to its Record

	Lost    map[int64]Lost // by drop ID, added to the drop's Counts; told once per value, whatever the number of streams
	Appends []Append       // what was written and synced to append-only files for this step
	Release []Release      // blocks that no open window reads any more
}

// Lost counts the values of a drop that are in no window because another value
// of the same timestamp and sensor was taken instead.
type Lost struct {
	Repeated int64 // other values, now in repeats/
	Same     int64 // equal values
}

// Append is the length to which an append-only file is committed. What follows
// it in the file was written by a step that did not finish.
type Append struct {
	Path   string // relative to state_dir, with slashes
	Length int64  // bytes
}

// Release says that a block is accounted for. Windowed + Late + Bad must be the
// block's Rows.
type Release struct {
	Drop      int64
	Component string
	Slot      int64 // Unix ns
	Windowed  int64 // rows in at least one window's object
	Late      int64 // rows in late/ and in no window's object
	Bad       int64 // rows that cannot be read from the spool any more
}

// Result is how an upload went: a PUT, the check after it, or the failure of
// either. A result of a generation that was sealed anew in the meantime tells
// only what the bucket holds.
type Result struct {
	ID
	Generation int64
	ETag       string
	Verified   bool          // size and hash were checked in the bucket
	Unverified bool          // uploaded, but the store's policy forbids the check: done, and marked
	Kept       bool          // not uploaded, for an object that is there is left alone: done, and Err says why
	At         time.Time     // business time
	Took       time.Duration // of the PUT

	Err      string // "" for success; otherwise nothing is known to have changed in the bucket
	Remedy   string
	NextTry  time.Time // zero: at once
	Attempts int       // failures in a row of this generation
}
