package results

import (
	"errors"
	"strings"
	"testing"
	"time"

	"millwright/internal/executions"
	"millwright/internal/outbox"
	"millwright/internal/window"
)

func TestServiceSaysWhy(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	said := &answers{list: map[int64]executions.Execution{r.start(0): {Status: executions.Failed, Reason: "Could not find data file"}}}
	r.set.Service = said
	r.restart()
	r.uploaded(0)
	r.uploaded(1)
	r.uploaded(2)
	r.put(2, r.lines(2, 0.1))
	r.until(wake + 2*time.Minute)
	if o := r.is(0, window.Failed); o.Reason != "Could not find data file" {
		t.Errorf("%+v", o)
	}
	r.until(40 * time.Minute)
	r.is(1, window.Missing)
	r.is(2, window.Delivered)
	if said.asked > 6 {
		t.Errorf("asked %d times", said.asked)
	}
	if o := r.outcome(1); !strings.Contains(o.Reason, "has no run for it") {
		t.Error(o.Reason)
	}
}

func TestServiceThatDoesNotAnswerHoldsNothingUp(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	said := &answers{err: errors.New("no such host")}
	r.set.Service = said
	r.restart()
	r.uploaded(0)
	r.until(wake + 12*time.Minute)
	r.is(0, window.Missing)
	if r.notes["pump service"] == "" {
		t.Errorf("notes: %v", r.notes)
	}
	said.err, said.list = nil, map[int64]executions.Execution{r.start(0): {Status: executions.Failed, Reason: "because"}}
	r.until(3 * time.Hour)
	if o := r.is(0, window.Failed); o.Reason != "because" {
		t.Errorf("%+v", o)
	}
	r.wantMessages(outbox.Alert, "pump/20260105T080000Z/alarm/1", "pump/20260105T080000Z/alarm/2")
}
