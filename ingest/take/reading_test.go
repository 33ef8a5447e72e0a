package take

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"millwright/internal/drop"
	"millwright/internal/segment"
)

func TestComponentRules(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ rule, folder, name, want string }{
		{"{folder}", "/srv/drop", "a.csv", "drop"},
		{"{folder}", "/srv/drop", "pump 7/a.csv", "pump_7"},
		{"{folder}", "/srv/drop", "x/pump-7/a.csv", "pump-7"},
		{"{file}", "/srv/drop", "x/pump-7.csv", "pump-7"},
		{"{file}", "/srv/drop", "pump.7.CSV.gz", "pump.7"},
		{"{file}", "/srv/drop", "..csv", ""},
		{"pump-7", "/srv/drop", "x/y.csv", "pump-7"},
		{`^(?P<component>[^_/]+)_\d+\.csv$`, "/srv/drop", "mill_2026.csv", "mill"},
		{`^(?P<component>[^_/]+)_\d+\.csv$`, "/srv/drop", "mill.csv", ""},
	} {
		r, err := ParseComponent(tc.rule)
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.ofFile(tc.folder, tc.name)
		if got != tc.want || (err != nil) != (tc.want == "") {
			t.Errorf("%s of %s: %q, %v; want %q", tc.rule, tc.name, got, err, tc.want)
		}
	}
	for _, bad := range []string{"a/b", "..", "(?P<component>", strings.Repeat("x", 201)} {
		if _, err := ParseComponent(bad); err == nil {
			t.Errorf("%q is taken", bad)
		} else {
			t.Log(err)
		}
	}
}

// rowsOf reads a drop's quarantine file.
func (s *site) rowsOf(d drop.Drop) []string {
	s.Helper()
	f, err := os.Open(filepath.Join(s.state, "quarantine", quarantineName(d.Identity, d.Name)+".rows.csv"))
	if err != nil {
		s.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		s.Fatal(err)
	}
	var lines []string
	for _, r := range records[1:] {
		s.Logf("quarantine: line %s, column %q: %s: %q", r[0], r[1], r[2], r[3])
		lines = append(lines, r[0]+" "+r[1]+" "+r[3])
	}
	return lines
}

// Every row is counted once, where it is.
func TestCountsAddUp(t *testing.T) {
	t.Parallel()
	at := func(s string) int64 {
		v, _ := time.Parse("15:04:05", s)
		return time.Date(2026, 1, 5, v.Hour(), v.Minute(), v.Second(), 0, time.UTC).UnixNano()
	}
	s := newSite(t, func(s *site) {
		s.horizon = func(string) (int64, int64, bool, string) { return at("10:00:00"), at("12:10:00"), true, "" }
		s.folder.CSV.BadValues = []string{"Bad"}
	})
	s.old("a.csv", head+ // line 1
		"2026-01-05 09:59:00,1,1\n"+ // 2 older
		"2026-01-05 10:00:00,1,1\n"+ // 3 older: exactly at the bound
		"2026-01-05 10:01:00,1.5,=1+2\n"+ // 4 a bad cell
		"2026-01-05 10:02:00,Bad,2\n"+ // 5
		"2026-01-05 10:03:00,Bad,Bad\n"+ // 6 no value
		"2026-01-05 10:04:00,x,y\n"+ // 7 two bad cells, no value
		"2026-01-05 25:00:00,1,1\n"+ // 8 no time
		"2026-01-05 12:10:00,3,3\n"+ // 9
		"2026-01-05 12:11:00,4,4\n"+ // 10 ahead
		"2026-01-05 10:06:00,1,2,3,4\n") // 11 too many cells
	d := s.one()
	t.Log(d.Reason)
	want := drop.Counts{Rows: 10, Older: 2, Open: 3, Bad: 4, Ahead: 1, BadCells: 3, Values: 4}
	if d.Counts != want {
		t.Errorf("%+v, want %+v", d.Counts, want)
	}
	s.want("pump-7/flow 10:01:00 1.5", "pump-7/speed 10:02:00 2", "pump-7/flow 12:10:00 3", "pump-7/speed 12:10:00 3")
	got := s.rowsOf(d)
	for _, want := range []string{"4 speed '=1+2", "7 flow x", "7 speed y", "10  2026-01-05T12:11:00Z flow=4 speed=4"} {
		if !slices.Contains(got, want) {
			t.Errorf("not in quarantine: %s", want)
		}
	}
	if len(got) != 7 {
		t.Errorf("%d lines in quarantine, want 7: %q", len(got), got)
	}
	if latest := s.ledger.sensors["pump-7"]; latest["flow"] != at("12:10:00") || latest["speed"] != at("12:10:00") {
		t.Errorf("watermarks %v", latest)
	}
}

func TestTooManyFaultsRefuse(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(s *site) { s.limits.Faults = 2000 })
	s.old("a.csv", head+line(0)+strings.Repeat("2026-01-05 10:01:00,x,1\n", 1000))
	d := s.one()
	t.Log(d.Reason)
	if d.State != drop.Refused || len(s.ledger.blocks) != 0 {
		t.Fatalf("%+v", d)
	}
	if entries, _ := os.ReadDir(filepath.Join(s.state, "quarantine")); len(entries) != 0 {
		t.Errorf("left in quarantine: %v", entries)
	}
}

func TestNoScheduler(t *testing.T) {
	t.Parallel()
	wanted := false
	s := newSite(t, nil)
	s.taker.horizon = horizon(func(c string) (int64, int64, bool, string) {
		return -1 << 63, 1<<63 - 1, wanted, "no scheduler has component " + c
	})
	s.old("a.csv", head+line(1))
	if d := s.one(); d.State != drop.Refused || d.Reason != "no scheduler has component pump-7" {
		t.Fatalf("%+v", d)
	}
	wanted = true
	if d := s.take(); len(d) != 0 {
		t.Fatalf("read again: %+v", d)
	}
	s.ledger.refused = map[string]drop.Drop{} // as at a start
	s.restart()
	if d := s.one(); d.State != drop.Taken {
		t.Fatalf("%+v", d)
	}
}

func TestClashWaitsForRename(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.old("a.csv", "Timestamp,Flow #1,Flow@1,Flow!1,x\n2026-01-05 10:00:00,1,2,3,4\n")
	d := s.one()
	t.Log(d.Reason)
	if d.State != drop.Refused || !strings.Contains(d.Reason, "Flow@1") || len(s.ledger.blocks) != 0 {
		t.Fatalf("%+v", d)
	}
	s.ledger.refused = map[string]drop.Drop{}
	s.folder.Rename = map[string]string{"Flow@1": "b", "Flow!1": "c", "Flow #1": "a"}
	s.restart()
	s.one()
	s.want("pump-7/a 10:00:00 1", "pump-7/b 10:00:00 2", "pump-7/c 10:00:00 3", "pump-7/x 10:00:00 4")
}

func TestTextColumnsAreNoSensors(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.old("a.csv", "Timestamp,flow,State,speed\n2026-01-05 10:00:00,1,RUN,3\n2026-01-05 10:01:00,2,STOP,4\n")
	s.one()
	s.want("pump-7/flow 10:00:00 1", "pump-7/speed 10:00:00 3", "pump-7/flow 10:01:00 2", "pump-7/speed 10:01:00 4")
	if n := len(s.ledger.sensors["pump-7"]); n != 2 {
		t.Errorf("%v", s.ledger.sensors)
	}
}

func TestGzip(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	fmt.Fprint(z, head+line(1)+strings.TrimSuffix(line(2), "\n"))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	s := newSite(t, nil)
	s.put("a.csv.gz", b.String())
	if d := s.settle(); len(d) != 1 || d[0].Counts.Open != 2 {
		t.Fatalf("%+v", d)
	}
	s.put("b.csv.gz", b.String()[:b.Len()-12]) // half written
	if d := s.settle(); len(d) != 0 {
		t.Fatalf("a cut file is taken: %+v", d)
	}
	s.put("b.csv.gz", b.String())
	if d := s.settle(); len(d) != 1 || d[0].State != drop.Repeat {
		t.Fatalf("%+v", d)
	}
	s.put("c.csv.gz", b.String()[:b.Len()-12])
	s.settle()
	s.pass(time.Minute)
	d := s.one()
	t.Logf("cut for good: %s %+v: %s", d.State, d.Counts, d.Reason)
	if d.Reason == "" {
		t.Errorf("%+v", d)
	}
}

func TestUTF16(t *testing.T) {
	t.Parallel()
	encode := func(s string) string {
		b := []byte{0xff, 0xfe}
		for _, r := range s {
			b = append(b, byte(r), byte(r>>8))
		}
		return string(b)
	}
	s := newSite(t, nil)
	s.put("a.csv", encode(head+line(1)+"2026-01-05 10:02:00,12.3,7"))
	if d := s.settle(); len(d) != 0 {
		t.Fatalf("a file that cannot be read on is taken half: %+v", d)
	}
	s.put("a.csv", encode(head+line(1)+line(2)))
	if d := s.settle(); len(d) != 1 || d[0].Counts.Open != 2 {
		t.Fatalf("%+v", d)
	}
	s.put("a.csv", encode(head+line(1)+line(2)+line(3)))
	if d := s.settle(); len(d) != 1 || d[0].Counts.Open != 3 || d[0].Part.From != 0 {
		t.Fatalf("grown: %+v", d)
	}
}

// The hour that comes twice: the pass is told by the last stamp of the source.
func TestRepeatedHour(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, func(s *site) { s.folder.CSV.Zone = zone })
	put := func(name, text string, mod string) {
		s.old(name, text)
		at, err := time.Parse(time.RFC3339, mod)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(s.path(name), at, at); err != nil {
			t.Fatal(err)
		}
	}
	put("1.csv", head+"2025-10-26 01:59:00,1,1\n2025-10-26 02:20:00,2,2\n2025-10-26 02:40:00,3,3\n", "2025-10-26T00:40:10Z")
	put("2.csv", head+"2025-10-26 02:20:00,4,4\n2025-10-26 02:30:00,5,5\n", "2025-10-26T01:30:10Z")
	put("3.csv", head+"2025-03-30 02:30:00,1,1\n2025-03-30 03:30:00,2,2\n", "2025-10-26T02:30:10Z")
	drops := s.take()
	if len(drops) != 3 {
		t.Fatalf("%+v", drops)
	}
	for _, d := range drops {
		t.Logf("%s: %+v: %s", d.Name, d.Counts, d.Reason)
	}
	var got []string
	for _, v := range s.values() {
		if v.sensor == "flow" {
			got = append(got, v.String())
		}
	}
	want := []string{
		"pump-7/flow 23:59:00 1", "pump-7/flow 00:20:00 2", "pump-7/flow 00:40:00 3",
		"pump-7/flow 01:20:00 4", "pump-7/flow 01:30:00 5", "pump-7/flow 01:30:00 2",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if d := drops[2]; d.Counts.Bad != 1 || len(s.rowsOf(d)) != 1 {
		t.Errorf("a row in the gap: %+v", d.Counts)
	}
}

func TestBlocksCarryTheirDrop(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.old("a.csv", head+line(1)+line(7)+line(13))
	_, refs, err := s.taker.Take(t.Context(), s.list().Candidates)
	if err != nil || len(refs) != 3 || refs[2].Drop != 1 {
		t.Fatalf("%+v %v", refs, err)
	}
	seen := 0
	err = segment.Scan(filepath.Join(s.state, "segments", refs[0].File), func(meta []byte, blocks []segment.Ref) error {
		if seen++; len(blocks) != 3 || !strings.Contains(string(meta), `"Name":"a.csv"`) {
			t.Errorf("%s with %d blocks", meta, len(blocks))
		}
		return nil
	})
	if err != nil || seen != 1 {
		t.Fatal(seen, err)
	}
}

// What is remembered of a file's header must not decide what its columns hold in
// the next file, nor whose they are.
func TestFilesOfOneFormDifferInTheirText(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	const head = "timestamp,flow,note\n"
	for i, rows := range []string{"08:00:01,1,idle\n", "08:00:02,2,7\n", "08:00:03,3,\n", "08:00:04,4,busy\n"} {
		s.old(fmt.Sprintf("%s/%d.csv", []string{"pump", "mill"}[i/2], i), head+"2026-01-05T"+rows)
		if d := s.one(); d.State != drop.Taken || d.Counts.Rows != 1 {
			t.Fatalf("%+v", d)
		}
	}
	s.want("pump/flow 08:00:01 1", "pump/flow 08:00:02 2", "pump/note 08:00:02 7", "mill/flow 08:00:03 3", "mill/flow 08:00:04 4")
	if got := s.ledger.sensors; len(got["pump"]) != 2 || len(got["mill"]) != 1 {
		t.Errorf("sensors %v", got)
	}
}

// A drop that the ledger can never take is refused; the others of its batch are
// taken, and it is not listed again as it is.
func TestADropThatCannotBeCommittedLeavesTheOthers(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.ledger.reject = "2.csv"
	for i := range 4 {
		s.old(fmt.Sprintf("%d.csv", i), fmt.Sprintf("timestamp,flow\n2026-01-05T08:00:0%d,%d\n", i, i))
	}
	drops, refs, err := s.taker.Take(t.Context(), s.list().Candidates)
	if err != nil || len(drops) != 4 || len(refs) != 3 {
		t.Fatalf("%v, %d blocks, %v", drops, len(refs), err)
	}
	for _, ref := range refs {
		if ref.Drop == 0 {
			t.Errorf("%+v", ref)
		}
	}
	s.want("pump-7/flow 08:00:00 0", "pump-7/flow 08:00:01 1", "pump-7/flow 08:00:03 3")
	if l := s.list(); len(l.Candidates)+l.Unsettled != 0 {
		t.Errorf("%+v", l)
	}
	s.ledger.reject = "" // a later release, at its start
	delete(s.ledger.refused, s.drops+"/2.csv")
	s.restart()
	if d := s.one(); d.Name != "2.csv" || d.State != drop.Taken {
		t.Errorf("%+v", d)
	}
}
