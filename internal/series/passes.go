package series

import "time"

// passes chooses between the two instants of local times that a change of
// clocks repeats (ruling 9). Rows of a repeated hour form runs; a run is one
// pass through the hour. A step back in the file, from the end of one run to
// the beginning of the next, tells the passes apart (a step forward where rows
// go from new to old). Until it is seen the rows of a run are held. A run
// without a step is decided by evidence; see decide.
type passes struct {
	lastStamp int64     // Unix seconds of the last stamp taken from the source before this file, noRow: none
	modTime   time.Time // the file's

	state   runState
	pass    int // 1 or 2, when the state is runKnown
	asked   bool
	overlap overlap
	order   int   // 1 from old to new, -1 from new to old, 0 not known
	before  int64 // Unix seconds of the row before the run, noRow: none
	lo, hi  int64 // local seconds of the run's oldest and newest row
	prev    int64 // local seconds of the run's last row
	rows    int64 // used rows at the run's last row: more of them end the run
	confuse bool  // a step that fits no order
	held    int   // rows of the run while they are held
	leap    int64 // a long step from the run's first local time: what it was shows in the order of the rows behind it
	turn    int   // the rows before it
	tags    map[int32]struct{}
}

type runState int

const (
	runClosed  runState = iota
	runHolding          // not known yet, its rows are held
	runKnown
	runRefused // not to be known
)

// noRow stands for an instant in seconds that is not there, noStamp for one in
// nanoseconds.
const (
	noRow   = -1 << 62
	noStamp = -1 << 63
)

// verdict is what to do with a row of a repeated hour, or with held ones.
type verdict int

const (
	inFirst  verdict = 1 // the row is in pass 1
	inSecond verdict = 2
	refuse   verdict = iota + 1 // not to be known
	hold                        // not known yet
	settle                      // give the held rows the verdict that stands beside, then ask again
	turned12                    // of held rows: those before passes.turn are in pass 1, those behind it in pass 2
	turned21                    // the other way round
)

func verdictOf(pass int) verdict {
	if pass == 1 || pass == 2 {
		return verdict(pass)
	}
	return refuse
}

// ask takes the next row: its local time, its overlap, its tag (-1 in the wide
// layout), the instant of the row before it (of the same tag; noRow: none) and
// how many rows were used so far. With settle comes the verdict for the held
// rows; then the same row must be asked again.
func (p *passes) ask(wall int64, o overlap, tag int32, before, rows int64) (v, held verdict) {
	if p.state == runHolding && p.overlap != o {
		return settle, p.finish(noRow)
	}
	if p.state != runClosed && p.state != runHolding && !p.asked && (p.overlap != o || p.rows != rows) {
		p.state = runClosed
	}
	switch {
	case p.state == runClosed:
		p.begin(wall, o, before)
	case p.asked:
		p.lo, p.hi = wall, wall
	default:
		if v, held = p.step(wall, tag, before); v != 0 {
			return v, held
		}
	}
	p.asked = false
	if tag >= 0 {
		p.tags[tag] = struct{}{}
	}
	p.lo, p.hi, p.prev, p.rows = min(p.lo, wall), max(p.hi, wall), wall, rows
	switch p.state {
	case runKnown:
		p.rows++
		return verdictOf(p.pass), 0
	case runRefused:
		return refuse, 0
	}
	p.held++
	return hold, 0
}

func (p *passes) begin(wall int64, o overlap, before int64) {
	*p = passes{lastStamp: p.lastStamp, modTime: p.modTime, state: runHolding, overlap: o, before: before, lo: wall, hi: wall, prev: wall, tags: map[int32]struct{}{}}
	switch {
	case before == noRow:
	case before < o.instant(o.from, 1):
		p.order = 1
	case before >= o.instant(o.to, 2):
		p.order = -1
	}
}

// step looks at the step from the run's last row to the next. A zero verdict:
// the row goes on in the run, in the state that p is in now.
func (p *passes) step(wall int64, tag int32, before int64) (v, held verdict) {
	step, long := wall-p.prev, p.overlap.length()/4
	_, met := p.tags[tag]
	if tag >= 0 && !met && (step <= -long || step >= long) {
		return p.nextTag(wall, before) // the rows of another tag begin
	}
	switch {
	case p.order > 0 && step <= -long, p.order < 0 && step >= long:
	case step == 0 && (tag < 0 || met) && p.hourly():
	case p.order == 0 && (step <= -long || step >= long):
		p.confuse = p.confuse || p.leap != 0 || p.lo != p.hi
		p.leap, p.turn = step, p.held
		return 0, 0
	default:
		return p.follow(step)
	}
	first, second := 1, 2
	if p.order < 0 {
		first, second = 2, 1
	}
	switch {
	case p.state == runHolding && !p.confuse:
		p.state, p.pass, p.asked = runKnown, second, true
		p.tags = map[int32]struct{}{}
		return settle, verdictOf(first)
	case p.state == runKnown && p.pass == first:
		p.pass, p.tags = second, map[int32]struct{}{}
		p.lo, p.hi = wall, wall
	case p.state == runKnown:
		p.state = runRefused // a third pass
	default:
		p.confuse = true
	}
	return 0, 0
}

// follow takes a short step. The first one tells the order, and with it what a
// long step before it was: one from pass to pass, or rows that are missing.
func (p *passes) follow(step int64) (v, held verdict) {
	if p.order != 0 || step == 0 {
		return 0, 0
	}
	p.order = 1
	if step < 0 {
		p.order = -1
	}
	switch {
	case p.confuse:
	case p.order > 0 && p.leap < 0:
		p.state, p.pass, p.asked = runKnown, 2, true
		return settle, turned12
	case p.order < 0 && p.leap > 0:
		p.state, p.pass, p.asked = runKnown, 1, true
		return settle, turned21
	}
	p.leap = 0
	return 0, 0
}

func (p *passes) nextTag(wall, before int64) (v, held verdict) {
	if p.state == runHolding {
		return settle, p.finish(noRow)
	}
	p.begin(wall, p.overlap, before)
	return 0, 0
}

// hourly tells a run of a single local time whose neighbour outside is an hour
// away: there the same local time again is the other pass, no repeated row.
func (p *passes) hourly() bool {
	if p.lo != p.hi || p.before == noRow {
		return false
	}
	switch p.order {
	case 1:
		return p.overlap.instant(p.lo, 1)-p.before >= p.overlap.length()
	case -1:
		return p.before-p.overlap.instant(p.lo, 2) >= p.overlap.length()
	}
	return false
}

// holding tells whether rows are held.
func (p *passes) holding() bool { return p.state == runHolding }

// finish ends a run whose rows are held and gives their verdict. next is the
// instant of the row that follows, noRow where the file ends or another tag
// begins.
func (p *passes) finish(next int64) verdict {
	pass := p.decide(next)
	p.state = runClosed
	return verdictOf(pass)
}

// giveUp decides a run that is too long to be held; its next rows get the same
// verdict until a step.
func (p *passes) giveUp() verdict {
	p.pass = p.decide(noRow)
	p.asked = false
	p.state = runKnown
	if p.pass == 0 {
		p.state = runRefused
	}
	return verdictOf(p.pass)
}

// decide weighs what speaks for each pass: what stands right before and right
// after the run, and when the file was written. 0: nothing, or both.
func (p *passes) decide(next int64) int {
	if p.confuse || p.leap != 0 {
		return 0
	}
	long := p.overlap.length()
	votes := [3]bool{}
	older, newer := p.before, next
	if p.order < 0 || p.order == 0 && next != noRow && next < p.overlap.instant(p.overlap.from, 1) {
		older, newer = next, p.before
	}
	inFile := older != noRow
	if !inFile {
		older = p.lastStamp
	}
	if older != noRow {
		switch gap := p.overlap.instant(p.lo, 1) - older; {
		case gap > 0 && gap < long:
			votes[1] = true
		case gap <= 0:
			// A stamp of an earlier file that is half an hour or more back says nothing:
			// another sensor's file may end where this one does, in the same pass.
			again := p.overlap.instant(p.lo, 2) - older
			votes[2] = again > 0 && (inFile || again < long/2)
		}
	}
	if newer != noRow {
		switch gap := newer - p.overlap.instant(p.hi, 2); {
		case gap > 0 && gap < long:
			votes[2] = true
		case gap <= 0 && p.overlap.instant(p.hi, 1) < newer:
			votes[1] = true
		}
	} else if !p.modTime.IsZero() {
		const skew = 120 // seconds that the clocks of logger and gateway may differ
		written := p.modTime.Unix() + skew
		switch age := written - p.overlap.instant(p.hi, 2); {
		case age >= 0 && age < long:
			votes[2] = true
		case age < 0 && p.overlap.instant(p.hi, 1) <= written:
			votes[1] = true
		}
	}
	switch {
	case votes[1] && !votes[2]:
		return 1
	case votes[2] && !votes[1]:
		return 2
	}
	return 0
}
