package seal

import (
	"context"

	"millwright/internal/drop"
)

// nearby are the blocks of a stretch of a component's slots: in a backlog its
// windows are made one after the other, and a query for several costs hardly
// more than one for each. It is good for a round, in which no block goes; those
// that come are of drops that no job of the round looks at.
type nearby struct {
	component string
	from, to  int64
	blocks    []drop.Block // by drop ID
	windows   int64        // to ask for at once
}

const (
	// mostNearby is for how many windows blocks are listed at once,
	mostNearby = 16
	// manyBlocks is how many of a window are too many for that.
	manyBlocks = 8
)

// forget is for the beginning of a round.
func (n *nearby) forget() { n.component, n.blocks = "", nil }

// of gives the blocks of the window at start up to drop seq, by drop ID. No
// window after the one at last is asked for.
func (n *nearby) of(ctx context.Context, rows Rows, l *lane, start, last, seq int64) ([]drop.Block, error) {
	from, to := l.Cadence.Slots(start)
	if n.component != l.Component || from < n.from || n.to < to {
		windows := max(1, min(n.windows, (last-start)/l.frequency()+1))
		until := to + (windows-1)*l.frequency()
		blocks, err := rows.Blocks(ctx, l.Component, from, until)
		if err != nil {
			return nil, err
		}
		n.component, n.from, n.to, n.blocks = l.Component, from, until, blocks
		if n.windows = min(4*windows, mostNearby); int64(len(blocks)) > manyBlocks*windows {
			n.windows = 1
		}
	}
	var out []drop.Block
	for _, b := range n.blocks {
		if from <= b.Slot && b.Slot < to && b.Drop <= seq {
			out = append(out, b)
		}
	}
	return out, nil
}
