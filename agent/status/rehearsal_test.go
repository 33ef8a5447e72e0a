package status

import (
	"testing"
	"time"

	"millwright/internal/ledger"
)

func TestRehearsalIsReadBackFromItsNotice(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	for _, pace := range []float64{1, 60, 0.5, 1e6} {
		want := Rehearsal{From: time.Date(2026, 1, 5, 8, 0, 0, 1, time.UTC), Pace: pace, Began: began}
		got, ok := Rehearsed([]ledger.Notice{{Scope: "disk", Code: "full"}, want.Notice()})
		if !ok || got != want {
			t.Errorf("%+v %t", got, ok)
		}
		if at := got.At(began.Add(time.Second)); !at.Equal(want.From.Add(time.Duration(pace * float64(time.Second)))) {
			t.Errorf("after a second it is %s", at)
		}
	}
	for _, text := range []string{"", "@60", "2026-01-05T08:00:00Z@", "2026-01-05T08:00:00Z@x"} {
		if r, ok := Rehearsed([]ledger.Notice{{Scope: ClockScope, Code: ClockRehearsed, Text: text}}); ok {
			t.Errorf("%q is %+v", text, r)
		}
	}
}
