package config

import (
	"encoding"
	"testing"
	"time"

	"pgregory.net/rapid"
)

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
		o := Offset(time.Duration(rapid.IntRange(-1439, 1439).Draw(t, "offset")) * time.Minute)
		var o2 Offset
		if again(t, o, &o2); o2 != o {
			t.Fatalf("%v became %v", o, o2)
		}
	})
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
