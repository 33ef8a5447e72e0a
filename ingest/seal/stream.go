package seal

import (
	"context"
	"time"

	"millwright/internal/drop"
	"millwright/internal/series"
	"millwright/internal/shelf"
	"millwright/internal/window"
)

// Stream is one component of one scheduler, with every setting resolved.
type Stream struct {
	Scheduler string
	Component string
	Bucket    string
	Cadence   window.Cadence
	Naming    window.Naming
	Schema    []string               // columns and their order; nil: every sensor known, in byte order
	Spec      series.Spec            // how a sensor is resampled
	Sensors   map[string]series.Spec // ... and those that differ
	// OverdueMax is how far back windows are made. Windows further back than
	// that come into being only by rows.
	OverdueMax      time.Duration
	OnConflict      string // "first" or "": the path taken first wins; "last": the path taken last
	RequireRealRows bool   // a window of held values only gets no file
}

func (s Stream) spec(sensor string) series.Spec {
	if spec, ok := s.Sensors[sensor]; ok {
		return spec
	}
	return s.Spec
}

func (s Stream) grid() series.Grid {
	return series.Grid{Rate: s.Cadence.Rate, Label: s.Cadence.Label}
}

// Dirs are the folders that a Sealer reads and writes.
type Dirs struct {
	State    string // late/ and repeats/ lie in it; the ledger knows their files by the path below it
	Segments string // where Ref.File is found
	Windows  string // the CSVs: {scheduler}/{component}_{start}.g{generation}.csv
}

// Settings tune a Sealer; the zero value is good.
type Settings struct {
	Workers int          // components sealed at the same time; 0: 2
	Shelf   *shelf.Shelf // where windows wait for the uploader; those it has no room for are written to files, with nil all
	// Sealed is told of what is to be sent, once it is committed. It is called
	// by the goroutine of Seal and must not block. nil: the ledger tells.
	Sealed func([]window.Sealed)
	// Damaged is told of every block that cannot be read, again and again, from
	// several goroutines; it may save what can be saved. When it returns nil the
	// block is not needed any more. nil: nothing can be done.
	Damaged func(ctx context.Context, b drop.Block, cause error) error
	// Widened is told of sensors that came to a component whose windows were
	// sealed without them, and have a column from now on. nil: nobody asks.
	Widened func(ctx context.Context, component string, sensors []string)
}

func (s Settings) damaged(ctx context.Context, b drop.Block, cause error) error {
	if s.Damaged == nil {
		return nil
	}
	return s.Damaged(ctx, b, cause)
}

func (s Settings) workers() int {
	if s.Workers <= 0 {
		return 2
	}
	return s.Workers
}

// Waiting is what the sealer has to know of the world beside taken rows.
type Waiting struct {
	// Components have settled drops, found by an earlier listing, that will be
	// read next. A drop that cannot be taken, because it was refused or because
	// the disk is full, does not wait: it would hold its component for ever.
	Components   map[string]bool
	All          bool // a drop waits of which the component is not known yet
	ClockSettled bool
	Slowest      time.Duration // the slowest recent upload; moves the cut-off

	// Span is for one-shot work over history: no more rows will come. Windows
	// are made only where rows or held values are; those that lie within the
	// span and whose wake-up has passed are sealed at once, others never.
	Span *Span
}

// Span is a stretch of time, Unix ns.
type Span struct{ From, To int64 }

func (w Waiting) holds(component string) bool { return w.All || w.Components[component] }

const (
	// coalesce is the least time between two sealings of a window, unless its
	// latest time or its cut-off is near.
	coalesce = 10 * time.Second
	// grace is how long after the latest time a window still counts as being
	// sealed by it. It matters where the delay offset is 0 and the latest time
	// is the wake-up itself.
	grace = 5 * time.Second
	// soon is how near a wake-up is for its windows to go first.
	soon = 5 * time.Minute
	// idle is the longest time without a pass.
	idle = 5 * time.Minute
)
