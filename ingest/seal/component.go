package seal

import (
	"context"
	"math"
	"slices"
	"time"

	"millwright/internal/segment"
)

// component is what the streams of a component share: its taken rows.
type component struct {
	name    string
	lanes   []*lane
	seq     int64           // highest drop with rows of it
	slots   map[int64]int64 // slots with blocks that are not released, and the highest drop in each
	sensors map[string]int64
	sealed  bool                     // a window was, since the start
	stale   bool                     // sensors are to be read again
	damaged map[int64]map[int64]bool // blocks that cannot be read, found while accounting: slot, then drop
}

func newComponent(name string) *component {
	return &component{name: name, slots: make(map[int64]int64), damaged: make(map[int64]map[int64]bool)}
}

// took notes a block whose drop is committed.
func (c *component) took(ref segment.Ref, at time.Time) {
	c.note(ref.Slot, ref.Drop)
	c.stale = true
	for _, l := range c.lanes {
		l.took(ref.First, ref.Last, ref.Drop, at)
		l.reached(ref)
		l.unhold(ref.Slot)
	}
}

func (c *component) note(slot, dropID int64) {
	c.slots[slot] = max(c.slots[slot], dropID)
	c.seq = max(c.seq, dropID)
}

// refresh reads the sensors again if drops came, moves the watermarks, and
// marks all windows that may still be sealed anew when a sensor is new: it
// gets a column in each.
func (c *component) refresh(ctx context.Context, rows Rows, shared alike, widened func(context.Context, string, []string)) error {
	if !c.stale {
		return nil
	}
	sensors, err := rows.Sensors(ctx, c.name)
	if err != nil {
		return err
	}
	fresh := len(sensors) != len(c.sensors)
	if fresh && widened != nil && c.widens() {
		var names []string
		for name := range sensors {
			if _, known := c.sensors[name]; !known {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		widened(ctx, c.name, names)
	}
	c.sensors, c.stale = sensors, false
	for _, l := range c.lanes {
		l.mark = l.watermark()
		if fresh && len(l.Schema) == 0 {
			l.columns = nil
			for _, w := range l.windows {
				if w.recorded {
					w.reach = c.seq
				}
			}
		}
		if l.columns == nil {
			l.columns = shared.of(l.Stream, sensors)
			l.held = nil
		}
	}
	return nil
}

// widens tells whether windows were sealed whose columns a new sensor changes.
func (c *component) widens() bool {
	if len(c.sensors) == 0 {
		return false // at the start
	}
	for _, l := range c.lanes {
		if len(l.Schema) > 0 {
			continue
		}
		if c.sealed {
			return true
		}
	}
	return false
}

// newest is the latest row of any sensor, Unix ns.
func (c *component) newest() (int64, bool) {
	newest := int64(math.MinInt64)
	for _, t := range c.sensors {
		newest = max(newest, t)
	}
	return newest, len(c.sensors) > 0
}
