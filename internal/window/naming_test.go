package window

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// formats are the stamp forms that the service knows.
func formats() []Format { return []Format{FormatCompact, FormatDashed, FormatEpoch} }

func TestKey(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		naming           Naming
		component, start string
		want             string
	}{
		{Naming{Delimiter: "-"}, "pump", "2021-05-20T11:30:00Z", "pump-20210520113000.csv"},
		{Naming{Prefix: "in/", Delimiter: "_", Format: FormatCompact}, "centrifugal-pump", "2022-05-13T12:05:00Z", "in/centrifugal-pump_20220513120500.csv"},
		{Naming{Delimiter: "_", Format: FormatCompact, Offset: 5*time.Hour + 30*time.Minute}, "p", "2021-04-05T12:55:00Z", "p_20210405182500.csv"},
		{Naming{Delimiter: "_", Offset: -12 * time.Hour}, "p", "2021-01-01T00:00:00Z", "p_20201231120000.csv"},
		{Naming{Delimiter: "_", Offset: 14 * time.Hour}, "p", "2020-12-31T12:00:00Z", "p_20210101020000.csv"},
		{Naming{Delimiter: " ", Format: FormatDashed}, "a.b_c-d", "2021-01-01T00:00:00Z", "a.b_c-d 2021-01-01-00-00-00.csv"},
		{Naming{Format: FormatEpoch, Offset: 9 * time.Hour}, "pump", "2023-11-14T22:10:00Z", "pump1699999800.csv"},
		{Naming{Format: FormatEpoch, Delimiter: "-"}, "old", "1999-01-01T00:00:00Z", "old-0915148800.csv"},
	} {
		if got := c.naming.Key(c.component, at(t, c.start)); got != c.want {
			t.Errorf("key %q, want %q", got, c.want)
		}
		component, start, err := c.naming.Parse(c.want, []string{"other", c.component})
		if err != nil || component != c.component || start != at(t, c.start) {
			t.Errorf("parse %q: %q %d %v", c.want, component, start, err)
		}
	}
}

// Names that hold the delimiter, or begin other names, are told apart by the
// stamp alone.
func TestParseAmbiguousComponents(t *testing.T) {
	t.Parallel()
	components := []string{"pump", "pump-2", "pump-2-20210101000000", "pump2", "pump-"}
	for _, delimiter := range []string{"-", "_", " ", ""} {
		for _, format := range formats() {
			n := Naming{Prefix: "in/", Delimiter: delimiter, Format: format}
			for _, want := range components {
				start := at(t, "2026-02-28T23:55:00Z")
				got, gotStart, err := n.Parse(n.Key(want, start), components)
				if err != nil || gotStart != start || got != want {
					t.Errorf("%q %s: parsed %q as %q %d %v", delimiter, format, n.Key(want, start), got, gotStart, err)
				}
			}
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	n := Naming{Prefix: "in/", Delimiter: "_"}
	for name, key := range map[string]string{
		"another prefix":      "out/pump_20210101000000.csv",
		"another suffix":      "in/pump_20210101000000.csv.gz",
		"another delimiter":   "in/pump-20210101000000.csv",
		"no delimiter":        "in/pump20210101000000.csv",
		"two delimiters":      "in/pump__20210101000000.csv",
		"no component":        "in/_20210101000000.csv",
		"unknown component":   "in/fan_20210101000000.csv",
		"a folder more":       "in/x/pump_20210101000000.csv",
		"no such day":         "in/pump_20210230000000.csv",
		"leap second":         "in/pump_20161231235960.csv",
		"short stamp":         "in/pump_2021010100000.csv",
		"long stamp":          "in/pump_202101010000000.csv",
		"epoch":               "in/pump_1609459200.csv",
		"beyond Unix ns":      "in/pump_23000101000000.csv",
		"before Unix ns":      "in/pump_00010101000000.csv",
		"a fraction":          "in/pump_2021010100000.5.csv",
		"only the suffix":     "in/.csv",
		"empty":               "",
		"stamp for component": "in/20210101000000_20210101000000.csv",
	} {
		if component, start, err := n.Parse(key, []string{"pump"}); !errors.Is(err, ErrNotWindow) {
			t.Errorf("%s: %q parsed as %q %d, %v", name, key, component, start, err)
		}
	}
}

func TestOffset(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]time.Duration{
		"": 0, "+00:00": 0, "-00:00": 0, "+05:30": 330 * time.Minute, "-12:00": -12 * time.Hour, "+14:00": 14 * time.Hour, "-09:45": -585 * time.Minute,
	} {
		if got, err := ParseOffset(s); err != nil || got != want {
			t.Errorf("offset %q: %s %v", s, got, err)
		}
	}
	for _, s := range []string{"05:30", "+5:30", "+05:60", "+24:00", "+0530", "Z", "UTC", "+05:30 ", "+05:3", "+-5:30", "+ 5:30", "é"} {
		if got, err := ParseOffset(s); err == nil {
			t.Errorf("offset %q read as %s", s, got)
		}
	}
}

func TestDurations(t *testing.T) {
	t.Parallel()
	for _, d := range Frequencies() {
		if got, err := ParseFrequency(FormatDuration(d)); err != nil || got != d {
			t.Errorf("%s: %s %v", d, got, err)
		}
		if limit := LimitOf(d); limit.Rows != int(d.Seconds()) || limit.Bytes != int64(d.Minutes())*1_000_000 {
			t.Errorf("limits of %s: %+v", d, limit)
		}
	}
	want := strings.Fields("PT1S PT5S PT10S PT15S PT30S PT1M PT5M PT10M PT15M PT30M PT1H")
	for i, d := range Rates() {
		if got, err := ParseRate(want[i]); err != nil || got != d {
			t.Errorf("%s: %s %v", want[i], got, err)
		}
	}
	for _, s := range []string{"", "PT60M", "PT2M", "5m", "pt5m", "PT1S", "PT05M"} {
		if got, err := ParseFrequency(s); err == nil {
			t.Errorf("frequency %q read as %s", s, got)
		}
	}
}

func TestResultKey(t *testing.T) {
	t.Parallel()
	const want = "demo/output/2021-08-31T12:45:00Z/results.jsonl"
	start := at(t, "2021-08-31T12:45:00Z")
	if got := ResultKey("demo/output/", start); got != want {
		t.Errorf("key %q", got)
	}
	if got, err := ParseResultKey("demo/output/", want); err != nil || got != start {
		t.Errorf("parse: %d %v", got, err)
	}
	for _, key := range []string{
		"", "demo/output/", "other/2021-08-31T12:45:00Z/results.jsonl", "demo/output/2021-08-31T12:45:00Z/results.csv",
		"demo/output/2021-08-31T12:45:00/results.jsonl", "demo/output/2021-08-31T12:45:00.5Z/results.jsonl",
		"demo/output/2021-02-31T12:45:00Z/results.jsonl", "demo/output/x/2021-08-31T12:45:00Z/results.jsonl",
		"demo/output/0001-08-31T12:45:00Z/results.jsonl", "demo/output/2021-08-31T12:45:00Z/results.jsonl/results.jsonl",
	} {
		if got, err := ParseResultKey("demo/output/", key); !errors.Is(err, ErrNotWindow) {
			t.Errorf("%q parsed as %d, %v", key, got, err)
		}
	}
}

func drawNaming(t *rapid.T) Naming {
	return Naming{
		Prefix:    rapid.SampledFrom([]string{"", "in/", "a b/ü/", "2021/"}).Draw(t, "prefix"),
		Delimiter: rapid.SampledFrom([]string{"-", "_", " ", ""}).Draw(t, "delimiter"),
		Format:    rapid.SampledFrom(append(formats(), "")).Draw(t, "format"),
		Offset:    time.Duration(rapid.IntRange(-23*60, 23*60).Draw(t, "offset")) * time.Minute,
	}
}

func drawComponent(t *rapid.T, label string) string {
	return rapid.StringMatching(`[0-9A-Za-z._-]{1,12}`).Draw(t, label)
}

func TestKeyAndParseAreInverse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n, component := drawNaming(t), drawComponent(t, "component")
		start := rapid.Int64Range(0, 9_000_000_000).Draw(t, "start") * int64(time.Second)
		others := []string{component, component + n.Delimiter, component + "1", component[:1]}
		slices.Reverse(others)
		key := n.Key(component, start)
		got, gotStart, err := n.Parse(key, others)
		if err != nil || got != component || gotStart != start {
			t.Fatalf("%q: %q %d %v", key, got, gotStart, err)
		}
		if got, gotStart, err = n.Parse(key, nil); err != nil || got != component || gotStart != start {
			t.Fatalf("%q without components: %q %d %v", key, got, gotStart, err)
		}
	})
}

func TestKeysSortByTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n, component := drawNaming(t), drawComponent(t, "component")
		// The year 0 of a shifted first day would be the only thing out of order.
		seconds := rapid.Int64Range(100_000, 9_000_000_000)
		a, b := seconds.Draw(t, "a"), seconds.Draw(t, "b")
		ka, kb := n.Key(component, a*int64(time.Second)), n.Key(component, b*int64(time.Second))
		if (a < b) != (ka < kb) || (a == b) != (ka == kb) {
			t.Fatalf("%d %q, %d %q", a, ka, b, kb)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("in/pump-20210520113000.csv", "-", "yyyyMMddHHmmss", 330)
	f.Add("in/pump 2021-05-20-11-30-00.csv", " ", "yyyy-MM-dd-HH-mm-ss", -720)
	f.Add("in/pump1699999800.csv", "", "EPOCH", 0)
	f.Add("in/-.csv", "-", "", 840)
	f.Fuzz(func(t *testing.T, key, delimiter, format string, minutes int) {
		n := Naming{Prefix: "in/", Delimiter: delimiter, Format: Format(format), Offset: time.Duration(minutes%1440) * time.Minute}
		if n.Format != "" && !slices.Contains(formats(), n.Format) {
			return
		}
		component, start, err := n.Parse(key, nil)
		if err != nil {
			if !errors.Is(err, ErrNotWindow) {
				t.Fatal(err)
			}
			return
		}
		if again := n.Key(component, start); again != key {
			t.Fatalf("%q parsed as %q %d, which is %q", key, component, start, again)
		}
	})
}

func FuzzParseResultKey(f *testing.F) {
	f.Add("out/", "out/2021-08-31T12:45:00Z/results.jsonl")
	f.Add("", "2261-12-31T23:59:59Z/results.jsonl")
	f.Fuzz(func(t *testing.T, prefix, key string) {
		if start, err := ParseResultKey(prefix, key); err == nil && ResultKey(prefix, start) != key {
			t.Fatalf("%q parsed as %d", key, start)
		}
	})
}

func FuzzParseOffset(f *testing.F) {
	f.Add("+05:30")
	f.Add("-00:00")
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseOffset(s)
		if err == nil && s != "" && s != "-00:00" && FormatOffset(d) != s {
			t.Fatalf("%q read as %s", s, d)
		}
	})
}

func BenchmarkKey(b *testing.B) {
	n := Naming{Prefix: "in/", Delimiter: "_"}
	b.ReportAllocs()
	for b.Loop() {
		n.Key("pump-7", 1_700_000_000_000_000_000)
	}
}
