package validate

import (
	"slices"
	"time"

	"millwright/config"
	"millwright/internal/segment"
	"millwright/internal/series"
	"millwright/internal/window"
)

// work is how long reading, sealing and sending a file take after it is whole.
const work = time.Second

// plan is a scheduler with what came for its components.
type plan struct {
	*config.Scheduler
	cadence window.Cadence
	parts   []planned
}

type planned struct {
	name  string
	table *table // empty for a component without files
	hold  int64  // how long a value is held, ns; negative: not at all
	slots []int64
}

// outcome is how a component stands at a wake-up.
type outcome struct {
	verdict Verdict
	object  bool // there is a file for the run to read
	inTime  int64
	late    int64
	lateBy  time.Duration
}

// wakeups says what every wake-up of a scheduler would see.
func wakeups(s *config.Scheduler, parts map[string]*part) Scheduler {
	p := newPlan(s, parts)
	out := Scheduler{
		Name: s.Name, Frequency: window.FormatDuration(p.cadence.Frequency), Offset: s.DataDelayOffsetInMinutes,
		Rate: window.FormatDuration(p.cadence.Rate), Verdicts: map[Verdict]int{}, Ranges: []Range{}, Cures: []Cure{},
	}
	p.windows(func(start int64) {
		w := p.window(start)
		out.Windows++
		out.Verdicts[w.Verdict]++
		if w.RunFails {
			out.Fails++
		}
		if n := len(out.Ranges); n > 0 && out.Ranges[n-1].join(w) {
			return
		}
		out.Ranges = append(out.Ranges, w)
	})
	if out.Verdicts[Late]+out.Verdicts[PartlyLate] > 0 {
		out.Cures = p.cures()
	}
	out.Warnings = p.warnings(parts)
	out.Advice = p.advice(&out)
	return out
}

func newPlan(s *config.Scheduler, parts map[string]*part) *plan {
	p := &plan{Scheduler: s, cadence: s.Cadence()}
	for _, name := range s.Components {
		c := planned{name: name, table: newTable(), hold: longestHold(s)}
		if known := parts[name]; known != nil {
			c.table = known.tables[p.cadence.Label]
		}
		for start := range c.table.slots {
			c.slots = append(c.slots, start)
		}
		slices.Sort(c.slots)
		p.parts = append(p.parts, c)
	}
	return p
}

// longestHold is how long the most patient sensor holds its value.
func longestHold(s *config.Scheduler) int64 {
	longest := int64(-1)
	specs := s.Resample.Specs()
	specs[""] = s.Resample.Spec()
	for _, spec := range specs {
		if spec.Fill == series.FillNone || spec.Aggregate == series.AggregateSum || spec.Aggregate == series.AggregateCount {
			continue
		}
		gap := spec.MaxGap
		if gap == 0 {
			gap = s.Grid().DefaultMaxGap()
		}
		longest = max(longest, int64(gap))
	}
	return longest
}

// windows calls do with the start of every window from the first row to the last.
func (p *plan) windows(do func(start int64)) {
	f := int64(p.cadence.Frequency)
	first, last, any := int64(0), int64(0), false
	for _, c := range p.parts {
		if n := len(c.slots); n > 0 {
			if !any {
				first, last, any = c.slots[0], c.slots[0], true
			}
			first, last = min(first, c.slots[0]), max(last, c.slots[n-1])
		}
	}
	if !any {
		return
	}
	for start := floor(first, f); start <= last; start += f {
		do(start)
		// Years without a single row (a wrong clock somewhere) are not gone through.
		next := p.next(start + f)
		if skip := (next - start) / f; skip > maxEmpty {
			start += (skip - 1) * f
		}
	}
}

// maxEmpty is how many windows without any row are gone through one by one.
const maxEmpty = 500_000

// next is the first slot with rows at or after start.
func (p *plan) next(start int64) int64 {
	next := start
	found := false
	for i := range p.parts {
		c := &p.parts[i]
		at, _ := slices.BinarySearch(c.slots, start)
		if at < len(c.slots) && (!found || c.slots[at] < next) {
			next, found = c.slots[at], true
		}
	}
	return next
}

// window says how one wake-up goes: as its worst component does.
func (p *plan) window(start int64) Range {
	wake := p.cadence.Wake(start)
	r := Range{
		From: time.Unix(0, start).UTC(), To: time.Unix(0, p.cadence.End(start)).UTC(), Windows: 1, Verdict: InTime,
		FirstWake: wake, LastWake: wake,
	}
	for i := range p.parts {
		o := p.component(&p.parts[i], start)
		r.InTime += o.inTime
		r.Late += o.late
		r.LateBy = max(r.LateBy, o.lateBy)
		if o.verdict.rank() > r.Verdict.rank() {
			r.Verdict, r.Components = o.verdict, nil
		}
		if o.verdict == r.Verdict && r.Verdict != InTime {
			r.Components = append(r.Components, p.parts[i].name)
		}
		r.RunFails = r.RunFails || !o.object
	}
	if len(r.Components) == len(p.parts) && len(p.parts) == 1 {
		r.Components = nil // it goes without saying
	}
	r.LateByS = r.LateBy.Seconds()
	return r
}

// component says what is there of a component at the last moment of a window.
func (p *plan) component(c *planned, start int64) outcome {
	limit := p.cadence.Cutoff(start, 0).Add(-work).UnixNano()
	var o outcome
	from, _ := slices.BinarySearch(c.slots, start)
	for _, at := range c.slots[from:] {
		if at >= p.cadence.End(start) {
			break
		}
		for _, a := range c.table.slots[at].arrivals {
			if a.at <= limit {
				o.inTime += a.rows
				continue
			}
			o.late += a.rows
			o.lateBy = max(o.lateBy, time.Duration(a.at-limit))
		}
	}
	held := o.inTime == 0 && !p.Late.RequireRealRows && p.held(c, from, start, limit)
	o.object = o.inTime > 0 || held
	switch {
	case o.inTime > 0 && o.late == 0:
		o.verdict = InTime
	case o.inTime > 0:
		o.verdict = PartlyLate
	case o.late > 0:
		o.verdict = Late
	case held:
		o.verdict = HeldOnly
	default:
		o.verdict = Missing
	}
	return o
}

// maxBack is how many slots a held value is looked for: three days, after which
// rows are too old to be taken anyway.
const maxBack = 3 * 24 * 12

// held tells whether a window without rows has at least one held value: the last
// row before it that had come by then is not too old for its first bin.
func (p *plan) held(c *planned, from int, start, limit int64) bool {
	if c.hold < 0 {
		return false
	}
	edge := start + int64(p.cadence.Rate)
	for i := from - 1; i >= max(0, from-maxBack); i-- {
		if c.hold < edge-c.slots[i]-int64(segment.Slot) {
			return false
		}
		for _, a := range c.table.slots[c.slots[i]].arrivals {
			if a.at <= limit && edge-a.last <= c.hold {
				return true
			}
		}
	}
	return false
}

// join makes a following window part of the range if it goes the same way.
func (r *Range) join(w Range) bool {
	if r.Verdict != w.Verdict || r.RunFails != w.RunFails || !r.To.Equal(w.From) || !slices.Equal(r.Components, w.Components) {
		return false
	}
	r.To, r.LastWake = w.To, w.LastWake
	r.Windows += w.Windows
	r.InTime += w.InTime
	r.Late += w.Late
	r.LateBy = max(r.LateBy, w.LateBy)
	r.LateByS = r.LateBy.Seconds()
	return true
}

func floor(t, step int64) int64 {
	m := t % step
	if m < 0 {
		m += step
	}
	return t - m
}
