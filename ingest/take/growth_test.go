package take

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"millwright/internal/drop"
)

// A logger may flush after any byte. Whatever the place, every value is taken
// once and as it is.
func TestGrowthAtEveryByte(t *testing.T) {
	t.Parallel()
	text := "Timestamp;Flow;Speed\r\n2026-01-05 10:00:00;1,25;17\r\n2026-01-05 10:01:00;2,5;18\r\n2026-01-05 10:02:00;-3,75;19\r\n"
	whole := newSite(t, nil)
	whole.old("a.csv", text)
	whole.take()
	want := whole.texts()
	if len(want) != 6 {
		t.Fatalf("%v", want)
	}
	for cut := range len(text) {
		s := newSite(t, nil)
		s.put("a.csv", text[:cut])
		s.settle()
		for _, v := range s.texts() {
			if !slices.Contains(want, v) {
				t.Fatalf("cut at %d: %s is wrong", cut, v)
			}
		}
		s.put("a.csv", text)
		s.settle()
		if got := s.texts(); !slices.Equal(got, want) {
			t.Fatalf("cut at %d: %v, want %v", cut, got, want)
		}
	}
}

// Every way of writing a file in flushes, with restarts, gives the same values,
// each once.
func TestGrowthInFlushes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(rt, "rows")
		text := head
		var want []string
		for i := range n {
			text += line(i)
			want = append(want, fmt.Sprintf("pump-7/flow 10:%02d:00 %d.5", i, i), fmt.Sprintf("pump-7/speed 10:%02d:00 %d", i, 1000+i))
		}
		s := newSite(t, nil)
		at := 0
		for at < len(text) {
			at = min(len(text), at+rapid.IntRange(1, 60).Draw(rt, "flush"))
			s.put("a.csv", text[:at])
			s.settle()
			if rapid.IntRange(0, 4).Draw(rt, "restart") == 0 {
				s.restart()
			}
		}
		s.pass(2 * time.Minute)
		s.take()
		if got := s.texts(); !slices.Equal(got, want) {
			rt.Fatalf("got  %v\nwant %v", got, want)
		}
		if n := len(s.ledger.drops); n > 1 {
			last := s.ledger.drops[n-1]
			if last.Part.To != int64(len(text)) || last.Part.Line != int64(strings.Count(text, "\n")) {
				rt.Fatalf("the last part ends at %d, line %d", last.Part.To, last.Part.Line)
			}
		}
	})
}

func TestGrownFileIsReadOn(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.old("a.csv", head+line(1)+line(2))
	first := s.one()
	s.old("a.csv", head+line(1)+line(2)+line(3))
	s.touch("a.csv", 50*time.Minute)
	d := s.one()
	if d.Part.From != first.Part.To || d.Counts.Rows != 1 || d.Version != 2 || d.PathID != first.PathID {
		t.Fatalf("%+v", d)
	}
	if v := s.values(); v[len(v)-1].line != 4 {
		t.Fatalf("lines go on: %+v", v)
	}
}

func TestCorrectedContentIsANewVersion(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.old("a.csv", head+line(1)+line(2))
	s.take()
	corrected := strings.Replace(head+line(1)+line(2)+line(3), "1.5", "9.5", 1)
	s.put("a.csv", corrected)
	if d := s.settle(); len(d) != 1 || d[0].Version != 2 || d[0].Part.From != 0 || d[0].Counts.Open != 3 {
		t.Fatalf("corrected: %+v", d)
	}
	s.put("a.csv", head+line(1))
	if d := s.settle(); len(d) != 1 || d[0].Version != 3 || d[0].Counts.Open != 1 {
		t.Fatalf("cut: %+v", d)
	}
	s.put("a.csv", corrected) // back to what it was before: not a repeat, it supersedes
	if d := s.settle(); len(d) != 1 || d[0].Version != 4 || d[0].State != drop.Taken {
		t.Fatalf("put back: %+v", d)
	}
}

// Under another key nothing is known again: a file that has grown is a new version of
// its path as a whole, so that its rows count once all the same.
func TestAnotherKeyReadsAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.old("a.csv", head+line(1))
	first := s.one()
	s.key++
	s.restart()
	if d := s.take(); len(d) != 0 {
		t.Fatalf("a file that nobody touched is read: %+v", d)
	}
	s.put("a.csv", head+line(1)+line(2))
	s.put("b.csv", head+line(1))
	d := s.settle()
	if len(d) != 2 || d[0].Version != 2 || d[0].Part.From != 0 || d[0].Counts.Open != 2 || d[1].State != drop.Taken || d[1].Identity == first.Identity {
		t.Fatalf("%+v", d)
	}
}

func TestSameContentTwice(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	text := head + line(1) + line(2)
	s.old("a.csv", text)
	first := s.one()
	s.old("b.csv", text)
	s.touch("a.csv", 30*time.Minute)
	d := s.take()
	if len(d) != 2 || d[0].State != drop.Repeat || d[1].State != drop.Repeat {
		t.Fatalf("%+v", d)
	}
	t.Log(d[0].Reason)
	t.Log(d[1].Reason)
	if d[0].Identity != first.Identity || len(s.ledger.blocks) != 1 {
		t.Fatalf("%+v", d)
	}
	// A repeat grows like any other file.
	s.put("a.csv", text+line(3))
	s.put("b.csv", text+line(4))
	if d := s.settle(); len(d) != 2 || d[0].Part.From == 0 || d[1].Part.From == 0 || d[0].Counts.Open != 1 || d[1].Counts.Open != 1 {
		t.Fatalf("grown: %+v", d)
	}
	// The same content in one batch, and for another component.
	s.old("x.csv", head+line(7))
	s.old("y.csv", head+line(7))
	s.old("pump-8/y.csv", head+line(7))
	states := map[drop.State]int{}
	for _, d := range s.take() {
		states[d.State]++
		t.Log(d.Reason)
	}
	if states[drop.Taken] != 2 || states[drop.Repeat] != 1 {
		t.Fatalf("%v", states)
	}
}

// Large files are hashed while they are read, and compared by samples.
func TestLargeFileGrows(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	var b strings.Builder
	b.WriteString(head)
	rows := 0
	for ; b.Len() < fullPrefix+100_000; rows++ {
		at := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC).Add(time.Duration(rows) * 100 * time.Millisecond)
		fmt.Fprintf(&b, "%s,%d.25,%d\n", at.Format("2006-01-02 15:04:05.000"), rows%1000, rows)
	}
	text := b.String()
	s.old("a.csv", text)
	first := s.one()
	if first.Counts.Open != int64(rows) {
		t.Fatalf("%+v", first)
	}
	more := "2026-01-06 10:00:00.000,1,2\n"
	s.old("a.csv", text+more)
	s.touch("a.csv", 50*time.Minute)
	if d := s.one(); d.Part.From != int64(len(text)) || d.Counts.Rows != 1 {
		t.Fatalf("grown: %+v", d)
	}
	s.old("b.csv", text)
	if d := s.one(); d.State != drop.Repeat {
		t.Fatalf("the same again: %+v", d)
	}
	corrected := text[:len(text)-3] + "9\n" + more
	s.old("a.csv", corrected)
	s.touch("a.csv", 40*time.Minute)
	if d := s.one(); d.Part.From != 0 || d.Version != 3 {
		t.Fatalf("corrected: %+v", d)
	}
	if n := 2*(rows+1) + 2*(rows+1); len(s.values()) != n {
		t.Fatalf("%d values, want %d", len(s.values()), n)
	}
}

// Content that changes while it is read is not taken as it was.
func TestChangedWhileReading(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(s *site) error{
		"overwritten": func(s *site) error { return os.WriteFile(s.path("a.csv"), []byte(head+line(5)+line(6)), 0o600) },
		"appended": func(s *site) error {
			f, err := os.OpenFile(s.path("a.csv"), os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			defer f.Close()
			_, err = f.WriteString(line(2))
			return err
		},
		"touched": func(s *site) error { now := time.Now(); return os.Chtimes(s.path("a.csv"), now, now) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls := 0
			s := newSite(t, nil)
			s.taker.horizon = horizon(func(string) (int64, int64, bool, string) {
				if calls++; calls == 2 { // the names are known by now
					if err := change(s); err != nil {
						t.Error(err)
					}
				}
				return -1 << 63, 1<<63 - 1, true, ""
			})
			s.old("a.csv", head+line(1))
			if d := s.take(); len(d) != 0 || len(s.ledger.blocks) != 0 {
				t.Fatalf("taken: %+v", d)
			}
			if d := s.settle(); len(d) != 1 || d[0].State != drop.Taken {
				t.Fatalf("afterwards: %+v", d)
			}
		})
	}
}

// A drop that is deleted after it was opened is taken; one that is gone before is not missed.
func TestDeletedWhileReading(t *testing.T) {
	t.Parallel()
	calls := 0
	s := newSite(t, nil)
	s.taker.horizon = horizon(func(string) (int64, int64, bool, string) {
		if calls++; calls == 2 {
			if err := os.Remove(s.path("a.csv")); err != nil {
				t.Error(err)
			}
		}
		return -1 << 63, 1<<63 - 1, true, ""
	})
	s.old("a.csv", head+line(1))
	if d := s.one(); d.Counts.Open != 1 {
		t.Fatalf("%+v", d)
	}
	s.old("b.csv", head+line(2))
	l := s.list()
	if err := os.Remove(s.path("b.csv")); err != nil {
		t.Fatal(err)
	}
	if d, _, err := s.taker.Take(t.Context(), l.Candidates); err != nil || len(d) != 0 {
		t.Fatalf("%v %v", d, err)
	}
	if l := s.list(); l.Unsettled != 0 || len(l.Candidates) != 0 || len(s.taker.files.waiting) != 0 {
		t.Fatalf("%+v", l)
	}
}

// A repeat of a drop that is not taken after all is no repeat.
func TestTwinOfAChangedDrop(t *testing.T) {
	t.Parallel()
	calls := 0
	s := newSite(t, func(s *site) {
		zone, err := time.LoadLocation("Europe/Berlin")
		if err != nil {
			t.Fatal(err)
		}
		s.folder.CSV.Zone = zone // so the drops of a component are read one after the other
	})
	s.taker.horizon = horizon(func(string) (int64, int64, bool, string) {
		if calls++; calls == 2 {
			if err := os.WriteFile(s.path("a.csv"), []byte(head+line(9)), 0o600); err != nil {
				t.Error(err)
			}
		}
		return -1 << 63, 1<<63 - 1, true, ""
	})
	s.old("a.csv", head+line(1))
	s.touch("a.csv", 2*time.Hour)
	s.old("b.csv", head+line(1))
	if d := s.take(); len(d) != 0 {
		t.Fatalf("%+v", d)
	}
	if entries, _ := os.ReadDir(s.state + "/segments"); len(entries) != 0 {
		t.Errorf("left behind: %v", entries)
	}
	s.settle()
	s.want("pump-7/flow 09:01:00 1.5", "pump-7/speed 09:01:00 1001", "pump-7/flow 09:09:00 9.5", "pump-7/speed 09:09:00 1009")
}
