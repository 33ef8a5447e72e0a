package jobs

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"millwright/inference/detect/frame"
	"millwright/inference/lake"
	"millwright/inference/store"
)

func TestRateIsNotFinerThanTheData(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	object := func(rows int64, step time.Duration) store.Object {
		return store.Object{DataStart: at, DataEnd: at.Add(time.Duration(rows-1) * step), Rows: rows}
	}
	for _, c := range []struct {
		text    string
		objects []store.Object
		want    time.Duration
	}{
		{"PT10M", []store.Object{object(100, time.Second)}, 10 * time.Minute},
		{"", []store.Object{object(100, time.Second), object(10, time.Hour)}, time.Second},
		{"", []store.Object{object(280, 5*time.Minute)}, 5 * time.Minute},
		{"", []store.Object{object(3, 12*time.Hour)}, time.Hour},
		{"", nil, time.Hour},
	} {
		if got, err := rateOf(c.text, c.objects); err != nil || got != c.want {
			t.Errorf("%q: %v %v, want %v", c.text, got, err, c.want)
		}
	}
	if _, err := rateOf("PT7M", nil); err == nil {
		t.Error("PT7M")
	}
}

func TestOnlyWhatStaysWrongEndsWork(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err         error
		first, last bool
	}{
		{nil, false, false},
		{fmt.Errorf("x: %w", never("no")), true, true},
		{&lake.RefuseError{Reason: "no"}, true, true},
		{&lake.ChangedError{Key: "k"}, true, true},
		{errors.New("connection lost"), false, true},
		{fmt.Errorf("x: %w", context.Canceled), false, false},
		{fmt.Errorf("x: %w", store.ErrFenced), false, false},
	} {
		if _, got := whyNot(c.err, false); got != c.first {
			t.Errorf("%v: %v", c.err, got)
		}
		if _, got := whyNot(c.err, true); got != c.last {
			t.Errorf("%v on the last attempt: %v", c.err, got)
		}
	}
}

func TestAPoliteSourceLeavesTheEvaluationOutAndSaysWhoseErrorItWas(t *testing.T) {
	t.Parallel()
	f := &frame.Frame{Columns: []frame.Name{{Component: "c", Sensor: "s"}}}
	for i := range 3000 {
		f.Append(int64(i), []float64{1})
	}
	g := newGate()
	s := &polite{Source: f, without: frame.Range{Start: 10, End: 19}, gate: g}
	leave := g.enter()
	time.AfterFunc(20*time.Millisecond, leave)
	e, err := measure(t.Context(), s)
	if err != nil || e.rows != 2990 || e.start != 0 || e.end != 2999 {
		t.Error(e, err)
	}
	own := errors.New("own")
	if err := s.Each(t.Context(), func(int64, []float64) error { return own }); !errors.Is(err, own) || s.err != nil {
		t.Error(err, s.err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Each(ctx, func(int64, []float64) error { return nil }); err == nil || s.err == nil {
		t.Error("the reading's own error is not told:", err)
	}
}
