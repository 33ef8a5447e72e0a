package window

import (
	"fmt"
	"time"

	"millwright/internal/segment"
)

// MinCutoff is the least time before the wake-up at which a window is no longer
// sealed again: a PUT that begins later may end after the scheduler has read.
const MinCutoff = 5 * time.Second

// Cadence is a scheduler's rhythm together with the grid of its rows. Instants
// of data are Unix ns; instants that a clock is held against are time.Time, UTC.
type Cadence struct {
	Frequency time.Duration // F, one of Frequencies
	Delay     time.Duration // the data delay offset, 0 to one hour
	Margin    time.Duration // how long before the wake-up a window is sealed at the latest; at most half of Delay has effect
	Rate      time.Duration // r, the step of the grid; divides Frequency
	Label     Label
}

// Validate says in words what the service or the grid would not accept.
func (c Cadence) Validate() error {
	switch {
	case !member(Frequencies(), c.Frequency):
		return fmt.Errorf("frequency %s: use one of %s", c.Frequency, list(Frequencies()))
	case !member(Rates(), c.Rate):
		return fmt.Errorf("sampling rate %s: use one of %s", c.Rate, list(Rates()))
	case c.Frequency%c.Rate != 0:
		return fmt.Errorf("sampling rate %s does not divide the frequency %s: use a rate that does", FormatDuration(c.Rate), FormatDuration(c.Frequency))
	case c.Delay < 0 || c.Delay > time.Hour:
		return fmt.Errorf("delay offset %s: use 0 to 60 minutes", c.Delay)
	case c.Margin < 0:
		return fmt.Errorf("margin %s: use 0 or more", c.Margin)
	}
	return nil
}

// Start is the start of the window that holds a row at t. With LabelEnd that is
// S < t <= S+F, with LabelStart S <= t < S+F.
func (c Cadence) Start(t int64) int64 {
	if c.Label == LabelEnd {
		t--
	}
	return floor(t, int64(c.Frequency))
}

// End is S+F, the service's DataEndTime.
func (c Cadence) End(start int64) int64 { return start + int64(c.Frequency) }

// Wake is W, when the scheduler reads the window's object.
func (c Cadence) Wake(start int64) time.Time {
	return time.Unix(0, c.End(start)+int64(c.Delay)).UTC()
}

// Next is the start of the window with the first wake-up after now: those before
// it are past theirs.
func (c Cadence) Next(now time.Time) int64 { return c.Floor(now.Add(-c.Delay)) }

// Floor is the last start of a window up to t, whatever the label.
func (c Cadence) Floor(t time.Time) int64 { return floor(t.UnixNano(), int64(c.Frequency)) }

// Latest is when a window is sealed whether or not its watermark has passed.
// With a delay of 0 that is the window's end.
func (c Cadence) Latest(start int64) time.Time {
	return c.Wake(start).Add(-min(c.Margin, c.Delay/2))
}

// Cutoff is from when on a sealed window stays as it is and further rows are
// late. Slowest is the duration of the slowest recent upload.
func (c Cadence) Cutoff(start int64, slowest time.Duration) time.Time {
	return c.Wake(start).Add(-max(MinCutoff, 2*slowest))
}

// Labels gives the first row stamp of a window and how many there are, Rate
// apart. Every window has its own: labels partition into windows.
func (c Cadence) Labels(start int64) (first int64, n int) {
	n = int(c.Frequency / c.Rate)
	if c.Label == LabelStart {
		return start, n
	}
	return start + int64(c.Rate), n
}

// Bin is the label of the bin that holds a row at t.
func (c Cadence) Bin(t int64) int64 {
	if c.Label == LabelStart {
		return floor(t, int64(c.Rate))
	}
	return floor(t-1, int64(c.Rate)) + int64(c.Rate)
}

// Slots gives the segment slots that hold a window's rows: from <= slot < to.
// With LabelStart the row at exactly S lies in the slot before S.
func (c Cadence) Slots(start int64) (from, to int64) {
	from = start
	if c.Label == LabelStart {
		from -= int64(segment.Slot)
	}
	return from, c.End(start)
}

// Rows gives the instants of a window's rows: from < t <= to, whatever the label.
func (c Cadence) Rows(start int64) (from, to int64) {
	if c.Label == LabelStart {
		return start - 1, c.End(start) - 1
	}
	return start, c.End(start)
}

// floor is the highest multiple of step that is at most t.
func floor(t, step int64) int64 {
	m := t % step
	if m < 0 {
		m += step
	}
	return t - m
}
