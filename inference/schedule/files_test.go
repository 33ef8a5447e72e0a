package schedule

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"millwright/internal/simulate"
	"millwright/internal/window"
)

func noon() time.Time { return time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC) }

func TestFilesAreFoundByTheirNames(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	components := []string{"pump", "pump-2", "pump-20260105115500", "pump_2", "p.1"}
	for i, c := range []struct {
		offset, format, delimiter string
		stamps                    [6]string // of 11:54:59, 11:55, 12:00, 12:05, 12:09:59, 12:10
	}{
		{"", "", "-", [6]string{"20260105115459", "20260105115500", "20260105120000", "20260105120500", "20260105120959", "20260105121000"}},
		{"+05:30", "yyyyMMddHHmmss", "_", [6]string{"20260105172459", "20260105172500", "20260105173000", "20260105173500", "20260105173959", "20260105174000"}},
		{"-12:00", "yyyy-MM-dd-HH-mm-ss", "-", [6]string{"2026-01-04-23-54-59", "2026-01-04-23-55-00", "2026-01-05-00-00-00", "2026-01-05-00-05-00", "2026-01-05-00-09-59", "2026-01-05-00-10-00"}},
		{"+09:00", "EPOCH", "", [6]string{"1767614099", "1767614100", "1767614400", "1767614700", "1767614999", "1767615000"}},
	} {
		prefix := fmt.Sprintf("in %d/", i)
		offset, err := window.ParseOffset(c.offset)
		if err != nil {
			t.Fatal(err)
		}
		in := Input{Bucket: r.bucket, Naming: window.Naming{Prefix: prefix, Delimiter: c.delimiter, Format: window.Format(c.format), Offset: offset}}
		e := r.at(noon())
		e.Input = in
		delimiter := in.Naming.Delimiter
		for _, component := range components {
			for _, stamp := range c.stamps {
				r.put(prefix+component+delimiter+stamp+".csv", "x")
			}
			r.put(prefix+component+delimiter+c.stamps[2], "x")
			r.put(prefix+component+delimiter+c.stamps[2]+".csv.gz", "x")
			r.put(prefix+component+delimiter+"x"+c.stamps[2]+".csv", "x")
			r.put(prefix+"deeper/"+component+delimiter+c.stamps[2]+".csv", "x")
		}
		for _, component := range components {
			from, to := e.stamps(e.Start)
			files, err := e.find(t.Context(), r.store, component, components, from, to, 100)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range files {
				got = append(got, f.Key)
				if f.Component != component || f.ETag == "" || f.Size != 1 {
					t.Errorf("%+v", f)
				}
			}
			var want []string
			for _, s := range c.stamps[1:5] {
				want = append(want, prefix+component+delimiter+s+".csv")
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s %q: got %q\nwant %q", in.Naming.Format, component, got, want)
			}
		}
	}
}

// TestRowsOfManyFilesAreOneWindow cuts a window's rows into files at random, some
// rows twice with another value, and holds the result against one file with all.
func TestRowsOfManyFilesAreOneWindow(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	f := plantRows(simulate.Options{Seed: 3, Rate: 15 * time.Second}, noon().Add(-20*time.Minute), noon().Add(20*time.Minute))
	p := partsOf(names())[0]
	start := noon().UnixNano()
	whole := newGrid(five, time.Minute, names(), map[int64]bool{start: true})
	e := r.at(noon())
	one := File{Component: p.name, Stamp: start}
	whole.add(p, []File{one}, []*table{parse([]byte(csvOf(f, p.name, start, e.End())), p.sensors, 1<<20, always())})
	want := fmt.Sprint(whole.frame())
	rapid.Check(t, func(t *rapid.T) {
		var files []File
		var tables []*table
		n := rapid.IntRange(1, 6).Draw(t, "files")
		parts := make([]string, n)
		head, rows, _ := strings.Cut(csvOf(f, p.name, start-int64(five), e.End()+int64(five)), "\n")
		for _, line := range strings.Split(strings.TrimSpace(rows), "\n") {
			at := rapid.IntRange(0, n-1).Draw(t, "file")
			if rapid.Bool().Draw(t, "in front") {
				parts[at] = line + "\n" + parts[at]
			} else {
				parts[at] += line + "\n"
			}
			if again := rapid.IntRange(at, 2*n).Draw(t, "again"); again < n { // later: it loses
				stamp, _, _ := strings.Cut(line, ",")
				parts[again] += stamp + strings.Repeat(",99", len(p.sensors)) + "\n"
			}
		}
		for i, text := range parts {
			stamp := start - int64(five) + int64(i)*int64(2*time.Minute)
			files = append(files, File{Component: p.name, Stamp: stamp})
			tables = append(tables, parse([]byte(head+"\n"+text), p.sensors, 1<<20, always()))
		}
		g := newGrid(five, time.Minute, names(), map[int64]bool{start: true})
		g.add(p, files, tables)
		if got := fmt.Sprint(g.frame()); got != want {
			t.Fatalf("got %s\nwant %s", got, want)
		}
	})
}

func TestWhyRunsFail(t *testing.T) {
	t.Parallel()
	rows := plantRows(simulate.Options{Seed: 3, Rate: time.Minute}, noon().Add(-time.Hour), noon().Add(time.Hour))
	start, end := noon().UnixNano(), noon().Add(five).UnixNano()
	motor := func(r *rig) { r.upload(rows, "motor-7", start, end) }
	pump := func(r *rig) { r.upload(rows, "pump-7", start, end) }
	const missing = "Could not find data file for sensor pump-7 within expected range of (2026-01-05T12:00:00Z, 2026-01-05T12:05:00Z]. " +
		"Please ensure data is present for all sensors of the machine under prefix 's3://in/in/pump-7_20260105115500' ~ 's3://in/in/pump-7_20260105121000'"
	for name, c := range map[string]struct {
		set  func(r *rig)
		want string // "": SUCCESS
		note string
	}{
		"all is there": {func(r *rig) { motor(r); pump(r) }, "", ""},
		"no file":      {motor, missing, "rows of pump-7 were looked for in the files from s3://"},
		"rows of other windows": {func(r *rig) {
			motor(r)
			r.put("in/pump-7_20260105120000.csv", csvOf(rows, "pump-7", start-int64(five), start)+"2026-01-05T12:05:00.000001,1,1,1,1,1,1,1,1\n")
		}, missing, ""},
		"rows in neighbours": {func(r *rig) {
			motor(r)
			r.put("in/pump-7_20260105115500.csv", csvOf(rows, "pump-7", start, end-int64(time.Minute)))
			r.put("in/pump-7_20260105120500.csv", csvOf(rows, "pump-7", start+int64(time.Minute), end))
		}, "", ""},
		"a file too far off": {func(r *rig) {
			motor(r)
			r.put("in/pump-7_20260105121000.csv", csvOf(rows, "pump-7", start, end))
		}, missing, ""},
		"no CSV": {func(r *rig) {
			motor(r)
			r.put("in/pump-7_20260105120000.csv", "\x00\x01\x02nothing")
		}, missing, "in/pump-7_20260105120000.csv: no row can be used"},
		"one of two is no CSV": {func(r *rig) {
			motor(r)
			pump(r)
			r.put("in/pump-7_20260105120100.csv", "")
		}, "", "in/pump-7_20260105120100.csv: no row can be used"},
		"other columns": {func(r *rig) {
			motor(r)
			r.put("in/pump-7_20260105120000.csv", "Timestamp,x\n2026-01-05T12:01:00,1\n")
		}, "The data files for sensor pump-7 within expected range of (2026-01-05T12:00:00Z, 2026-01-05T12:05:00Z] have none of the columns that the model was trained with: flow, speed,", ""},
		"a column is missing": {func(r *rig) {
			motor(r)
			text := csvOf(rows, "pump-7", start, end)
			r.put("in/pump-7_20260105120000.csv", strings.Replace(text, "flow", "flaw", 1))
		}, "", "the files of pump-7 have no column flow"},
		"no value": {func(r *rig) {
			r.put("in/motor-7_20260105120000.csv", "Timestamp,current\n2026-01-05T12:01:00,\n2026-01-05T12:02:00,Bad\n")
			r.put("in/pump-7_20260105120000.csv", "Timestamp,flow\n2026-01-05T12:01:00,\n")
		}, "The data files within expected range of (2026-01-05T12:00:00Z, 2026-01-05T12:05:00Z] have no value", ""},
		"too many files": {func(r *rig) {
			motor(r)
			pump(r)
			for i := range 3 * window.MaxFiles {
				r.put(fmt.Sprintf("in/pump-7_%s.csv", noon().Add(time.Duration(i+1)*time.Second).Format("20060102150405")), "x")
			}
		}, "Too many data files for sensor pump-7", ""},
		"too large": {func(r *rig) {
			motor(r)
			r.put("in/pump-7_20260105120000.csv", csvOf(rows, "pump-7", start, end)+strings.Repeat("2026-01-05T12:03:00,1,1,1,1,1,1,1,1\n", 430_000))
		}, "The data files for sensor pump-7 within expected range of (2026-01-05T12:00:00Z, 2026-01-05T12:05:00Z] have 15", ""},
		"a large file": {func(r *rig) {
			motor(r)
			before := strings.Repeat("2026-01-05T11:58:00,1,1,1,1,1,1,1,1\n", 40_000)
			r.put("in/pump-7_20260105120000.csv", csvOf(rows, "pump-7", start, end)+before)
		}, "", ""},
		"no bucket": {func(r *rig) { r.e.Input.Bucket = "not-there" }, "Could not list the data files at s3://not-there/in/: ", ""},
		"nowhere to write to": {func(r *rig) {
			motor(r)
			pump(r)
			r.e.Output.Bucket = "not-there"
		}, "Could not write the results to s3://not-there/out/: ", ""},
		"no model":  {func(r *rig) { r.e.Version = 2 }, "Could not load version 2 of the model: the model version is not there any more", ""},
		"slow rate": {func(r *rig) { r.e.Frequency = 7 * time.Minute }, "The model's target sampling rate PT5M does not divide the data upload frequency PT7M.", ""},
		"another's object": {func(r *rig) {
			motor(r)
			pump(r)
			r.put("out/2026-01-05T12:00:00Z/results.jsonl", "{}\n")
		}, "There is another object at s3://", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			c.set(r)
			out := r.run(noon())
			if c.want == "" && out.Status != Success || c.want != "" && (out.Status != Failed || !strings.HasPrefix(out.Reason, c.want)) {
				t.Errorf("%s %q\nwant %q", out.Status, out.Reason, c.want)
			}
			if strings.HasPrefix(c.want, "Could not find") && out.Reason != c.want {
				t.Errorf("%q is not %q", out.Reason, c.want)
			}
			if notes := strings.Join(out.Notes, "\n"); !strings.Contains(notes, c.note) {
				t.Errorf("notes %q", notes)
			}
		})
	}
}
