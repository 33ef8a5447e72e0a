package drop

import (
	"time"

	"millwright/internal/segment"
)

// Taking is one drop of a batch whose rows are durable in a segment, ready for
// the ledger. A drop with the state Repeat or Quarantined has no blocks.
type Taking struct {
	Drop   Drop          // ID, PathID and Version are filled by the ledger, Counts.Open from the blocks
	Blocks []segment.Ref // Drop is filled by the ledger; at most one block per component and slot

	// Latest is the newest row taken, Unix ns, by component and sensor: it makes
	// the sensors known and moves their watermarks, never back.
	Latest map[string]map[string]int64
	Newest []Newest // the same for sensors that share their newest row
}

// Newest is the newest row taken of several sensors.
type Newest struct {
	Component string
	Sensors   []string // not to be changed
	Time      int64    // Unix ns
}

// Block is a block with what decides conflicts between blocks.
type Block struct {
	segment.Ref
	PathID   int64
	Version  int64
	TakenAt  time.Time // business time
	Released bool      // no window reads its rows any more; only its Tails count
}
