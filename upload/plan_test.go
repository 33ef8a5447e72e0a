package upload

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"millwright/internal/objstore"
	"millwright/internal/window"
)

var epoch = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)

func sealed(n int, wake time.Time) window.Sealed {
	return window.Sealed{
		ID: window.ID{Scheduler: "s", Component: fmt.Sprint("c", n), Start: int64(n)}, Generation: 1, Bucket: "b", Key: fmt.Sprintf("p%d/%d", n%3, n), Wake: wake,
	}
}

// Promise 3, whatever waits, fails and passes: ahead before overdue, earliest
// wake-up first, overdue newest first and never in the last free slot, and no
// item before the end of its own pause.
func TestPickOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := newPlan()
		now, real := epoch, epoch.Add(time.Hour)
		slots := rapid.IntRange(2, 8).Draw(t, "slots")
		var flying []*item
		serial := 0
		for range rapid.IntRange(1, 120).Draw(t, "steps") {
			switch rapid.IntRange(0, 4).Draw(t, "op") {
			case 0: // seal
				for range rapid.IntRange(1, 5).Draw(t, "n") {
					serial++
					wake := now.Add(time.Duration(rapid.IntRange(-7200, 7200).Draw(t, "wake")) * time.Second)
					s := sealed(serial, wake)
					it := &item{Sealed: s}
					p.items[s.ID] = it
					p.ready(it, now, real)
				}
			case 1: // time passes, or the business clock steps
				d := time.Duration(rapid.IntRange(0, 600).Draw(t, "d")) * time.Second
				real = real.Add(d)
				now = now.Add(d + time.Duration(rapid.IntRange(-300, 300).Draw(t, "step"))*time.Second)
			case 2, 3: // pick
				it := p.pick(slots-len(flying), now, real)
				if it == nil {
					for _, w := range p.items {
						if w.state == waiting && !w.next.After(real) && (w.Wake.After(now) && len(flying) < slots || len(flying) < slots-1) {
							t.Fatalf("%s may go but did not, %d of %d slots taken", w.Key, len(flying), slots)
						}
					}
					continue
				}
				ahead := it.Wake.After(now)
				if it.next.After(real) {
					t.Fatal("picked during its pause")
				}
				if !ahead && slots-len(flying) < 2 {
					t.Fatal("an overdue window took the last free slot")
				}
				for _, w := range p.items {
					if w.state == waiting && !w.next.After(real) && order(w, it, now) < 0 {
						t.Fatalf("picked wake %s before %s at %s", it.Wake, w.Wake, now)
					}
				}
				flying = append(flying, it)
			case 4: // one comes back
				if len(flying) == 0 {
					continue
				}
				it := flying[0]
				flying = flying[1:]
				delete(p.busy, it.key())
				if rapid.Bool().Draw(t, "ok") {
					p.answered(it, objstore.ScopeObject, true, true, "", "", now, real)
					p.remove(it)
					continue
				}
				it.failures++
				it.next = it.retryAt(now, real)
				p.answered(it, objstore.ScopeObject, false, true, "", "", now, real)
				p.ready(it, now, real)
			}
		}
	})
}

func TestPause(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 100).Draw(t, "failures")
		left := time.Duration(rapid.Int64Range(-1e13, 1e13).Draw(t, "left"))
		d := pause(n, left, maxPause)
		if d < firstPause*3/4 || d > maxPause*5/4 {
			t.Fatalf("%s after %d failures", d, n)
		}
		if left > 0 && d > max(left/4, firstPause)*5/4 {
			t.Fatalf("%s with %s left", d, left)
		}
	})
	if d := pause(4, -1, maxPause); d < 6*time.Second || d > 10*time.Second {
		t.Errorf("fourth pause %s, want 8 s give or take a quarter", d)
	}
}

// A gate lets one probe through at a time, other places go on, and what is
// behind it goes at once when it opens.
func TestGates(t *testing.T) {
	t.Parallel()
	p := newPlan()
	now, real := epoch, epoch
	for n := range 30 {
		s := sealed(n, epoch.Add(-time.Hour))
		it := &item{Sealed: s}
		p.items[s.ID] = it
		p.ready(it, now, real)
	}
	back := func(it *item, scope objstore.Scope, ok bool) bool {
		delete(p.busy, it.key())
		opened := p.answered(it, scope, ok, true, "what", "remedy", now, real)
		if ok {
			p.remove(it)
			return opened
		}
		it.failures++
		it.scope, it.next = scope, it.retryAt(now, real)
		p.ready(it, now, real)
		return opened
	}
	for range 60 { // place p0 is forbidden
		it := p.pick(8, now, real)
		if it == nil {
			break
		}
		bad := it.place().dir == "p0"
		back(it, objstore.ScopePlace, !bad)
	}
	if !p.line(place{"b", "p0"}).gate.closed || len(p.items) != 10 {
		t.Fatalf("gate %+v, %d left", p.line(place{"b", "p0"}).gate, len(p.items))
	}
	if p.pick(8, now, real) != nil {
		t.Error("passed a closed gate")
	}
	real = p.due().Add(time.Millisecond)
	probe := p.pick(8, now, real)
	if probe == nil || p.pick(8, now, real) != nil {
		t.Fatal("want exactly one probe")
	}
	if !back(probe, objstore.ScopeObject, true) {
		t.Error("the way back was not told")
	}
	n := 0
	for p.pick(20, now, real) != nil {
		n++
	}
	if n != 9 {
		t.Errorf("%d of 9 went after the gate opened", n)
	}
}

// A read of the ledger never brings back an older generation, and lets go what
// is no longer pending.
func TestMerge(t *testing.T) {
	t.Parallel()
	p := newPlan()
	s := sealed(1, epoch)
	s.Generation = 2
	if fresh := p.merge([]window.Sealed{s}); len(fresh) != 1 {
		t.Fatal(fresh)
	}
	p.ready(p.items[s.ID], epoch, epoch)
	old := s
	old.Generation = 1
	if fresh := p.merge([]window.Sealed{old}); len(fresh) != 0 || p.items[s.ID].Generation != 2 {
		t.Error("older generation taken")
	}
	next := s
	next.Generation = 3
	first := p.items[s.ID]
	if fresh := p.merge([]window.Sealed{next}); len(fresh) != 1 || first.state != gone {
		t.Error("newer generation not taken")
	}
	p.ready(p.items[s.ID], epoch, epoch)
	it := p.pick(8, epoch, epoch)
	next.Generation = 4
	if fresh := p.merge([]window.Sealed{next}); len(fresh) != 0 || it.newer == nil || it.newer.Generation != 4 {
		t.Error("newer generation of one under way")
	}
	p.merge(nil)
	if p.items[s.ID] != it {
		t.Error("one under way was let go")
	}
	p.remove(it)
	if p.bytes != 0 || len(p.items) != 0 {
		t.Error(p.bytes, len(p.items))
	}
}
