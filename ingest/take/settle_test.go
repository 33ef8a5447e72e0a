package take

import (
	"os"
	"strings"
	"testing"
	"time"

	"millwright/internal/drop"
)

func TestSettled(t *testing.T) {
	t.Parallel()
	const s = time.Second
	c := Complete{Rule: Settle, Settle: 2 * s}
	for _, tc := range []struct {
		name  string
		g     glimpse
		ok    bool
		again time.Duration
	}{
		{"old at first sight", glimpse{age: 3 * s}, true, 0},
		{"exactly old enough", glimpse{age: 2 * s}, true, 0},
		{"new", glimpse{age: 1 * s}, false, 2 * s},
		{"old at first sight, seen again", glimpse{still: 1 * s, age: 3 * s}, true, 0},
		{"seen a moment ago", glimpse{still: 1 * s, age: 2 * s}, false, 1 * s},
		{"seen twice", glimpse{still: 2 * s, age: 2 * s}, true, 0},
		{"changed within the settle time", glimpse{still: 3 * s, age: 1 * s}, false, 1 * s},
		{"its clock is a second ahead", glimpse{still: 2 * s, age: -1 * s}, false, 3 * s},
		{"its clock is an hour ahead", glimpse{still: 2 * s, age: -time.Hour}, true, 0},
		{"its clock is an hour ahead, new", glimpse{age: -time.Hour}, false, 2 * s},
	} {
		if ok, again := c.settled(tc.g); ok != tc.ok || again != tc.again {
			t.Errorf("%s: %t, again in %s; want %t, %s", tc.name, ok, again, tc.ok, tc.again)
		}
	}
}

func TestSettleRule(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.put("a.csv", head+line(1))
	if l := s.list(); len(l.Candidates) != 0 || l.Unsettled != 1 || l.Next.Sub(s.taker.wall()) > 2100*time.Millisecond {
		t.Fatalf("a new file: %+v", l)
	}
	s.pass(1900 * time.Millisecond)
	if l := s.list(); len(l.Candidates) != 0 {
		t.Fatalf("after 1.9 s: %+v", l)
	}
	s.put("a.csv", head+line(1)+line(2)) // it goes on
	s.pass(200 * time.Millisecond)
	if l := s.list(); len(l.Candidates) != 0 {
		t.Fatalf("after a change: %+v", l)
	}
	s.pass(2 * time.Second)
	if d := s.one(); d.State != drop.Taken || d.Counts.Open != 2 || d.Component != "pump-7" {
		t.Fatalf("settled: %+v", d)
	}
	if l := s.list(); len(l.Candidates) != 0 || l.Unsettled != 0 {
		t.Fatalf("taken: %+v", l)
	}
	s.restart()
	if l := s.list(); len(l.Candidates) != 0 || l.Unsettled != 0 {
		t.Fatalf("after a restart: %+v", l)
	}
}

func TestOldFilesAreSettledAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.old("b.csv", head+line(2))
	s.old("a.csv", head+line(1)+"2026-01-05 10:02:00,7,8") // no newline, but still for an hour
	if d := s.take(); len(d) != 2 || d[0].Name != "b.csv" || d[1].Counts.Open != 2 {
		t.Fatalf("%+v", d)
	}
}

func TestRenameRule(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(s *site) { s.folder.Complete.Rule = Rename })
	s.put("a.csv.part", head+line(1))
	s.put(".a.csv", head+line(1))
	if l := s.list(); l.Files != 0 {
		t.Fatalf("temp names are listed: %+v", l)
	}
	if err := os.Rename(s.path("a.csv.part"), s.path("a.csv")); err != nil {
		t.Fatal(err)
	}
	if d := s.one(); d.Counts.Open != 1 {
		t.Fatalf("%+v", d)
	}
}

func TestMarkerRule(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(s *site) { s.folder.Complete = Complete{Rule: Marker}; s.folder.Include = []string{"*"} })
	s.old("a.csv", head+strings.TrimSuffix(line(1), "\n"))
	if l := s.list(); len(l.Candidates) != 0 || l.Unsettled != 1 {
		t.Fatalf("without marker: %+v", l)
	}
	s.put("a.csv.done", "")
	if d := s.one(); d.Counts.Open != 1 || d.Name != "a.csv" {
		t.Fatalf("with marker: %+v", d)
	}
}

// A last line without newline waits; what is before it does not.
func TestLastLineWaits(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.put("a.csv", head+line(1)+"2026-01-05 10:02:00,12.3,77")
	d := s.settle()
	if len(d) != 1 || d[0].Counts.Open != 1 || d[0].Size != int64(len(head+line(1))) {
		t.Fatalf("%+v", d)
	}
	t.Log(d[0].Reason)
	for range 3 {
		s.pass(15 * time.Second)
		if d := s.take(); len(d) != 0 {
			t.Fatalf("the last line was taken: %+v", d)
		}
	}
	s.restart() // the rest is not forgotten
	if l := s.list(); len(l.Candidates) != 1 {
		t.Fatalf("%+v", l)
	}
	s.take()
	s.pass(15 * time.Second)
	if d := s.one(); d.Counts.Open != 1 || d.Version != 2 {
		t.Fatalf("after 60 s: %+v", d)
	}
	s.want("pump-7/flow 10:01:00 1.5", "pump-7/speed 10:01:00 1001", "pump-7/flow 10:02:00 12.3", "pump-7/speed 10:02:00 77")
	// It goes on after all: the value that was a prefix is superseded by a version of the whole file.
	s.put("a.csv", head+line(1)+"2026-01-05 10:02:00,12.3,7788\n"+line(3))
	if d := s.settle(); len(d) != 1 || d[0].Version != 3 || d[0].Counts.Open != 3 || d[0].Part.From != 0 {
		t.Fatalf("grown after that: %+v", d)
	}
}

func TestTrailingNulIsNotSettled(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.put("a.csv", head+line(1)+strings.Repeat("\x00", 100))
	if d := s.settle(); len(d) != 0 {
		t.Fatalf("taken: %+v", d)
	}
	s.pass(time.Minute)
	d := s.one()
	if d.State != drop.Refused {
		t.Fatalf("after a minute: %+v", d)
	}
	t.Log(d.Reason)
	s.pass(time.Minute)
	if l := s.list(); len(l.Candidates) != 0 || l.Unsettled != 0 {
		t.Fatalf("refused is looked at again: %+v", l)
	}
	s.put("a.csv", head+line(1))
	if d := s.settle(); len(d) != 1 || d[0].Counts.Open != 1 {
		t.Fatalf("finished: %+v", d)
	}
}

// A file that is half written may look like nothing that can be read.
func TestHopelessOnlyOnceStill(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"empty":       "",
		"header only": head,
		"half header": "Timest",
		"preamble":    "Historian export\nPlant 7\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, nil)
			s.put("a.csv", text)
			if d := s.settle(); len(d) != 0 {
				t.Fatalf("taken: %+v", d)
			}
			s.put("a.csv", head+line(1))
			if d := s.settle(); len(d) != 1 || d[0].Counts.Open != 1 {
				t.Fatalf("when it is whole: %+v", d)
			}
			s.put("b.csv", text)
			s.settle()
			s.pass(time.Minute)
			d := s.one()
			t.Logf("after a minute: %s: %s", d.State, d.Reason)
			if d.State != drop.Taken && d.State != drop.Quarantined || d.Counts.Rows != 0 || d.Reason == "" {
				t.Fatalf("after a minute: %+v", d)
			}
		})
	}
}

func TestRestlessFileIsReported(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	for i := range 13 {
		s.put("a.csv", head+line(1)+strings.Repeat(" ", i))
		l := s.list()
		if said := len(l.Faults) == 1; i != 10 && said != (i > 10) {
			t.Fatalf("after %d minutes: %v", i, l.Faults)
		} else if said {
			t.Log(l.Faults[0].Err)
		}
		s.pass(time.Minute)
	}
}
