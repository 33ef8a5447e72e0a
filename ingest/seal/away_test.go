package seal

import (
	"testing"
	"time"

	"millwright/internal/series"
)

// A window never sealed before its wake-up is overdue, held values or rows: which
// ones are made must not hang on when the agent was away, or killed.
func TestHeldWindowsWhileTheAgentWasAwayAreMade(t *testing.T) {
	t.Parallel()
	after := pump(t, "b.csv", "10:30:00", "10:31:00", 9)
	for name, back := range map[string]func(*rig){
		"no rows came":                    func(*rig) {},
		"rows came":                       func(r *rig) { r.take(after) },
		"rows came, then it is killed":    func(r *rig) { r.take(after); r.restart() },
		"killed before it knows of them":  func(r *rig) { r.commit(after); r.restart() },
		"killed once windows were made":   func(r *rig) { r.take(after); r.seal(); r.restart() },
		"killed with the older ones gone": func(r *rig) { fold(t, r, "10:30:00"); r.take(after); r.restart() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := memoryRig(t, "10:00:00", stream(func(s *Stream) { s.Spec.MaxGap, s.OverdueMax = series.NoMaxGap, time.Hour }))
			r.take(pump(t, "a.csv", "10:00:00", "10:05:00", 7))
			r.at(clock(t, "10:06:01"))
			r.at(clock(t, "10:07:10"))
			r.now = clock(t, "10:37:00")
			r.restart()
			back(r)
			r.at(clock(t, "10:37:01"))
			r.at(clock(t, "10:42:30"))
			for s := ns(t, "10:05:00"); s < ns(t, "10:30:00"); s += int64(5 * time.Minute) {
				if rec := r.record("s", "pump", s); !rec.HeldOnly || rec.Generation != 1 || !rec.Overdue {
					t.Fatalf("window %s: %+v", time.Unix(0, s).UTC(), rec)
				}
			}
			if r.has("s", "pump", ns(t, "09:55:00")) {
				t.Error("a window before the first data")
			}
		})
	}
}

// fold lets go of the released blocks before an instant.
func fold(t *testing.T, r *rig, before string) {
	t.Helper()
	if err := r.book.Fold(bg, ns(t, before)); err != nil {
		t.Fatal(err)
	}
}
