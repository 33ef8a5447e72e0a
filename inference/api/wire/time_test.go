package wire_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"millwright/inference/api/wire"
)

func TestTimesAreSecondsWithMilliseconds(t *testing.T) {
	t.Parallel()
	for ms, want := range map[int64]string{
		0: "0", 1767614400000: "1767614400", 1767614400125: "1767614400.125", -1500: "-1.5", 1: "0.001", 253402300799000: "253402300799",
	} {
		text, err := json.Marshal(wire.At(time.UnixMilli(ms)))
		if err != nil || string(text) != want {
			t.Errorf("%d is %s, not %s: %v", ms, text, want, err)
		}
	}
	none := struct {
		At    wire.Time `json:"At,omitzero"`
		Other wire.Time
	}{At: wire.At(time.Time{})}
	if text, err := json.Marshal(none); err != nil || string(text) != `{"Other":null}` {
		t.Errorf("%s %v", text, err)
	}
	for _, text := range []string{`"2026-01-05"`, "1e15", "-1e15", "true"} {
		var at wire.Time
		if err := json.Unmarshal([]byte(text), &at); err == nil {
			t.Errorf("%s read as %s", text, at)
		}
	}
}

func TestTheLastSecondHasAllItsMilliseconds(t *testing.T) {
	t.Parallel()
	for s, want := range map[float64]bool{253402300799: true, 253402300799.001: true, 253402300799.999: true, 253402300800: false, -62135596800: false, -62135596799.999: true} {
		at, ok := wire.Seconds(s)
		if ok != want || ok && at.UnixMilli() != int64(math.Round(s*1000)) {
			t.Errorf("%f: %s %t", s, at, ok)
		}
	}
}

func TestTimesReadWhatTheyWrite(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := wire.At(time.UnixMicro(rapid.Int64Range(-62135596799, 253402300799).Draw(t, "second")*1_000_000 + rapid.Int64Range(0, 999_999).Draw(t, "micros")))
		text, err := json.Marshal(at)
		if err != nil {
			t.Fatal(err)
		}
		var back wire.Time
		if err := json.Unmarshal(text, &back); err != nil || !back.Equal(at.Time) {
			t.Fatalf("%s became %s by way of %s: %v", at, back, text, err)
		}
	})
}
