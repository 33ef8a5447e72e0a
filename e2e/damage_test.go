package e2e

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// stateFiles gives the files of a kind in the state folder.
func (sc *scene) stateFiles(pattern string) []string {
	sc.t.Helper()
	all, err := filepath.Glob(filepath.Join(sc.agent.State(), pattern))
	if err != nil {
		sc.t.Fatal(err)
	}
	return all
}

// flip changes every byte of a file but its first and last ones.
func (sc *scene) flip(path string) {
	sc.t.Helper()
	body, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return // it was done with
	}
	if err != nil {
		sc.t.Fatal(err)
	}
	for i := 40; i < len(body)-40; i++ {
		body[i] ^= 0x5a
	}
	if err := os.WriteFile(path, body, 0o600); err != nil {
		sc.t.Fatal(err)
	}
}

// TestWindowFilesDamagedWhileTheStoreIsDown spoils windows' files in the spool
// before they could be sent: they are made again from their rows. It is at its
// end that the agent writes those files; while it runs, these windows are in memory.
func TestWindowFilesDamagedWhileTheStoreIsDown(t *testing.T) {
	t.Parallel()
	s := pump()
	sc := set(t, s, tidy(11, s), nil)
	sc.blind = true
	sc.link.Down()
	sc.begin()
	sc.play(sc.sealed)
	sc.agent.Stop()
	files := sc.stateFiles("spool/windows/*/*.csv")
	if len(files) < 20 {
		t.Fatalf("only %d windows wait", len(files))
	}
	for i, path := range files {
		switch i % 3 {
		case 0:
			sc.flip(path)
		case 1:
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
	}
	sc.agent.Start()
	sc.link.Up()
	sc.finish()
}

// TestWindowsThatWereOnlyInMemory kills the agent again and again while the store
// is down: no window has a file, and all are made again from their rows.
func TestWindowsThatWereOnlyInMemory(t *testing.T) {
	t.Parallel()
	s := pump()
	sc := set(t, s, tidy(14, s), nil)
	sc.blind = true
	sc.link.Down()
	sc.begin()
	sc.play(sc.sealed)
	for range 3 {
		sc.killed()
		if files := sc.stateFiles("spool/windows/*/*"); len(files) > 0 {
			t.Errorf("%d windows have files", len(files))
		}
	}
	sc.link.Up()
	sc.finish()
}

// sealed waits until every window expected whose latest time is past is sealed:
// without a store nothing else tells that the agent has kept pace with its clock.
func (sc *scene) sealed() {
	sc.t.Helper()
	sc.agent.Await("the sealing of what is due", func() string {
		var s struct {
			Schedulers []struct {
				Components []struct {
					Name string
					Last time.Time `json:"last_sealed_window"`
				}
			}
		}
		if err := sc.agent.Status(&s); err != nil {
			return err.Error()
		}
		now := sc.clock.Now()
		for _, c := range s.Schedulers[0].Components {
			for start := c.Last.Add(sc.s.Frequency); ; start = start.Add(sc.s.Frequency) {
				if start.Before(sc.from) {
					start = sc.from
				}
				if start.Add(sc.s.Frequency + sc.s.Delay - min(sc.s.Margin, sc.s.Delay/2)).After(now) {
					break
				}
				if sc.want[sc.s.Key(c.Name, start)] != nil {
					return c.Name + " has not sealed " + start.Format(time.RFC3339)
				}
			}
		}
		return ""
	})
}

// TestLedgerLost deletes the ledger together with half of the drops that it knew.
// The windows that can be made of the others are poorer than what is in the bucket,
// which stays as it is; what is in the spool goes its way, and every row that is
// read again is accounted for.
func TestLedgerLost(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(sc *scene){
		"gone": func(sc *scene) {
			for _, path := range sc.stateFiles("ledger.db*") {
				if err := os.Remove(path); err != nil {
					sc.t.Fatal(err)
				}
			}
		},
		"damaged": func(sc *scene) {
			for _, path := range sc.stateFiles("ledger.db") {
				sc.flip(path)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := pump()
			sc := set(t, s, tidy(12, s), nil)
			sc.begin()
			lost, left := false, map[string]bool{}
			var before map[string]string
			sc.play(func() {
				now := sc.clock.Now()
				if lost || now.Before(begin().Add(31*time.Minute)) {
					return
				}
				lost = true
				sc.kill()
				lose(sc)
				var gone []string
				for i, d := range sc.plan {
					if i%4 < 2 && d.At.Before(now.Add(-time.Minute)) && sc.puts[d.Path] > 0 {
						sc.agent.Remove(d.Path)
						gone = append(gone, d.Path)
						left[d.Path] = true
					}
				}
				var err error
				if before, err = sc.bucket.List(t.Context()); err != nil || len(before) < 8 || len(gone) < 10 {
					t.Fatalf("%d objects, %d drops: %v", len(before), len(gone), err)
				}
				sc.agent.Start()
			})
			sc.agent.Await("all objects", func() string { return sc.bucket.Differences(t, sc.want) })
			after, err := sc.bucket.List(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, key := range slices.Sorted(maps.Keys(before)) {
				if after[key] != before[key] {
					t.Errorf("%s was replaced", key)
				}
			}
			if why := sc.attention("made anew from spool and drop folders"); why != "" {
				t.Error(why)
			}
			sc.clock.Advance(2 * s.Frequency) // no row came for a period: overdue windows go
			sc.agent.Await("accounts", func() string {
				for _, d := range sc.plan {
					if left[d.Path] {
						continue
					}
					fates, err := sc.agent.Fates(d.Path)
					if err != nil {
						return err.Error()
					}
					if f := fates[0]; f.Accounted() != f.Counts.Rows || f.Counts.Open != 0 || f.Counts.Older != 0 {
						return fmt.Sprintf("%s: %+v", d.Path, f)
					}
				}
				return ""
			})
			sc.agent.Stop()
			if d := sc.bucket.Differences(t, sc.want); d != "" {
				t.Error(d)
			}
			if len(sc.stateFiles("late/*/*.csv")) == 0 {
				t.Error("nothing was poorer, so nothing was shown")
			}
		})
	}
}

// TestSegmentsDamaged flips bytes of rows in the spool: their files are still
// there and are read again.
func TestSegmentsDamaged(t *testing.T) {
	t.Parallel()
	s := pump()
	sc := set(t, s, tidy(13, s), nil)
	sc.blind = true // windows are sealed again once the files were read again
	sc.begin()
	flipped := 0
	sc.play(func() {
		if now := sc.clock.Now(); flipped > 0 || now.Before(begin().Add(33*time.Minute)) {
			return
		}
		for _, path := range sc.stateFiles("spool/segments/*.seg") {
			sc.flip(path)
			flipped++
		}
	})
	if flipped == 0 {
		t.Fatal("there was nothing to flip")
	}
	sc.agent.Await("a word about the segments", func() string { return sc.attention("the file is read again") })
	sc.finish()
}
