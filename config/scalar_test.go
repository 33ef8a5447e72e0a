package config

import (
	"encoding"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestDuration(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]time.Duration{
		"0s": 0, "0": 0, "500ms": 500 * time.Millisecond, "2s": 2 * time.Second, "30d": 720 * time.Hour, "1d12h": 36 * time.Hour,
		"1h30m": 90 * time.Minute, "none": math.MaxInt64,
	} {
		var d Duration
		if err := d.UnmarshalText([]byte(s)); err != nil || d.Duration() != want || !d.Given() || d.None() != (s == "none") {
			t.Errorf("%q: %v %v", s, d, err)
		}
	}
	for _, s := range []string{"", "3", "-1m", "1d-2h", "d", "1.5d", "70000d", "1d2d", "none ", "99999999h", "1 h"} {
		var d Duration
		if err := d.UnmarshalText([]byte(s)); err == nil {
			t.Errorf("%q read as %v", s, d)
		}
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]int64{
		"0": 0, "1024": 1024, "1kB": 1000, "1KB": 1000, "1KiB": 1024, "64MiB": 64 << 20, "5MB": 5e6, "1.5GiB": 3 << 29, "4 GiB": 4 << 30, "2TB": 2e12, "7B": 7,
	} {
		var size Size
		if err := size.UnmarshalText([]byte(s)); err != nil || size.Bytes() != want || size.Share() {
			t.Errorf("%q: %v %v", s, size, err)
		}
	}
	var share Size
	if err := share.UnmarshalText([]byte("2.5%")); err != nil || !share.Share() || share.Of(1000) != 25 {
		t.Errorf("2.5%%: %v %v", share, err)
	}
	for _, s := range []string{"", "1 gig", "-1", "1e300", "NaN", "0%", "101%", "NaN%", "%", "MiB", "5 %%"} {
		var size Size
		if err := size.UnmarshalText([]byte(s)); err == nil {
			t.Errorf("%q read as %v", s, size)
		}
	}
}

// again writes a value and reads it into to.
func again(t *rapid.T, from encoding.TextMarshaler, to encoding.TextUnmarshaler) {
	text, err := from.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	if err := to.UnmarshalText(text); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
}

func TestScalarsReadWhatTheyWrite(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := For(time.Duration(rapid.Int64Range(0, 1<<61).Draw(t, "duration")))
		var d2 Duration
		if again(t, d, &d2); d2 != d {
			t.Fatalf("%v became %v", d, d2)
		}
		s := Bytes(rapid.Int64Range(0, 1<<50).Draw(t, "size"))
		var s2 Size
		if again(t, s, &s2); s2 != s {
			t.Fatalf("%v became %v", s, s2)
		}
		o := Offset(time.Duration(rapid.IntRange(-1439, 1439).Draw(t, "offset")) * time.Minute)
		var o2 Offset
		if again(t, o, &o2); o2 != o {
			t.Fatalf("%v became %v", o, o2)
		}
	})
}

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"components", "schema", "input", "output", "upload_margin"}
	for word, want := range map[string]string{
		"component": "components", "Schema": "schema", "inptu": "input", "ouput": "output", "uploadMargin": "upload_margin", "zzz": "", "": "",
	} {
		if got, ok := Nearest(word, known); ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q %v, want %q", word, got, ok, want)
		}
	}
}

func TestComponentRules(t *testing.T) {
	t.Parallel()
	for rule, ok := range map[string]bool{
		"{folder}": true, "{file}": true, "pump-7": true, `^(?P<component>[^_]+)_`: true, `(?<component>.*)/(?<sensor>.*)`: true,
		"{name}": false, "pump 7": false, "(.*)": false, "(?P<component>": false, "(?i)x": false, "..": false,
	} {
		if _, err := componentRule(rule); (err == nil) != ok {
			t.Errorf("%q: %v", rule, err)
		}
	}
}

func TestZones(t *testing.T) {
	t.Parallel()
	for name, ok := range map[string]bool{
		"UTC": true, "Europe/Berlin": true, "+01:00": true, "-03:30": true, "Local": false, "CET/Berlin": false, "+1": false, "../../etc/passwd": false,
	} {
		if _, err := location(name); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestStampPatterns(t *testing.T) {
	t.Parallel()
	for pattern, ok := range map[string]bool{
		"auto": true, "iso": true, "epoch_ns": true, "M/d/yyyy HH:mm": true, "dd.MM.yyyy hh:mm:ss a": true, "yyyy-MM-dd'T'HH:mm:ss.SSSX": true,
		"yyyyMMddHHmmss": true, "HH:mm": false, "YYYY-mm-DD": false, "unix": false, "hh:mm dd.MM.yyyy": false,
	} {
		if err := stampForm(pattern); (err == nil) != ok {
			t.Errorf("%q: %v", pattern, err)
		}
	}
}

func FuzzSize(f *testing.F) {
	f.Add("4GiB")
	f.Add("5%")
	f.Fuzz(func(t *testing.T, s string) {
		var size, back Size
		if size.UnmarshalText([]byte(s)) != nil {
			return
		}
		if err := back.UnmarshalText([]byte(size.String())); err != nil || back != size {
			t.Fatalf("%q: %v, again %v %v", s, size, back, err)
		}
	})
}

func FuzzDuration(f *testing.F) {
	f.Add("1d12h")
	f.Add("none")
	f.Fuzz(func(t *testing.T, s string) {
		var d, back Duration
		if d.UnmarshalText([]byte(s)) != nil {
			return
		}
		if d.Duration() < 0 || strings.HasPrefix(s, "-") {
			t.Fatalf("%q is %v", s, d)
		}
		if err := back.UnmarshalText([]byte(d.String())); err != nil || back != d {
			t.Fatalf("%q: %v, again %v %v", s, d, back, err)
		}
	})
}
