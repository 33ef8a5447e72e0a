package schedule

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/zap"

	"millwright/internal/simulate"
)

// Nothing is read before there is room for it, and the room is given back.
func TestFilesWaitForRoom(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	rows := plantRows(simulate.Options{Seed: 3, Rate: time.Minute}, noon(), noon().Add(five))
	var size int64
	for _, c := range simulate.Components() {
		r.upload(rows, c, noon().UnixNano(), noon().Add(five).UnixNano())
		size += int64(len(csvOf(rows, c, noon().UnixNano(), noon().Add(five).UnixNano())))
	}
	e, f := r.at(noon()), Fence{"w", 1, 1}
	r.record.claim(e, f)
	full, asked, left := errors.New("no room"), int64(0), 0
	o := RunnerOptions{Room: func(_ context.Context, files int64) (func(), error) {
		asked = files
		if full != nil {
			return nil, full
		}
		return func() { left++ }, nil
	}}
	reads := 0
	store := fragile{r.record, r.store, func(call string) (bool, bool) {
		if call == "get" && full != nil {
			reads++
		}
		return false, false
	}}
	runner := NewRunner(r.record, models{r.model}, r.record, store, o, zap.NewNop())
	if err := runner.Run(t.Context(), e, f); !errors.Is(err, full) || reads > 0 || left > 0 {
		t.Error(err, reads, left)
	}
	full = nil
	if err := runner.Run(t.Context(), e, f); err != nil || asked < size || left != 1 {
		t.Error(err, asked, size, left)
	}
	if out := r.record.all[e.Start].out; out.Status != Success {
		t.Errorf("%+v", out)
	}
}
