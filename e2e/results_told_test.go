package e2e

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"millwright/e2e/harness"
)

func stampOf(t time.Time) string { return t.UTC().Format("20060102T150405Z") }

// told looks at what the webhook has got: every message of the expected set, in
// order, and no other.
func (h *homecoming) told() {
	h.t.Helper()
	want := map[string]bool{}
	for _, w := range h.plant.windows {
		if state, _ := w.state(); state == "delivered" {
			want["s/"+stampOf(w.start)+"/result/1"] = true
		}
	}
	for _, m := range h.receiver.Messages("result") {
		if !want[m.ID] {
			h.t.Errorf("message %s is not expected, or came out of its turn", m.ID)
		}
		delete(want, m.ID)
	}
	if len(want) > 0 {
		h.t.Errorf("messages that did not come: %v", slices.Sorted(maps.Keys(want)))
	}
	h.raisedOnce()
	h.gapsReported()
}

// raisedOnce: an event's messages have the generations 1, 2, ... in this order,
// and the last one says how it is in the end.
func (h *homecoming) raisedOnce() {
	h.t.Helper()
	last := map[string]harness.Message{}
	for _, m := range h.receiver.Messages("event") {
		if m.ID != fmt.Sprintf("s/%s/event/%d", m.Event.ID, m.Generation) || m.Generation != last[m.Event.ID].Generation+1 {
			h.t.Errorf("message %s with generation %d follows generation %d", m.ID, m.Generation, last[m.Event.ID].Generation)
		}
		last[m.Event.ID] = m
	}
	for _, e := range h.plant.events(closeAfter) {
		m, ok := last[stampOf(e.start)]
		if !ok || m.Event.Rows != e.rows || e.state == "closed" && m.Event.State != e.state {
			h.t.Errorf("the last that was told of the event is %+v, want %+v", m, e)
		}
		delete(last, stampOf(e.start))
	}
	for id := range last {
		h.t.Errorf("the event %s was raised and is none", id)
	}
}

// gapsReported: each window without result is within an alarm, whose messages
// come in order from its raising on.
func (h *homecoming) gapsReported() {
	h.t.Helper()
	type alarm struct{ first, last time.Time }
	var alarms []alarm
	generation, open := int64(0), false
	for _, m := range h.receiver.Messages("alarm") {
		if !open {
			generation = 0
		}
		generation++
		if m.Generation != generation || open == (m.Alarm.State == "raised") {
			h.t.Errorf("alarm %s is %s, after generation %d of one that is open: %t", m.ID, m.Alarm.State, generation-1, open)
		}
		generation, open = m.Generation, m.Alarm.State != "cleared"
		first, err1 := time.Parse(time.RFC3339, m.Alarm.First)
		last, err2 := time.Parse(time.RFC3339, m.Alarm.Last)
		if err1 != nil || err2 != nil || m.Alarm.Windows < 0 || m.Alarm.Reason == "" {
			h.t.Errorf("alarm %+v", m)
		}
		alarms = append(alarms, alarm{first, last})
	}
	for _, w := range h.plant.windows {
		state, _ := w.state()
		if state == "delivered" {
			continue
		}
		if !slices.ContainsFunc(alarms, func(a alarm) bool { return !w.start.Before(a.first) && !w.start.After(a.last) }) {
			h.t.Errorf("no alarm tells of %s, which is %s", w.start, state)
		}
	}
}
