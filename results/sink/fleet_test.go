package sink

import (
	"context"
	"testing"
	"testing/synctest"
)

// TestASinkOutlivesAConfiguration: one that stays is not closed and its count goes
// on; one that goes is closed before what comes in its place begins.
func TestASinkOutlivesAConfiguration(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		set := Settings{Kind: "csv", Dir: "a"}
		k := &fake{name: "a"}
		f := &Fleet{kept: map[Settings]Sink{set: k}}
		term := func(runners ...*Runner) (all []Status) {
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan struct{})
			go func() { defer close(ended); _ = f.Run(ctx, runners) }()
			synctest.Wait()
			all = f.Status()
			cancel()
			<-ended
			return all
		}
		for i := range 3 {
			s.fill(t, 3*i, 3)
			again, err := f.Sink(set)
			if err != nil || again != Sink(k) {
				t.Fatalf("another sink for the same settings, %v", err)
			}
			if all := term(s.runner(again)); len(all) != 1 || all[0].Sent != int64(len(s.ms)) || k.closed != 0 {
				t.Errorf("term %d: %+v of %d, closed %d times", i, all, len(s.ms), k.closed)
			}
		}
		if term(); k.closed != 1 {
			t.Errorf("closed %d times once it is not configured any more", k.closed)
		}
		if err := f.Close(); err != nil || k.closed != 1 || len(f.kept) != 0 {
			t.Errorf("closed %d times, %v", k.closed, err)
		}
	})
}
