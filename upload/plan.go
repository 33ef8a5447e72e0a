package upload

import (
	"time"

	"millwright/internal/objstore"
	"millwright/internal/window"
)

// plan orders what waits (promise 3): windows whose wake-up is ahead, earliest
// first; then overdue ones, newest first, and never in the last free slot. It
// keeps pauses per window, and stops trying in vain what fails as one.
type plan struct {
	items map[window.ID]*item
	lines map[place]*line
	busy  map[objectKey]bool // one PUT per key at a time
	store gate
	bytes int64 // in items
	turn  int   // how often Pending was read
}

// line is what waits for one place. An item is in exactly one of its queues.
type line struct {
	ahead   queue
	overdue queue
	later   queue // by item.next
	gate    gate
}

func newPlan() *plan {
	return &plan{items: map[window.ID]*item{}, lines: map[place]*line{}, busy: map[objectKey]bool{}}
}

func (p *plan) line(pl place) *line {
	l := p.lines[pl]
	if l == nil {
		l = &line{
			ahead:   queue{less: func(a, b *item) bool { return a.Wake.Before(b.Wake) }},
			overdue: queue{less: func(a, b *item) bool { return a.Wake.After(b.Wake) }},
			later:   queue{less: func(a, b *item) bool { return a.next.Before(b.next) }},
		}
		p.lines[pl] = l
	}
	return l
}

// merge takes over what the ledger says is pending, and gives the new items.
// Windows that are no longer pending are let go, unless they are under way or
// came while the ledger was being read.
func (p *plan) merge(pending []window.Sealed) []*item {
	fresh := p.offer(pending)
	named := make(map[window.ID]bool, len(pending))
	for i := range pending {
		named[pending[i].ID] = true
	}
	for id, it := range p.items {
		if !named[id] && it.turn < p.turn && (it.state == waiting || it.state == surveyed) {
			p.remove(it)
		}
	}
	return fresh
}

// offer takes over windows that are pending, and gives the new items. The newest
// generation wins, whenever it was told.
func (p *plan) offer(windows []window.Sealed) []*item {
	var fresh []*item
	for i := range windows {
		s := &windows[i]
		it := p.items[s.ID]
		idle := it == nil || it.state == waiting || it.state == surveyed
		switch {
		case it != nil && s.Generation < it.Generation:
		case it != nil && s.Generation == it.Generation:
			if idle && (it.wanting || s.Path != it.Path) { // it was made again
				next := p.add(s, it.failures)
				next.told, next.odd = it.told, it.odd
				fresh = append(fresh, next)
			}
		case idle: // a pause was for other bytes
			fresh = append(fresh, p.add(s, s.Attempts))
		case it.newer == nil || it.newer.Generation <= s.Generation:
			it.newer = s
		}
	}
	return fresh
}

// add makes an item, in place of the one there is for the window.
func (p *plan) add(s *window.Sealed, failures int) *item {
	if it := p.items[s.ID]; it != nil {
		p.remove(it)
	}
	it := &item{Sealed: *s, failures: failures, turn: p.turn}
	p.items[s.ID] = it
	p.bytes += s.Size
	return it
}

func (p *plan) remove(it *item) {
	it.state = gone
	delete(p.items, it.ID)
	p.bytes -= it.Size
}

// ready makes an item wait for a slot, or for the end of its pause.
func (p *plan) ready(it *item, now, real time.Time) {
	it.state = waiting
	l := p.line(it.place())
	switch {
	case it.next.After(real):
		l.later.push(it)
	case it.Wake.After(now):
		l.ahead.push(it)
	default:
		l.overdue.push(it)
	}
}

// pick gives the item to send next, with a slot taken for it; nil when none may
// go now. now is business time, real the time of pauses.
func (p *plan) pick(free int, now, real time.Time) *item {
	for free > 0 && !p.store.shut(real) {
		best, from := p.best(now, real)
		if best == nil || !best.Wake.After(now) && free < 2 {
			return nil
		}
		from.take(best)
		if p.busy[best.key()] { // two schedulers share the object, or it waits for its check
			best.next = real.Add(firstPause)
			p.ready(best, now, real)
			continue
		}
		best.state = flying
		p.busy[best.key()] = true
		if p.store.closed {
			p.store.probe = best
		}
		if from.gate.closed {
			from.gate.probe = best
		}
		return best
	}
	return nil
}

func (p *plan) best(now, real time.Time) (best *item, from *line) {
	for _, l := range p.lines {
		if !p.store.closed && l.gate.shut(real) {
			continue
		}
		it := l.front(now, real, p.store.closed || l.gate.closed)
		if it != nil && (best == nil || order(it, best, now) < 0) {
			best, from = it, l
		}
	}
	return best, from
}

// idle reports whether nothing waits for a slot or the end of a pause.
func (p *plan) idle() bool {
	for _, l := range p.lines {
		if !l.idle() {
			return false
		}
	}
	return true
}

func (l *line) idle() bool {
	return l.ahead.top() == nil && l.overdue.top() == nil && l.later.top() == nil
}

// overdue takes what is overdue out of all lines.
func (p *plan) overdue(now, real time.Time) []*item {
	var out []*item
	for _, l := range p.lines {
		l.front(now, real, false)
		for _, it := range l.overdue.items {
			if it.state == waiting {
				out = append(out, it)
			}
		}
		l.overdue.items = nil
	}
	return out
}

// order is that of promise 3.
func order(a, b *item, now time.Time) int {
	aheadA, aheadB := a.Wake.After(now), b.Wake.After(now)
	switch {
	case aheadA && aheadB:
		return a.Wake.Compare(b.Wake)
	case aheadA:
		return -1
	case aheadB:
		return 1
	default:
		return b.Wake.Compare(a.Wake)
	}
}

// front is the line's first item. Items move between the queues as business
// time passes them, in either direction. A probe does not wait for pauses.
func (l *line) front(now, real time.Time, probe bool) *item {
	for it := l.later.top(); it != nil && !it.next.After(real); it = l.later.top() {
		l.later.pop()
		l.overdue.push(it)
	}
	for it := l.ahead.top(); it != nil && !it.Wake.After(now); it = l.ahead.top() {
		l.ahead.pop()
		l.overdue.push(it)
	}
	for it := l.overdue.top(); it != nil && it.Wake.After(now); it = l.overdue.top() {
		l.overdue.pop()
		l.ahead.push(it)
	}
	if it := l.ahead.top(); it != nil {
		return it
	}
	if it := l.overdue.top(); it != nil || !probe {
		return it
	}
	return l.later.top()
}

// take removes the line's front.
func (l *line) take(it *item) {
	for _, q := range []*queue{&l.ahead, &l.overdue, &l.later} {
		if q.top() == it {
			q.pop()
			return
		}
	}
}

// answered tells the gates how an attempt went, and reports whether the store
// is back after an outage. contact is false when the store was not asked at all.
func (p *plan) answered(it *item, scope objstore.Scope, ok, contact bool, what, remedy string, now, real time.Time) (back bool) {
	l := p.line(it.place())
	storeProbe, probe := p.store.back(it), l.gate.back(it)
	if !contact {
		return false
	}
	left := it.Wake.Sub(now)
	if !ok && scope == objstore.ScopeStore {
		p.store.fail(storeProbe, real, left, what, remedy)
		return false
	}
	if back = p.store.open(); back {
		for _, other := range p.lines {
			p.release(other, objstore.ScopeStore, now, real)
		}
	}
	if !ok && scope == objstore.ScopePlace {
		l.gate.fail(probe, real, left, what, remedy)
		return back
	}
	if l.gate.open() {
		p.release(l, objstore.ScopePlace, now, real)
		back = true
	}
	return back
}

// release ends the pauses of windows that failed for a reason that is over.
func (p *plan) release(l *line, scope objstore.Scope, now, real time.Time) {
	paused := l.later.items
	l.later.items = nil
	for _, it := range paused {
		if it.state != waiting {
			continue
		}
		if it.scope == scope {
			it.next = time.Time{}
		}
		p.ready(it, now, real)
	}
}

// due is when pick may have more to give although nothing else happens; zero
// for never.
func (p *plan) due() time.Time {
	var t time.Time
	sooner := func(x time.Time) {
		if !x.IsZero() && (t.IsZero() || x.Before(t)) {
			t = x
		}
	}
	if p.store.closed {
		if p.store.probe == nil && !p.idle() {
			sooner(p.store.next)
		}
		return t
	}
	for _, l := range p.lines {
		if l.gate.closed {
			if l.gate.probe == nil && !l.idle() {
				sooner(l.gate.next)
			}
			continue
		}
		if it := l.later.top(); it != nil {
			sooner(it.next)
		}
	}
	return t
}
