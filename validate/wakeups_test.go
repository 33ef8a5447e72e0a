package validate

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// verdicts writes down the ranges of the only scheduler.
func verdicts(r *Report) string {
	var s []string
	for _, x := range r.Schedulers[0].Ranges {
		text := fmt.Sprintf("%s+%d %s", x.From.Format("15:04"), x.Windows, x.Verdict)
		if x.RunFails {
			text += "!"
		}
		s = append(s, text)
	}
	return strings.Join(s, ", ")
}

func TestWakeUps(t *testing.T) {
	t.Parallel()
	const f5 = "    data_upload_frequency: PT5M\n"
	for _, c := range []struct {
		name      string
		files     map[string]string
		drop      string
		scheduler string
		arrival   Arrival
		want      string
		cures     []Cure
	}{
		{
			name:  "five-minute files with an offset",
			files: map[string]string{"a": rows(monday(0, 0), 5), "b": rows(monday(0, 5), 5)}, scheduler: f5 + "    data_delay_offset_in_minutes: 1",
			want: "00:00+2 in time",
		},
		{
			name:  "five-minute files without one",
			files: map[string]string{"a": rows(monday(0, 0), 5), "b": rows(monday(0, 5), 5)}, scheduler: f5,
			want:  "00:00+1 late!, 00:05+1 late",
			cures: []Cure{{"PT5M", 1}, {"PT10M", 1}, {"PT15M", 1}, {"PT30M", 1}, {"PT1H", 1}},
		},
		{
			name:  "an hourly file with the offset that cures it",
			files: map[string]string{"a": rows(monday(0, 0), 60)}, scheduler: f5 + "    data_delay_offset_in_minutes: 56",
			want: "00:00+12 in time",
		},
		{
			name:  "an hourly file with one minute less",
			files: map[string]string{"a": rows(monday(0, 0), 60)}, scheduler: f5 + "    data_delay_offset_in_minutes: 55",
			want:  "00:00+1 late!, 00:05+11 in time",
			cures: []Cure{{"PT5M", 56}, {"PT10M", 51}, {"PT15M", 46}, {"PT30M", 31}, {"PT1H", 1}},
		},
		{
			name:  "hourly files that come ten minutes after their end: only longer windows help",
			files: map[string]string{"a": rows(monday(0, 0), 60)}, scheduler: f5 + "    data_delay_offset_in_minutes: 60", arrival: Arrival{After: 10 * time.Minute},
			want:  "00:00+2 late!, 00:10+10 in time",
			cures: []Cure{{"PT15M", 56}, {"PT30M", 41}, {"PT1H", 11}},
		},
		{
			name:  "nothing helps",
			files: map[string]string{"a": rows(monday(0, 0), 60)}, scheduler: f5, arrival: Arrival{After: 10 * time.Hour},
			want:  "00:00+12 late!",
			cures: []Cure{},
		},
		{
			name:  "a gap is missing once values are no longer held",
			files: map[string]string{"a": rows(monday(0, 0), 5), "b": rows(monday(0, 20), 5)}, scheduler: f5 + "    data_delay_offset_in_minutes: 1",
			want: "00:00+1 in time, 00:05+1 held only, 00:10+2 missing!, 00:20+1 in time",
		},
		{
			name:  "nothing is held",
			files: map[string]string{"a": rows(monday(0, 0), 5), "b": rows(monday(0, 10), 5)}, scheduler: f5 + "    data_delay_offset_in_minutes: 1\n    resample: {fill: none}",
			want: "00:00+1 in time, 00:05+1 missing!, 00:10+1 in time",
		},
		{
			name:  "held values are refused",
			files: map[string]string{"a": rows(monday(0, 0), 5), "b": rows(monday(0, 10), 5)}, scheduler: f5 + "    data_delay_offset_in_minutes: 1\n    late: {require_real_rows: true}",
			want: "00:00+1 in time, 00:05+1 missing!, 00:10+1 in time",
		},
		{
			name:  "one of two files is late",
			files: map[string]string{"a": rows(monday(0, 0), 5), "b": rows(monday(0, 2), 20)}, scheduler: f5 + "    data_delay_offset_in_minutes: 5",
			want:  "00:00+1 partly late, 00:05+1 late, 00:10+1 late!, 00:15+2 in time",
			cures: []Cure{{"PT5M", 18}, {"PT10M", 13}, {"PT15M", 8}, {"PT30M", 1}, {"PT1H", 1}},
		},
		{
			name:  "labels by their start: the row at the end is in the next window",
			files: map[string]string{"a": rows(monday(0, 0), 5)}, scheduler: f5 + "    data_delay_offset_in_minutes: 1\n    resample: {label: start}",
			want: "00:00+2 in time",
		},
		{
			name:  "a component without files fails every run",
			files: map[string]string{"a": rows(monday(0, 0), 5)}, scheduler: f5 + "    data_delay_offset_in_minutes: 1\n    components: [pump-7, fan]",
			want: "00:00+1 missing!",
		},
		{
			name:  "files are whole at once under the rule rename",
			files: map[string]string{"a": rows(monday(0, 0), 5)}, drop: "    complete: {rule: settle, settle: 70s}", scheduler: f5 + "    data_delay_offset_in_minutes: 1",
			want:  "00:00+1 late!",
			cures: []Cure{{"PT5M", 2}, {"PT10M", 1}, {"PT15M", 1}, {"PT30M", 1}, {"PT1H", 1}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			for name, text := range c.files {
				s.file("pump-7/"+name+".csv", text)
			}
			r := s.run(Options{Config: s.config(c.drop, c.scheduler), Arrival: c.arrival})
			if got := verdicts(r); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if got := r.Schedulers[0].Cures; c.cures != nil && !slices.Equal(got, c.cures) {
				t.Errorf("cures %v, want %v", got, c.cures)
			}
			if r.Clean == strings.ContainsAny(c.want, "!") {
				t.Errorf("clean is %v: %s", r.Clean, r.Verdict)
			}
		})
	}
}

func TestArrivalByModificationTime(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	path := s.file("pump-7/a.csv", rows(monday(0, 0), 5))
	cfg := s.config("", "    data_upload_frequency: PT5M\n    data_delay_offset_in_minutes: 10")
	for _, c := range []struct {
		at   time.Time
		want string
	}{
		{monday(0, 14), "00:00+1 in time"},
		{monday(0, 15), "00:00+1 late!"},
	} {
		if err := os.Chtimes(path, c.at, c.at); err != nil {
			t.Fatal(err)
		}
		if got := verdicts(s.run(Options{Config: cfg, Arrival: Arrival{ModTime: true}})); got != c.want {
			t.Errorf("arrives %s: %s, want %s", c.at.Format("15:04"), got, c.want)
		}
	}
}

func TestParseArrival(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Arrival{"": {}, "mtime": {ModTime: true}, "+90s": {After: 90 * time.Second}, "+0s": {}} {
		if got, err := ParseArrival(text); err != nil || got != want {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
	for _, text := range []string{"90s", "+", "+soon", "+-5m", "ctime"} {
		if _, err := ParseArrival(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestLimitsAreWarnedAbout(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	// 302 sensors at 10 Hz: too many rows, bytes and columns for a run.
	var b strings.Builder
	b.WriteString("Time")
	for i := range 302 {
		fmt.Fprintf(&b, ",s%03d", i)
	}
	b.WriteByte('\n')
	row := strings.Repeat(",1234.5678", 302)
	for i := range 3000 {
		b.WriteString(monday(0, 0).Add(time.Duration(i+1)*100*time.Millisecond).Format("2006-01-02T15:04:05.000") + row + "\n")
	}
	s.file("pump-7/wide.csv", b.String())
	for i := range 61 {
		s.file(fmt.Sprintf("pump-7/part%02d.csv", i), "Time,s000\n"+monday(0, 10).Add(time.Duration(i+1)*time.Second).Format("2006-01-02T15:04:05.000")+",1\n")
	}
	r := s.run(Options{Config: s.config("", "    data_upload_frequency: PT5M\n    data_delay_offset_in_minutes: 2")})
	text := strings.Join(r.Schedulers[0].Warnings, "\n")
	for _, want := range []string{"302 sensors together", "61 files (limit 60)", "9.1 MB (limit 5.0 MB)", "3000 rows (limit 300)"} {
		if !strings.Contains(text, want) {
			t.Errorf("no word of %q in:\n%s", want, text)
		}
	}
	if !slices.ContainsFunc(r.Files, func(f *File) bool { return len(f.Notes) > 0 && strings.Contains(f.Notes[0], "303 columns") }) {
		t.Error("no note on 303 columns")
	}
}

// A file that a logger appends to is there row by row: its first windows are in
// time although the file is whole much later.
func TestArrivalOfAGrowingFile(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	now := time.Now().UTC().Truncate(time.Minute)
	path := s.file("pump-7/a.csv", rows(now.Add(-time.Minute), 60))
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	end := now.Add(59 * time.Minute)
	if err := os.Chtimes(path, end, end); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		complete, arrival string
		late              bool
	}{
		{"settle", "mtime", birth(f).IsZero()}, // not every file system knows
		{"settle", "", true},
		{"rename", "mtime", true},
	} {
		cfg := s.config("    complete: {rule: "+c.complete+"}", "    data_upload_frequency: PT5M\n    data_delay_offset_in_minutes: 1")
		arrival, err := ParseArrival(c.arrival)
		if err != nil {
			t.Fatal(err)
		}
		r := s.run(Options{Config: cfg, Arrival: arrival})
		late := r.Schedulers[0].Verdicts[Late]+r.Schedulers[0].Verdicts[PartlyLate] > 0
		if late != c.late || r.Files[0].Grown == c.late || len(r.Notes) > 0 != c.late {
			t.Errorf("%s, arrival %q: late %v, grown %v, notes %q", c.complete, c.arrival, late, r.Files[0].Grown, r.Notes)
		}
	}
	// A copy that was made later than its rows came about has come at once.
	old := s.file("pump-7/a.csv", rows(now.Add(-2*time.Hour), 60))
	if err := os.Chtimes(old, end, end); err != nil {
		t.Fatal(err)
	}
	cfg := s.config("", "    data_upload_frequency: PT5M\n    data_delay_offset_in_minutes: 1")
	if r := s.run(Options{Config: cfg, Arrival: Arrival{ModTime: true}}); r.Files[0].Grown {
		t.Error("a copy is taken for a file that grew")
	}
}
