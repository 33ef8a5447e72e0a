package seal

import (
	"context"
	"time"

	"millwright/internal/drop"
	"millwright/internal/segment"
	"millwright/internal/window"
)

// Rows is the part of the ledger that knows what was taken.
type Rows interface {
	// LiveBlocks calls fn for every block that is not released. last is the
	// block's newest row, Unix ns.
	LiveBlocks(ctx context.Context, fn func(component string, slot, dropID int64, takenAt time.Time, last int64) error) error
	// Blocks gives the blocks with from <= slot < to that are not released, by
	// drop ID, without their tails.
	Blocks(ctx context.Context, component string, from, to int64) ([]drop.Block, error)
	// Sensors gives every sensor known for the component with its latest row, Unix ns.
	Sensors(ctx context.Context, component string) (map[string]int64, error)
}

// Past is the part that knows the last values before an instant.
type Past interface {
	// Tails calls fn for the blocks with since <= slot < before, released ones
	// too, newest slot first, with their tails, until fn says false.
	Tails(ctx context.Context, component string, since, before int64, fn func(drop.Block) (bool, error)) error
	// Carry gives what is left of the blocks that were folded.
	Carry(ctx context.Context, component string) ([]segment.Tail, error)
	// Fold folds the released blocks of all components with slot < before.
	Fold(ctx context.Context, before int64) error
}

// Windows is the part that knows the windows. Records of closed windows are
// found for at least the largest OverdueMax; else a late row would make a new
// window and replace a good object.
type Windows interface {
	LiveWindows(ctx context.Context) ([]window.Record, error)
	Window(ctx context.Context, id window.ID) (window.Record, bool, error)
	// CommitSealed writes what sealing knows of the windows in one transaction;
	// what uploading knows of them stays.
	CommitSealed(ctx context.Context, records []window.Record) error
}

// Closer is the part that closes windows and knows how long append-only files are.
type Closer interface {
	// CommitClosed commits all steps in one transaction.
	CommitClosed(ctx context.Context, steps []window.Closing) error
	// Appended gives the committed length of every append-only file.
	Appended(ctx context.Context) (map[string]int64, error)
	// Drop gives a drop by its ID: late and repeated rows name theirs.
	Drop(ctx context.Context, id int64) (drop.Drop, bool, error)
}

// Ledger is what a Sealer needs. A method that failed may have changed nothing
// or everything: the Sealer then reads its state again.
type Ledger interface {
	Rows
	Past
	Windows
	Closer
}
