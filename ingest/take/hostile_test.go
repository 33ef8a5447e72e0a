package take

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"millwright/internal/drop"
)

func TestOnlyRegularFilesInside(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	outside := filepath.Join(filepath.Dir(s.drops), "outside")
	if err := os.MkdirAll(outside, 0o750); err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(outside, "secret.csv")
	if err := os.WriteFile(secret, []byte(head+line(1)), 0o600); err != nil {
		t.Fatal(err)
	}
	s.old("good.csv", head+line(2))
	for name, target := range map[string]string{"link.csv": secret, "inside.csv": "good.csv", "dir": outside, "up": "..", "dangling.csv": "nowhere"} {
		if err := os.Symlink(target, s.path(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(s.path("pipe.csv"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(s.path("folder.csv"), 0o750); err != nil {
		t.Fatal(err)
	}
	s.old("archive/put-away.csv", head+line(3))
	s.old(".hidden/x.csv", head+line(4))
	if d := s.one(); d.Name != "good.csv" {
		t.Fatalf("%+v", d)
	}
}

// What stood there when it was listed may be another thing when it is opened.
func TestSwappedAfterListing(t *testing.T) {
	t.Parallel()
	for name, swap := range map[string]func(path string) error{
		"pipe":   func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"link":   func(path string) error { return os.Symlink("../secret.csv", path) },
		"folder": func(path string) error { return os.Mkdir(path, 0o700) },
		"inside": func(path string) error { return os.Symlink("other.csv", path) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, nil)
			if err := os.WriteFile(filepath.Join(filepath.Dir(s.drops), "secret.csv"), []byte(head+line(1)), 0o600); err != nil {
				t.Fatal(err)
			}
			s.put("other.csv", head+line(1))
			s.old("a.csv", head+line(1))
			l := s.list()
			if err := os.Remove(s.path("a.csv")); err != nil {
				t.Fatal(err)
			}
			if err := swap(s.path("a.csv")); err != nil {
				t.Fatal(err)
			}
			done := make(chan struct{})
			go func() {
				defer close(done)
				if d, _, err := s.taker.Take(t.Context(), l.Candidates); err != nil || len(d) != 0 {
					t.Errorf("%+v %v", d, err)
				}
			}()
			select {
			case <-done:
			case <-time.After(2 * time.Minute):
				t.Fatal("reading hangs")
			}
		})
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	fmt.Fprint(z, head+line(1))
	for range 1000 {
		fmt.Fprint(z, strings.Repeat(line(2), 100))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, text string
		state      drop.State
	}{
		{"a file too large.csv", head + strings.Repeat(line(1), 4000), drop.Refused},
		{"a bomb.csv.gz", bomb.String(), drop.Quarantined},
		{"too many columns.csv", "Timestamp" + strings.Repeat(",x", 50) + "\n2026-01-05 10:00:00" + strings.Repeat(",1", 50) + "\n", drop.Quarantined},
		{"an endless line.csv", head + line(1) + strings.Repeat("9", 50_000) + "\n" + line(2), drop.Taken},
		{"an endless header.csv", strings.Repeat("x", 50_000), drop.Quarantined},
		{"binary.csv", strings.Repeat("\x00\x01\xff\xfe\n", 100), drop.Quarantined},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, func(s *site) { s.limits = Limits{File: 100_000, Row: 4000, Columns: 10} })
			s.old(tc.name, tc.text)
			d := s.one()
			t.Logf("%s: %s", d.State, d.Reason)
			if d.State != tc.state {
				t.Errorf("%+v", d)
			}
			if tc.state == drop.Quarantined {
				s.quarantined(d, tc.text)
			}
			if l := s.list(); len(l.Candidates)+l.Unsettled != 0 {
				t.Errorf("it is looked at again: %+v", l)
			}
		})
	}
}

// quarantined checks the copy and the reason of a hopeless drop.
func (s *site) quarantined(d drop.Drop, text string) {
	s.Helper()
	name := filepath.Join(s.state, "quarantine", quarantineName(d.Identity, d.Name))
	if b, err := os.ReadFile(name); err != nil || string(b) != text {
		s.Errorf("the copy has %d bytes, %v", len(b), err)
	}
	if b, err := os.ReadFile(name + ".reason.txt"); err != nil || len(b) < 10 {
		s.Errorf("the reason is %q, %v", b, err)
	}
}

// A slot with millions of rows would have to be sealed at once.
func TestTooManyRowsInASlot(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(s *site) { s.limits.Memory = 1 })
	var b strings.Builder
	b.WriteString(head)
	for range 110_000 {
		b.WriteString(line(1))
	}
	s.old("a.csv", b.String())
	d := s.one()
	t.Log(d.Reason)
	if d.State != drop.Refused || len(s.ledger.blocks) != 0 {
		t.Fatalf("%+v", d)
	}
}

func TestUnreadableIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.old("a.csv", head+line(1))
	l := s.list()
	in := notYet{holdRetry, errors.New("input/output error")}
	c := &l.Candidates[0]
	path, stat := s.taker.files.path(0, c.Name), s.taker.files.stat(c.Size, c.ModTime)
	for _, wait := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
		s.taker.files.postpone(path, stat, in.hold, s.taker.wall(), in.why)
		if l := s.list(); len(l.Candidates) != 0 || len(l.Faults) != 1 || l.Faults[0].Err != in.why {
			t.Fatalf("%+v", l)
		}
		s.pass(wait)
		if l := s.list(); len(l.Candidates) != 1 {
			t.Fatalf("not tried again after %s: %+v", wait, l)
		}
	}
	if d := s.one(); d.State != drop.Taken {
		t.Fatalf("%+v", d)
	}
	if l := s.list(); len(l.Faults) != 0 {
		t.Fatalf("%+v", l)
	}
}

func TestMissingFolderIsReportedAndRetried(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	if err := os.Remove(s.drops); err != nil {
		t.Fatal(err)
	}
	l := s.list()
	if len(l.Faults) != 1 {
		t.Fatalf("%+v", l)
	}
	t.Log(l.Faults[0].Err)
	s.old("a.csv", head+line(1))
	if d := s.one(); d.State != drop.Taken {
		t.Fatalf("%+v", d)
	}
}

// When the segment or the ledger cannot be written nothing is taken, and all of
// it is taken at the next try.
func TestFailedBatchIsTakenLater(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.old("a.csv", head+line(1)+"2026-01-05 10:09:00,oops,1\n")
	s.old("b.csv", head+line(2))
	l := s.list()
	s.ledger.fail = errors.New("disk is full")
	if _, _, err := s.taker.Take(t.Context(), l.Candidates); err == nil {
		t.Fatal("no error")
	} else {
		t.Log(err)
	}
	blocked := filepath.Join(s.state, "segments")
	if err := os.RemoveAll(blocked); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.taker.Take(t.Context(), s.list().Candidates); err == nil {
		t.Fatal("no error")
	} else {
		t.Log(err)
	}
	if err := os.Remove(blocked); err != nil {
		t.Fatal(err)
	}
	if d := s.take(); len(d) != 2 || len(s.texts()) != 5 {
		t.Fatalf("%+v", d)
	}
	entries, err := os.ReadDir(filepath.Join(s.state, "quarantine"))
	if err != nil || len(entries) != 1 {
		t.Fatalf("taking again makes other quarantine files: %v %v", entries, err)
	}
}

func FuzzQuarantineName(f *testing.F) {
	f.Add("a/b.csv")
	f.Add("../../\x00\n\\" + strings.Repeat("é", 200))
	f.Fuzz(func(t *testing.T, name string) {
		got := quarantineName([32]byte{}, name)
		if filepath.Base(got) != got || len(got)+len(".reason.txt") > 255 || strings.ContainsAny(got, "\x00\n\\") {
			t.Errorf("%q becomes %q", name, got)
		}
	})
}

func FuzzComponent(f *testing.F) {
	f.Add("/srv/drop", "a/b.csv.gz")
	f.Add("/", "...csv")
	f.Fuzz(func(t *testing.T, folder, name string) {
		for _, kind := range []ComponentKind{ByFolder, ByFile} {
			c, err := ComponentRule{Kind: kind}.ofFile(folder, name)
			if err == nil && (c == "" || c == "." || c == ".." || len(c) > 200 || strings.ContainsAny(c, "/\\\x00")) {
				t.Errorf("%q in %q is component %q", name, folder, c)
			}
		}
	})
}
