// Package window holds the scheduler's arithmetic as pure functions: cadence,
// windows, labels, wake-ups, deadlines and object keys, both ways. It reads no
// clock and no files.
package window

import "time"

// Label says by which end a bin is named.
type Label int

const (
	LabelEnd   Label = iota // label L holds L-r < t <= L (ruling 2)
	LabelStart              // label L holds L <= t < L+r
)

// ID names a window: one component of one scheduler, from Start on.
type ID struct {
	Scheduler string
	Component string
	Start     int64 // Unix ns, a UTC multiple of the upload frequency
}

// Sealed is a window whose CSV waits for the bucket.
type Sealed struct {
	ID
	Generation int64 // 1, then one more for each re-sealing with other bytes
	Bucket     string
	Key        string
	Path       string // the CSV in the spool; "" when it is in memory only, and after a crash to be made again
	Size       int64
	SHA256     [32]byte
	MD5        [16]byte  // zero when not known: it is taken of what goes to a file, else when somebody asks
	Wake       time.Time // W: from here on the scheduler has read it
	Overdue    bool      // sealed for the first time after W
	Uploaded   int64     // newest generation the bucket is known to hold, 0 for none
	Attempts   int
	NextTry    time.Time
}
