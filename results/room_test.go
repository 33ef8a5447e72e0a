package results

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"millwright/internal/window"
)

// perDay is how many windows of the tests lie a day apart.
const perDay = int(24 * time.Hour / (5 * time.Minute))

// month has a result on each of n days, and time goes on to the last one's wake-up.
func (r *rig) month(n int) {
	r.Helper()
	for d := range n {
		r.clock.now = time.Unix(0, r.start(d*perDay)).UTC()
		r.uploaded(d * perDay)
		r.put(d*perDay, r.lines(d*perDay, 0.1, 0.9))
		r.until(time.Duration(d)*24*time.Hour + wake + time.Minute)
		r.is(d*perDay, window.Delivered)
	}
}

// site gives the days that have results on site.
func (r *rig) site() (days []string) {
	r.Helper()
	all, err := os.ReadDir(filepath.Join(r.dir, "results", "pump"))
	r.must(err)
	for _, d := range all {
		days = append(days, d.Name())
	}
	return days
}

func (r *rig) makeRoom(need int64) int64 {
	r.Helper()
	freed, err := r.f.r.MakeRoom(r.Context(), need)
	r.must(err)
	return freed
}

func (r *rig) left(want ...string) {
	r.Helper()
	if got := r.site(); !slices.Equal(got, want) {
		r.Errorf("on site are %q, want %q", got, want)
	}
}

const (
	little = 1
	all    = 1 << 40
)

// TestResultsMakeRoom: they are copies, and drops that are not taken are not scored.
func TestResultsMakeRoom(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.sched.Late = 10 * 24 * time.Hour // all are looked at every day
	r.restart()
	r.month(5) // 5 to 9 January, 08:08 now
	size := r.outcome(0).Size
	if n := r.makeRoom(little); n != size {
		t.Errorf("%d bytes freed of %d", n, size)
	}
	r.left("2026-01-06", "2026-01-07", "2026-01-08", "2026-01-09")
	o := r.is(0, window.Delivered)
	if !o.Pruned() || o.Rows != 2 || o.Peak != 0.9 || r.is(perDay, window.Delivered).Pruned() {
		t.Errorf("what is known of it: %+v", o)
	}
	if n := r.makeRoom(all); n != 2*size {
		t.Errorf("%d bytes freed", n)
	}
	r.left("2026-01-08", "2026-01-09")
	if n := r.makeRoom(all); n != 0 {
		t.Errorf("%d bytes of the last day", n)
	}
	events, _ := r.messages()
	r.restart()
	r.until(5*24*time.Hour + 2*time.Hour) // surveys and all
	if r.left("2026-01-08", "2026-01-09"); !r.outcome(0).Pruned() {
		t.Error("what was pruned came back")
	}
	if now, _ := r.messages(); len(now) < len(events) {
		t.Errorf("messages %q, before %q", now, events)
	}
	r.put(0, r.lines(0, 0.2)) // another content is another generation
	r.until(6*24*time.Hour + 4*time.Hour)
	if o := r.is(0, window.Delivered); o.Pruned() || o.Generation != 2 {
		t.Errorf("written again: %+v", o)
	}
}

func TestWhatASinkHasStillToGetGoesLast(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.set.Sinks = []string{"quick", "slow"}
	r.restart()
	r.month(6)
	_, ms := r.messages()
	r.must(r.ledger.SetCursor(t.Context(), "quick", ms[len(ms)-1].Seq))
	for _, m := range ms {
		if m.Start < r.start(2*perDay) {
			r.must(r.ledger.SetCursor(t.Context(), "slow", m.Seq))
		}
	}
	r.makeRoom(r.outcome(0).Size + little)
	r.left("2026-01-07", "2026-01-08", "2026-01-09", "2026-01-10")
	r.makeRoom(little)
	r.left("2026-01-08", "2026-01-09", "2026-01-10")
}

func TestNoRoomByAClockThatIsNotTrusted(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	settled := true
	r.set.Settled = func() bool { return settled }
	r.restart()
	r.month(3)
	settled = false
	if n := r.makeRoom(all); n != 0 {
		t.Errorf("%d bytes freed", n)
	}
	settled = true
	if n := r.makeRoom(all); n == 0 {
		t.Error("nothing freed")
	}
}

// TestRowsThatAreInNoEventYetStay: a window that may still come holds them up.
func TestRowsThatAreInNoEventYetStay(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.sched.Timeout = 10 * 24 * time.Hour
	r.restart()
	r.uploaded(0)
	r.uploaded(1)
	r.put(1, r.lines(1, 0.9))
	r.until(3 * 24 * time.Hour)
	r.is(0, window.Awaited)
	r.is(1, window.Delivered)
	if n := r.makeRoom(all); n != 0 {
		t.Errorf("%d bytes freed", n)
	}
	other := r.sched
	other.Name = "other"
	if n, err := r.without(other).MakeRoom(t.Context(), all); n == 0 || err != nil {
		t.Errorf("%d bytes freed of a scheduler that is gone, %v", n, err)
	}
}
