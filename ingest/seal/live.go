package seal

import (
	"context"
	"math"
	"slices"
	"time"

	"millwright/internal/drop"
	"millwright/internal/segment"
	"millwright/internal/window"
)

// live is what is kept in memory of a window as long as anything about it may
// change: a few words, for there are thousands of them after an outage.
type live struct {
	start      int64     // Unix ns
	own        int64     // highest drop with rows for it, 0 for none
	reach      int64     // highest drop that may change what is held in it, or its header
	seq        int64     // SealedSeq
	generation int64     // 0: it has no CSV
	sealedAt   time.Time // last sealing, whether or not it made a new generation
	lastRow    time.Time // when its newest row was taken; without rows, when the window came to be

	known    bool // its record was looked for
	recorded bool // it has a record
	overdue  bool // sealed for the first time after W
	uploaded bool // overdue and in the bucket, or kept: what comes now is late
	kept     bool // the bucket has an object that is left alone: no row is in it as far as we know
	clean    bool // the last sealing met no two values of one timestamp and sensor
	done     bool // sealed, past W, in the bucket: never sealed again
	closed   bool // ... and its record says so
	filed    bool // a generation of it has, or had, a file in the spool
}

// changed tells whether a drop came that the last sealing has not considered.
func (w *live) changed() bool { return max(w.own, w.reach) > w.seq }

// lane is a Stream with its live windows.
type lane struct {
	Stream
	of      *component
	windows map[int64]*live
	starts  []int64 // keys of windows, ascending unless unsorted
	strays  bool    // starts is to be made again
	fresh   []*live // not looked at yet: see resolve
	begin   int64   // from here on to next every window was made, with rows or without
	next    int64
	high    int64 // windows behind it have no record but those in memory
	mark    int64 // watermark, Unix ns; math.MinInt64 for none
	columns *columns
	held    []held
	quiet   bool // the newest sealed window was silent
}

func newLane(s Stream, c *component) *lane {
	return &lane{Stream: s, of: c, windows: make(map[int64]*live), high: math.MinInt64, mark: math.MinInt64}
}

func (l *lane) frequency() int64 { return int64(l.Cadence.Frequency) }

func (l *lane) id(start int64) window.ID {
	return window.ID{Scheduler: l.Scheduler, Component: l.Component, Start: start}
}

// window finds or makes a live window.
func (l *lane) window(start int64, at time.Time) *live {
	w, ok := l.windows[start]
	if !ok {
		w = &live{start: start, lastRow: at, known: start > l.high}
		l.windows[start] = w
		if n := len(l.starts); n > 0 && start < l.starts[n-1] {
			l.strays = true
		}
		l.starts = append(l.starts, start)
		l.fresh = append(l.fresh, w)
	}
	return w
}

// ordered gives the starts of the live windows, ascending.
func (l *lane) ordered() []int64 {
	if l.strays {
		l.starts = l.starts[:0]
		for s := range l.windows {
			l.starts = append(l.starts, s)
		}
		slices.Sort(l.starts)
		l.strays = false
	}
	return l.starts
}

// forget removes a window of which everything is in the ledger. It is looked
// up there if rows for it come again.
func (l *lane) forget(w *live) {
	if _, ok := l.windows[w.start]; ok {
		delete(l.windows, w.start)
		l.high = max(l.high, w.start)
		l.strays = true
	}
}

// took notes rows from first to last (Unix ns), which are of one slot.
func (l *lane) took(first, last, dropID int64, at time.Time) {
	for s := l.Cadence.Start(first); s <= l.Cadence.Start(last); s += l.frequency() {
		w := l.window(s, at)
		w.own, w.lastRow = max(w.own, dropID), at
	}
}

// reached marks the sealed windows in which the values of a new block may be
// held (ruling 7). Too many are better than too few: the same bytes make no
// new generation.
func (l *lane) reached(ref segment.Ref) {
	until := int64(math.MinInt64)
	for _, t := range ref.Tails {
		until = max(until, l.heldUntil(t))
	}
	first, starts := l.Cadence.Start(ref.First), l.ordered()
	for i := len(starts) - 1; i >= 0 && starts[i] > first; i-- {
		if w := l.windows[starts[i]]; w.recorded && w.start+int64(l.Cadence.Rate) <= until {
			w.reach = max(w.reach, ref.Drop)
		}
	}
}

// covering gives the first and the last window that may hold rows of a slot:
// two under a label that names the start, for the row on the border.
func (l *lane) covering(slot int64) (first, last int64) {
	return l.Cadence.Start(slot + 1), l.Cadence.Start(slot + int64(segment.Slot))
}

// unset stands for a begin and next that are not decided yet.
const unset = math.MaxInt64

// start decides from where on windows are made without rows: from the newest
// row taken or the oldest window still live. A component that never had a row
// begins with its first row, or with the first whole window there is.
func (l *lane) start() {
	l.begin, l.next, l.high = unset, unset, unset
	newest, ok := l.of.newest()
	if !ok && len(l.windows) == 0 {
		l.high = math.MinInt64 // nothing is known of it: no window has a record
		return
	}
	if ok {
		l.begin = l.Cadence.Start(newest)
	}
	for start, w := range l.windows {
		l.begin = min(l.begin, start)
		if w.recorded {
			w.reach = l.of.seq // what a block that is released by now changed is not known any more
		}
	}
	l.next = l.begin
}

// resume moves begin back to the end of the rows before it. What lies between has
// none, so nothing is live of it: a process that was killed, or was away, may
// never have come to windows of which values are held.
func (l *lane) resume(ctx context.Context, past Past) error {
	if l.begin == unset {
		return nil
	}
	before, _ := l.Cadence.Slots(l.begin)
	last := int64(math.MinInt64)
	err := past.Tails(ctx, l.Component, 0, before, func(b drop.Block) (bool, error) {
		last = b.Last
		return false, nil
	})
	if err == nil && last == math.MinInt64 { // they were folded, or there were none
		var carry []segment.Tail
		carry, err = past.Carry(ctx, l.Component)
		for _, t := range carry {
			last = max(last, t.Time)
		}
	}
	if err != nil || last == math.MinInt64 {
		return err
	}
	if next := l.Cadence.Start(last) + l.frequency(); next < l.begin {
		l.begin, l.next = next, next
	}
	return nil
}

// extend makes the windows up to the one that holds now. It must not be called
// while the clock is unsettled: a clock that is years off would make windows
// for all of them.
func (l *lane) extend(now time.Time) {
	current := l.Cadence.Start(now.UnixNano())
	if l.high == unset {
		l.high = current
		if newest, ok := l.of.newest(); ok {
			l.high = max(l.high, l.Cadence.Start(newest))
		}
		for start := range l.windows {
			l.high = max(l.high, start)
		}
	}
	if l.begin == unset {
		l.begin, l.next = current+l.frequency(), current+l.frequency()
	}
	l.next = max(l.next, l.Cadence.Start(now.Add(-l.OverdueMax).UnixNano()))
	if l.next > current+l.frequency() {
		l.next = current // the clock was set back
	}
	for ; l.next <= current; l.next += l.frequency() {
		l.window(l.next, now)
	}
}

// reopen makes the windows from an earlier start on: the component's first rows
// are older than was known.
func (l *lane) reopen(start int64, now time.Time) {
	if l.begin == unset {
		l.begin, l.next = start, start+l.frequency()
		return
	}
	first := max(start, l.Cadence.Start(l.begin-int64(l.OverdueMax)))
	for s := first; s < l.begin; s += l.frequency() {
		l.window(s, now)
	}
	l.begin = min(l.begin, first)
}

// adopt takes over what the ledger knows of a window.
func (w *live) adopt(r window.Record) {
	w.known, w.recorded = true, true
	w.seq, w.generation, w.sealedAt = r.SealedSeq, r.Generation, r.SealedAt
	w.overdue, w.closed, w.done = r.Overdue, r.Closed, r.Closed
	w.uploaded, w.kept = r.Kept, r.Kept
	w.filed = w.filed || r.Path != ""
	if w.own == 0 {
		w.lastRow = r.LastRowAt
		if w.lastRow.IsZero() {
			w.lastRow = r.SealedAt
		}
	}
}
