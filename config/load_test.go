package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"millwright/internal/golden"
	"millwright/internal/series"
	"millwright/internal/window"
)

// parseFile reads a file under its base name, so that messages do not depend on
// where the tests run.
func parseFile(t *testing.T, file string) (*Config, []Fault, error) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return Parse(filepath.Base(file), data)
}

func TestGoodFiles(t *testing.T) {
	t.Parallel()
	for _, file := range golden.Files(t, "testdata/good/*.yaml") {
		_, warnings, err := parseFile(t, file)
		if err != nil || len(warnings) > 0 {
			t.Errorf("%s: %v %v", file, err, warnings)
		}
	}
}

func TestBadFilesNameEveryFault(t *testing.T) {
	t.Parallel()
	for _, file := range golden.Files(t, "testdata/bad/*.yaml") {
		c, _, err := parseFile(t, file)
		var faults Faults
		if c != nil || !errors.As(err, &faults) {
			t.Errorf("%s: accepted, or another error: %v", file, err)
			continue
		}
		for _, f := range faults {
			if f.Problem == "" || f.Remedy == "" || f.File == "" {
				t.Errorf("%s: %+v lacks something", file, f)
			}
		}
		golden.Check(t, strings.TrimSuffix(file, ".yaml")+".txt", err.Error()+"\n")
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	for _, file := range golden.Files(t, "testdata/warn/*.yaml") {
		c, warnings, err := parseFile(t, file)
		if c == nil || err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		golden.Check(t, strings.TrimSuffix(file, ".yaml")+".txt", Faults(warnings).Error()+"\n")
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	c, _, err := parseFile(t, "testdata/good/minimal.yaml")
	if err != nil {
		t.Fatal(err)
	}
	d, s := c.Drops[0], c.Schedulers[0]
	for _, v := range []struct {
		name      string
		got, want any
	}{
		{"state_dir", c.StateDir, "/var/lib/millwright"},
		{"include", fmt.Sprint(d.Include), "[*.csv *.csv.gz]"},
		{"settle", d.Complete.Settle.Duration(), 2 * time.Second},
		{"archive", d.Archive.Dir, "/var/lib/millwright/archive"},
		{"gzip", d.Archive.Gzip.On(), true},
		{"archive.max", d.Archive.Max.Bytes(), int64(1 << 30)},
		{"components", fmt.Sprint(s.Components), "[pump-7]"},
		{"margin", s.UploadMargin.Duration(), 30 * time.Second},
		{"max_gap", s.Resample.MaxGap.Duration(), 3 * time.Minute},
		{"overdue_max", s.Late.OverdueMax.Duration(), 72 * time.Hour},
		{"free", c.Limits.Free.Of(1000), int64(50)},
		{"memory", c.Limits.Memory.String(), "64MiB"},
		{"delimiter", s.Naming().Key("pump-7", 0), "pump-7-19700101000000.csv"},
		{"sinks", len(c.Sinks), 0},
	} {
		if v.got != v.want {
			t.Errorf("%s: %v, want %v", v.name, v.got, v.want)
		}
	}
}

func TestResolved(t *testing.T) {
	t.Parallel()
	c, _, err := parseFile(t, "testdata/good/full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s := c.Schedulers[0]
	if got, want := s.Cadence(), (window.Cadence{Frequency: 5 * time.Minute, Delay: 2 * time.Minute, Margin: 30 * time.Second, Rate: time.Minute}); got != want {
		t.Errorf("cadence %+v", got)
	}
	if got := s.Naming().Key("pump-7", 0); got != "in/pump-7_19700101000000.csv" {
		t.Errorf("key %q", got)
	}
	if got, want := s.Resample.Specs()["valve"], (series.Spec{Aggregate: series.AggregateLast, Fill: series.FillHold, MaxGap: series.NoMaxGap}); got != want {
		t.Errorf("spec of valve %+v", got)
	}
	if got, want := s.Resample.Spec(), (series.Spec{Aggregate: series.AggregateMean, Fill: series.FillHold, MaxGap: 3 * time.Minute}); got != want {
		t.Errorf("spec %+v", got)
	}
	o := c.Drops[0].Options(c.Limits)
	if o.Delimiter != "auto" || o.Zone != time.UTC || o.MaxColumns != 3001 || o.MaxBytes != 5<<30 || o.MaxRow != 1<<20 {
		t.Errorf("options %+v", o)
	}

	c, _, err = parseFile(t, "testdata/good/shared-input.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Schedulers[1].Naming().Key("pump", 0); got != "in/pump19700101000000.csv" {
		t.Errorf("an empty delimiter gives %q", got)
	}
	if o = c.Drops[0].Options(c.Limits); len(o.BadValues) != 0 || len(o.Header) != 2 || o.Zone.String() != "Europe/Berlin" {
		t.Errorf("options %+v", o)
	}
}

// A gap of 0 means no holding, while the series takes 0 for the default.
func TestZeroGapHoldsNothing(t *testing.T) {
	t.Parallel()
	r := Resample{MaxGap: For(0)}
	if got := r.Spec(); got.Fill != series.FillNone {
		t.Errorf("spec %+v", got)
	}
}

func TestLoadNamesTheMachine(t *testing.T) {
	t.Parallel()
	c, _, err := Load("testdata/good/minimal.yaml")
	if err != nil || c.Instance == "" {
		t.Errorf("instance %q, %v", c.Instance, err)
	}
	if _, _, err = Load(filepath.Join(t.TempDir(), "no.yaml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	large := filepath.Join(t.TempDir(), "large.yaml")
	if err := os.WriteFile(large, bytes.Repeat([]byte("# \n"), 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	var faults Faults
	if _, _, err = Load(large); !errors.As(err, &faults) {
		t.Errorf("large file: %v", err)
	}
}

func TestMachineID(t *testing.T) {
	t.Parallel()
	host := func() (string, error) { return "gw", nil }
	none := func() (string, error) { return "", errors.New("no name") }
	file := filepath.Join(t.TempDir(), "machine-id")
	for _, c := range []struct {
		text string
		host func() (string, error)
		want string
	}{
		{"0123456789abcdef0123456789abcdef\n", none, "0123456789abcdef0123456789abcdef"},
		{"uninitialized\n", host, "gw"},
		{"", host, "gw"},
		{"", none, ""},
	} {
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := machineID(file, c.host); got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%q: %q %v", c.text, got, err)
		}
	}
}

// A Config made in code is checked as a file is.
func TestValidate(t *testing.T) {
	t.Parallel()
	c := Config{
		Drops: []Drop{{Path: "/srv/drop"}},
		Schedulers: []Scheduler{{
			Name: "pump", DataUploadFrequency: Frequency(5 * time.Minute), TargetSamplingRate: Rate(time.Minute), DataDelayOffsetInMinutes: 2,
			Input: Input{Bucket: "plant"}, Output: Output{Bucket: "plant"},
		}},
	}
	if warnings, err := c.Validate(); err != nil || len(warnings) > 0 {
		t.Errorf("%v %v", err, warnings)
	}
	c.Schedulers[0].Input.Bucket = ""
	if _, err := c.Validate(); err == nil || !strings.Contains(err.Error(), "schedulers[0].input.bucket: is missing") {
		t.Errorf("%v", err)
	}
	if _, err := new(Config).Validate(); err == nil {
		t.Error("an empty Config is accepted")
	}
}

func TestSafeOffset(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		settle, margin, want time.Duration
		ok                   bool
	}{
		{0, 30 * time.Second, time.Minute, true},
		{2 * time.Second, 30 * time.Second, time.Minute, true},
		{29 * time.Second, 30 * time.Second, time.Minute, true},
		{30 * time.Second, 30 * time.Second, 2 * time.Minute, true},
		{time.Minute, 10 * time.Minute, 3 * time.Minute, true},
		{time.Hour, 30 * time.Second, 0, false},
	} {
		got, ok := SafeOffset(c.settle, c.margin)
		if ok != c.ok || ok && got != c.want {
			t.Errorf("settle %s, margin %s: %s %v, want %s", c.settle, c.margin, got, ok, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, folder := range []string{"good", "bad", "warn"} {
		found, _ := filepath.Glob("testdata/" + folder + "/*.yaml")
		for _, file := range found {
			if data, err := os.ReadFile(file); err == nil {
				f.Add(data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, _, err := Parse("x.yaml", data)
		var faults Faults
		if err != nil && (!errors.As(err, &faults) || len(faults) == 0 || c != nil) {
			t.Fatalf("%T %v", err, err)
		}
		if err != nil {
			return
		}
		for i := range c.Schedulers {
			s := &c.Schedulers[i]
			if err := s.Cadence().Validate(); err != nil {
				t.Fatalf("accepted a cadence that is none: %v", err)
			}
			if err := s.Resample.Spec().Validate(); err != nil {
				t.Fatal(err)
			}
		}
		for i := range c.Drops {
			c.Drops[i].Options(c.Limits)
		}
		if warnings, err := c.Validate(); err != nil {
			t.Fatalf("%v %v", warnings, err)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	data, err := os.ReadFile("testdata/good/full.yaml")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := Parse("x", data); err != nil {
			b.Fatal(err)
		}
	}
}
