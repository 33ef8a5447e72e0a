// Package segment is the on-disk form of rows taken from drops: one file per
// batch of drops with blocks per component and slot, columnar, so that one
// sensor of one window can be read alone. It knows nothing of windows or rates.
package segment

import "time"

// Slot is the length of a slot. Slot s holds rows with s < t <= s+Slot; every
// upload frequency is a multiple of it.
const Slot = 5 * time.Minute

// SlotOf gives the start of the slot that holds the instant t (Unix ns).
func SlotOf(t int64) int64 {
	const n = int64(Slot)
	s := (t - 1) / n
	if (t-1)%n < 0 {
		s--
	}
	return s * n
}

// Ref names one block. The ledger keeps it; Offset and Length are of the file.
type Ref struct {
	Drop      int64 // drop.Drop.ID, filled when the drop is committed
	Component string
	Slot      int64  // Unix ns
	File      string // segment file name
	Offset    int64
	Length    int64
	Rows      int64
	Values    int64
	First     int64 // oldest row, Unix ns
	Last      int64 // newest row, Unix ns
	Tails     []Tail
}

// Tail is the latest value of a sensor in a block: what a gap may be filled with.
type Tail struct {
	Sensor string
	Time   int64 // Unix ns
	Value  float64
}

// Group is a set of columns that share timestamps: all sensors of a wide file,
// or one sensor of a long one. Rows keep the order of the drop.
type Group struct {
	Times   []int64     // Unix ns
	Lines   []int64     // line of each row in the drop
	Sensors []string    // names, as mapped
	Values  [][]float64 // one slice per sensor, NaN for no value
}
