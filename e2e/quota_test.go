package e2e

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"millwright/e2e/harness"
)

// stream writes 0.6 MB in five minutes.
func stream() flood { return flood{component: "mill", sensors: 30, step: 100 * time.Millisecond} }

func limits(state string) map[string]any {
	return map[string]any{"limits": map[string]any{"state": state, "free": "1MiB"}}
}

// TestQuotaReachedAndRelieved has the store away until limits.state is reached:
// then drops stay where they are, and it is said so. Room comes with a larger
// quota, or by itself when uploads catch up.
func TestQuotaReachedAndRelieved(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		relieve func(*scene)
	}{
		{"by a larger quota", func(sc *scene) {
			sc.agent.Stop()
			sc.setup.Top = limits("1GiB")
			sc.agent.Configure(sc.setup)
			sc.agent.Start()
			for _, d := range sc.plan {
				sc.taken(d) // while the store is still away
			}
			sc.link.Up()
		}},
		{"by uploads", func(sc *scene) { sc.link.Up() }},
		{"by uploads, after kill -9", func(sc *scene) {
			sc.killed()
			sc.link.Up()
			sc.killed()
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			const quota = 17 << 20 // the reserve, a ledger with its log, and room for some windows
			s := pump()
			sc := flooded(t, stream(), s, s.Frequency, 24, func(c *harness.Setup) { c.Top = limits("17MiB") })
			sc.link.Down()
			sc.begin()
			for _, d := range sc.plan {
				sc.clock.Until(d.At)
				sc.put(d)
			}
			sc.agent.Await("the quota", func() string { return sc.attention("limits.state") })
			last := sc.plan[len(sc.plan)-1]
			if fates, err := sc.agent.Fates(last.Path); err != nil || fates[0].State != "unknown" || !strings.Contains(fates[0].Why, "holds drops back") {
				t.Errorf("status of a drop that is held back: %+v, %v", fates, err)
			}
			if n := used(t, sc.agent.State()); n > quota {
				t.Errorf("the state folder has %.1f MiB", mib(n))
			}
			tt.relieve(sc)
			sc.drained()
			if words := sc.attention("limits.state"); words == "" {
				t.Error("status still asks for room")
			}
			sc.finish()
		})
	}
}

// attention is "" when status asks for attention with a text that has part.
func (sc *scene) attention(part string) string {
	var s struct {
		Attention []struct{ About, What, Remedy string }
	}
	if err := sc.agent.Status(&s); err != nil {
		return err.Error()
	}
	for _, a := range s.Attention {
		if strings.Contains(a.What, part) && a.Remedy != "" {
			return ""
		}
	}
	return fmt.Sprintf("no %q in %+v", part, s.Attention)
}

// drained lets time pass until the last object is in the bucket: what was held back
// is overdue, and goes when no row has come for a period.
func (sc *scene) drained() {
	sc.t.Helper()
	sc.clock.Until(sc.end)
	sc.agent.Await("draining", func() string {
		words := sc.bucket.Missing(sc.t, sc.want)
		if words != "" {
			sc.clock.Advance(sc.s.Frequency / 4)
		}
		return words
	})
}

// TestDiskFull fills the state folder's file system to the last byte. What was taken
// goes to the bucket in time all the same, what was not waits in its folder, and
// nothing is lost, not even by kill -9 at that moment.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Fatal("this test mounts a small file system: run it as root")
	}
	for _, kill := range []bool{false, true} {
		t.Run(fmt.Sprintf("kill -9 %t", kill), func(t *testing.T) {
			t.Parallel()
			s := pump()
			sc := flooded(t, stream(), s, time.Minute, 6, func(c *harness.Setup) { c.Top = limits("1GiB") })
			const part = 13 // files before the disk is full; the third window ends without its last two
			sc.plan = slices.Delete(sc.plan, part, 15)
			third := sc.s.Key("mill", begin().Add(2*s.Frequency))
			sc.want[third] = emptied(sc.want[third], 2)
			state := sc.agent.State()
			if err := unix.Mount("tmpfs", state, "tmpfs", 0, "size=24m"); err != nil {
				t.Fatalf("mount a small file system: %v", err)
			}
			t.Cleanup(func() {
				if sc.agent.Running() {
					sc.agent.Kill()
				}
				if err := unix.Unmount(state, 0); err != nil {
					t.Error(err)
				}
			})
			sc.begin()
			sc.agent.Await("the reserve", func() string {
				if st, err := os.Stat(filepath.Join(state, "reserve")); err != nil || st.Size() == 0 {
					return fmt.Sprint("no reserve: ", err)
				}
				return ""
			})
			sc.link.Down()
			for _, d := range sc.plan[:part] {
				sc.clock.Until(d.At)
				sc.put(d)
				sc.taken(d)
			}
			filler := fill(t, state)
			if kill {
				sc.killed()
			}
			sc.link.Up()
			sc.gates(begin(), begin().Add(3*s.Frequency+s.Delay), nothing) // what was taken is sealed and in the bucket
			for _, d := range sc.plan[part:] {
				sc.clock.Until(d.At)
				sc.put(d)
			}
			sc.agent.Await("a word about the disk", func() string { return sc.attention("limits.free") })
			if kill {
				sc.killed()
			}
			if err := os.Remove(filler); err != nil {
				t.Fatal(err)
			}
			sc.drained()
			sc.finish()
		})
	}
}

// emptied is an object without the cells of its last rows.
func emptied(object []byte, rows int) []byte {
	lines := strings.SplitAfter(string(object), "\n")
	for i := len(lines) - 1 - rows; i < len(lines)-1; i++ {
		stamp, cells, _ := strings.Cut(lines[i], ",")
		lines[i] = stamp + strings.Repeat(",", 1+strings.Count(cells, ",")) + "\n"
	}
	return []byte(strings.Join(lines, ""))
}

// fill makes a file of all that the file system has left, and gives its path. It does
// so at once: the agent gives up its reserve when it looks next, and that is its own.
func fill(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "filler")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for tries := 1; ; tries++ { // the agent may write between the two calls
		var st unix.Statfs_t
		err := unix.Statfs(dir, &st)
		size := int64(st.Bavail) * st.Bsize
		if err == nil && size > 0 {
			err = unix.Fallocate(int(f.Fd()), 0, 0, size)
		}
		if err == nil {
			_, err = f.Seek(size, io.SeekStart)
		}
		if err == nil {
			break
		}
		if tries == 100 {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	for range 16 { // pages that became free meanwhile
		if _, err := f.Write(make([]byte, os.Getpagesize())); err != nil {
			break
		}
	}
	return path
}

// files lists a tree's regular files.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			all = append(all, path)
		}
		return nil // what is gone again is gone
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
