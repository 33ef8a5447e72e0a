package series

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func berlin(t testing.TB) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// stamped is a file of local times, its true instants, and in which order.
type stamped struct {
	text string
	want []int64
}

// localFile writes the local times of instants as a logger does.
func localFile(loc *time.Location, instants []time.Time) stamped {
	var b strings.Builder
	b.WriteString("time;a\n")
	var want []int64
	for i, at := range instants {
		fmt.Fprintf(&b, "%s;%d\n", at.In(loc).Format("2006-01-02 15:04:05"), i)
		want = append(want, at.UnixNano())
	}
	return stamped{b.String(), want}
}

func instants(from, to string, step time.Duration) (out []time.Time) {
	a, _ := time.Parse(time.RFC3339, from)
	b, _ := time.Parse(time.RFC3339, to)
	for ; a.Before(b); a = a.Add(step) {
		out = append(out, a)
	}
	return out
}

func times(t *testing.T, text string, o Options) ([]int64, Report) {
	t.Helper()
	r, err := NewReader(strings.NewReader(text), o)
	if err != nil {
		t.Fatal(err)
	}
	var got []int64
	for {
		b, err := r.Next()
		if err != nil {
			return got, r.Report()
		}
		got = append(got, b.Times...)
	}
}

// A file over both changes of a year is read as it was written, in any step
// and in both directions.
func TestWholeFilesOverBothChanges(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/St_Johns"} {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		for _, span := range [][2]string{{"2026-03-07T00:00:00Z", "2026-04-06T00:00:00Z"}, {"2026-10-03T00:00:00Z", "2026-11-03T00:00:00Z"}} {
			for _, step := range []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour} {
				for _, newest := range []bool{false, true} {
					name := fmt.Sprintf("%s %s %v newest first %v", zone, span[0][:7], step, newest)
					t.Run(name, func(t *testing.T) {
						t.Parallel()
						every := step
						if zone == "Australia/Lord_Howe" {
							every = min(step, 15*time.Minute) // its hour is half as long
						}
						at := instants(span[0], span[1], every)
						if newest {
							slices.Reverse(at)
						}
						f := localFile(loc, at)
						got, rep := times(t, f.text, Options{Zone: loc})
						if !slices.Equal(got, f.want) {
							t.Errorf("%d rows of %d; %v", len(got), len(f.want), rep.Faults)
						}
					})
				}
			}
		}
	}
}

func TestGapIsAFault(t *testing.T) {
	t.Parallel()
	text := "time,a\n2026-03-29 01:59:59,1\n2026-03-29 02:00:00,2\n2026-03-29 02:59:59,3\n2026-03-29 03:00:00,4\n"
	got, rep := times(t, text, Options{Zone: berlin(t)})
	if len(got) != 2 || got[1]-got[0] != 1e9 || rep.Bad[GapStamp] != 2 {
		t.Errorf("%v %+v", got, rep)
	}
	if f := rep.Faults[0]; f.Line != 3 || !strings.Contains(f.Reason, "Europe/Berlin") || !strings.Contains(f.Reason, "UTC") || f.Text != "2026-03-29 02:00:00,2" {
		t.Errorf("%+v", f)
	}
}

// Files that lie in the repeated hour as a whole are placed by what was taken
// before and by when they were written.
func TestShortFilesInTheRepeatedHour(t *testing.T) {
	t.Parallel()
	loc := berlin(t)
	at := func(s string) time.Time {
		x, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	const first, second = "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z" // both are 02:00 local
	five := func(from string) []time.Time {
		return instants(from, at(from).Add(5*time.Minute).Format(time.RFC3339), time.Minute)
	}
	hour := func(from string) []time.Time {
		return instants(from, at(from).Add(time.Hour).Format(time.RFC3339), time.Minute)
	}
	for name, c := range map[string]struct {
		rows []time.Time
		last string
		mod  string
		lost bool
	}{
		"5 minutes, pass 1, by both":                        {rows: five(first), last: "2026-10-24T23:59:00Z", mod: "2026-10-25T00:05:02Z"},
		"5 minutes, pass 2, by both":                        {rows: five(second), last: "2026-10-25T00:59:00Z", mod: "2026-10-25T01:05:02Z"},
		"5 minutes, pass 1, by the last stamp":              {rows: five(first), last: "2026-10-24T23:59:00Z"},
		"5 minutes, pass 2, by the last stamp":              {rows: five(second), last: "2026-10-25T00:59:00Z"},
		"5 minutes, pass 1, by modification time":           {rows: five(first), mod: "2026-10-25T00:05:02Z"},
		"5 minutes, pass 2, by modification time":           {rows: five(second), mod: "2026-10-25T01:05:02Z"},
		"5 minutes, nothing known":                          {rows: five(first), lost: true},
		"5 minutes, copied a week later":                    {rows: five(first), mod: "2026-11-01T00:00:00Z", lost: true},
		"5 minutes, sent an hour late: the two disagree":    {rows: five(first), last: "2026-10-24T23:59:00Z", mod: "2026-10-25T01:06:00Z", lost: true},
		"hour, pass 1, by both":                             {rows: hour(first), last: "2026-10-24T23:59:00Z", mod: "2026-10-25T01:00:02Z"},
		"hour, pass 2, by both":                             {rows: hour(second), last: "2026-10-25T00:59:00Z", mod: "2026-10-25T02:00:02Z"},
		"hour, pass 1, by modification time":                {rows: hour(first), mod: "2026-10-25T01:00:02Z"},
		"hour, pass 2, by modification time":                {rows: hour(second), mod: "2026-10-25T02:00:02Z"},
		"both hours, nothing known":                         {rows: append(hour(first), hour(second)...)},
		"second half of pass 1 and pass 2":                  {rows: instants("2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", time.Minute)},
		"from before into pass 1, written then":             {rows: instants("2026-10-24T23:00:00Z", "2026-10-25T00:30:00Z", time.Minute), mod: "2026-10-25T00:30:02Z"},
		"from pass 2 on":                                    {rows: instants("2026-10-25T01:30:00Z", "2026-10-25T03:00:00Z", time.Minute), mod: "2026-10-25T03:00:02Z"},
		"last taken in the middle of pass 1":                {rows: instants("2026-10-25T00:31:00Z", "2026-10-25T00:36:00Z", time.Minute), last: "2026-10-25T00:30:00Z"},
		"another sensor's file of the same rows":            {rows: five(first), last: "2026-10-25T00:04:00Z", mod: "2026-10-25T00:05:02Z"},
		"another sensor's file, end of pass 1":              {rows: instants("2026-10-25T00:55:00Z", "2026-10-25T01:00:00Z", time.Minute), last: "2026-10-25T00:59:00Z", mod: "2026-10-25T01:00:02Z"},
		"one row in pass 1 at the end":                      {rows: instants("2026-10-24T23:01:00Z", "2026-10-25T00:01:00Z", time.Minute), last: "2026-10-24T23:00:00Z", mod: "2026-10-25T00:00:02Z"},
		"single row, pass 2":                                {rows: instants("2026-10-25T01:10:00Z", "2026-10-25T01:11:00Z", time.Minute), last: "2026-10-25T01:09:00Z", mod: "2026-10-25T01:10:05Z"},
		"from the last row of pass 1 on":                    {rows: instants("2026-10-25T00:59:00Z", "2026-10-25T02:10:00Z", time.Minute), mod: "2026-10-25T02:10:02Z"},
		"up to the first row of pass 2":                     {rows: instants("2026-10-24T23:50:00Z", "2026-10-25T01:01:00Z", time.Minute), mod: "2026-10-25T01:00:02Z"},
		"up to the first row of pass 2, inside the hour":    {rows: instants("2026-10-25T00:20:00Z", "2026-10-25T01:01:00Z", time.Minute)},
		"a row, and after a gap others of pass 1":           {rows: append([]time.Time{at(first)}, instants("2026-10-25T00:40:00Z", "2026-10-25T00:45:00Z", time.Minute)...), mod: "2026-10-25T00:45:02Z"},
		"one row of either pass":                            {rows: []time.Time{at("2026-10-25T00:59:00Z"), at("2026-10-25T01:00:00Z")}, mod: "2026-10-25T01:00:02Z", lost: true},
		"one row an hour, logger off in between, not known": {rows: []time.Time{at("2026-10-24T22:30:00Z"), at("2026-10-25T00:30:00Z"), at("2026-10-25T03:30:00Z")}, lost: true},
	} {
		for _, newest := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, newest first %v", name, newest), func(t *testing.T) {
				t.Parallel()
				rows := slices.Clone(c.rows)
				if newest {
					slices.Reverse(rows)
				}
				o := Options{Zone: loc}
				if c.last != "" {
					o.LastStamp = at(c.last).UnixNano()
				}
				if c.mod != "" {
					o.ModTime = at(c.mod)
				}
				f := localFile(loc, rows)
				got, rep := times(t, f.text, o)
				if c.lost {
					if rep.Bad[Ambiguous] == 0 || len(got)+int(rep.Bad[Ambiguous]) != len(f.want) {
						t.Errorf("%d rows, %v", len(got), rep.Bad)
					}
					for i := range got {
						if !slices.Contains(f.want, got[i]) {
							t.Errorf("made up %v", time.Unix(0, got[i]).UTC())
						}
					}
					return
				}
				if !slices.Equal(got, f.want) {
					t.Errorf("%d rows of %d; %v", len(got), len(f.want), rep.Faults)
				}
			})
		}
	}
}

// A logger that does not know of summer time goes on from 02:59 to 03:00: its
// rows of the repeated hour have no pass.
func TestClockWithoutSummerTime(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("time,a\n")
	for m := range 240 {
		fmt.Fprintf(&b, "2026-10-25 %02d:%02d:00,%d\n", 1+m/60, m%60, m)
	}
	got, rep := times(t, b.String(), Options{Zone: berlin(t)})
	if len(got) != 180 || rep.Bad[Ambiguous] != 60 {
		t.Errorf("%d rows, %v", len(got), rep.Bad)
	}
}

// Rows of several tags: interleaved, and one tag after the other.
func TestTagsOverTheRepeatedHour(t *testing.T) {
	t.Parallel()
	loc := berlin(t)
	rows := instants("2026-10-24T23:30:00Z", "2026-10-25T02:30:00Z", time.Minute)
	var mixed, grouped strings.Builder
	mixed.WriteString("time,tag,value\n")
	grouped.WriteString("time,tag,value\n")
	var wantMixed, wantGrouped []int64
	for _, at := range rows {
		for _, tag := range []string{"a", "b", "c"} {
			fmt.Fprintf(&mixed, "%s,%s,1\n", at.In(loc).Format("2006-01-02 15:04"), tag)
			wantMixed = append(wantMixed, at.UnixNano())
		}
	}
	for _, tag := range []string{"a", "b", "c"} {
		for _, at := range rows {
			fmt.Fprintf(&grouped, "%s,%s,1\n", at.In(loc).Format("2006-01-02 15:04"), tag)
			wantGrouped = append(wantGrouped, at.UnixNano())
		}
	}
	got, rep := times(t, mixed.String(), Options{Zone: loc, Layout: Long})
	if !slices.Equal(got, wantMixed) {
		t.Errorf("mixed: %d rows of %d; %v", len(got), len(wantMixed), rep.Bad)
	}
	got, rep = times(t, grouped.String(), Options{Zone: loc, Layout: Long})
	if !slices.Equal(got, wantGrouped) {
		t.Errorf("grouped: %d rows of %d; %v", len(got), len(wantGrouped), rep.Bad)
	}
}

// Tags one after the other, each only inside the repeated hour.
func TestTagsInsideTheRepeatedHour(t *testing.T) {
	t.Parallel()
	loc := berlin(t)
	rows := instants("2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z", time.Minute)
	text := "time,tag,value\n"
	var want []int64
	for _, tag := range []string{"a", "b"} {
		for _, at := range rows {
			text += fmt.Sprintf("%s,%s,1\n", at.In(loc).Format("2006-01-02 15:04"), tag)
			want = append(want, at.UnixNano())
		}
	}
	got, rep := times(t, text, Options{Zone: loc, Layout: Long})
	if !slices.Equal(got, want) {
		t.Errorf("%d rows of %d; %v", len(got), len(want), rep.Bad)
	}
}

// Rows that are held come out whole and in order, however large the hour.
func TestHeldRowsOfAFastLogger(t *testing.T) {
	t.Parallel()
	loc := berlin(t)
	f := localFile(loc, instants("2026-10-24T23:59:00Z", "2026-10-25T02:01:00Z", time.Second))
	got, rep := times(t, f.text, Options{Zone: loc})
	if !slices.Equal(got, f.want) {
		t.Errorf("%d rows of %d; %v", len(got), len(f.want), rep.Bad)
	}
	// Beyond what may be held, what stands before the run decides.
	wide := strings.ReplaceAll(f.text, ";", ";"+strings.Repeat("1;", 1500))
	got, rep = times(t, wide, Options{Zone: loc})
	if !slices.Equal(got, f.want) {
		t.Errorf("wide: %d rows of %d; %v", len(got), len(f.want), rep.Bad)
	}
}

func TestZoneLookup(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia", "Asia/Tehran", "UTC", "Europe/Dublin"} {
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		z := newZone(loc)
		from := time.Date(2009, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
		seen := map[int64]int{}
		const step = 900
		for u := from; u < from+4*366*86400; u += step {
			_, off := time.Unix(u, 0).In(loc).Zone()
			seen[u+int64(off)]++
		}
		for wall := from + 86400; wall < from+4*365*86400; wall += step {
			if got := z.lookup(wall); got.passes != seen[wall] {
				t.Fatalf("%s: %v has %d passes, want %d", name, time.Unix(wall, 0).UTC(), got.passes, seen[wall])
			}
		}
	}
}

// Far ahead the zone's table has ended and its rule goes on, also on the last
// day of leap years.
func TestZoneFarAhead(t *testing.T) {
	t.Parallel()
	z := newZone(berlin(t))
	for _, day := range []string{"2076-12-31T12:00:00Z", "2077-01-01T00:00:00Z", "2076-12-31T23:30:00Z", "2080-02-29T12:00:00Z"} {
		at, err := time.Parse(time.RFC3339, day)
		if err != nil {
			t.Fatal(err)
		}
		if got := z.lookup(at.Unix() + 3600); got.passes != 1 || got.instant != at.Unix() {
			t.Errorf("%s: %+v", day, got)
		}
	}
}
