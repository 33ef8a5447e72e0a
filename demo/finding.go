//go:build !agent

package demo

import (
	"context"
	"fmt"
	"math"
	"time"

	"millwright/internal/event"
	"millwright/internal/resultline"
	"millwright/internal/window"
)

// Finding is what came of a play. Its times are the plant's.
type Finding struct {
	Event    string             `json:"event"` // its id
	FirstRow time.Time          `json:"first_anomalous_row"`
	Found    time.Time          `json:"found"` // when the agent had the result
	Wears    time.Time          `json:"wear_begins"`
	Fails    time.Time          `json:"bearing_fails"`
	Lead     float64            `json:"hours_before_failure"` // from Found to Fails
	Peak     float64            `json:"peak_score"`
	Sensors  []resultline.Share `json:"sensors"`        // those to blame, the first to blame most
	Took     float64            `json:"found_after_s"`  // real seconds since the start
	Recorded int                `json:"service_events"` // that the service lists for the same time

	FalseAlarms   int `json:"false_alarms"` // events that began before the wear
	Windows       int `json:"windows_scored"`
	WithoutResult int `json:"windows_without_result"`

	Dir    string `json:"dir"`
	Config string `json:"config"` // of the agent
}

// found makes a finding of an event that came to be with a window's result.
func (s *stage) found(e event.Event, o window.Outcome) *Finding {
	f := &Finding{
		Event: e.ID, Found: o.At.UTC(), Wears: s.wears, Fails: s.fails, Lead: math.Round(s.fails.Sub(o.At).Hours()*10) / 10,
		Took: math.Round(time.Since(s.started).Seconds()*10) / 10, Dir: s.o.Dir, Config: s.config,
	}
	f.update(e)
	return f
}

// update takes what the event has grown to.
func (f *Finding) update(e event.Event) {
	d := e.Document()
	f.FirstRow, f.Peak, f.Sensors = d.Start, d.Peak, d.Top
}

// recorded asks the service for its own record of the event, by its API. That comes
// after the result: the agent may be the first to know.
func (s *stage) recorded(ctx context.Context, f *Finding) error {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		n, err := s.listed(ctx, f)
		if err != nil {
			return err
		}
		if f.Recorded = n; n > 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the agent has an event from %s on that the service does not list", f.FirstRow.Format(time.RFC3339))
		case <-tick.C:
		}
	}
}

func (s *stage) listed(ctx context.Context, f *Finding) (n int, err error) {
	var list struct {
		InferenceEventSummaries []struct{ EventStartTime float64 }
	}
	in := m{"InferenceSchedulerName": name, "IntervalStartTime": f.FirstRow.Unix(), "IntervalEndTime": s.fails.Unix()}
	if err := s.call(ctx, "ListInferenceEvents", in, &list); err != nil {
		return 0, err
	}
	for _, e := range list.InferenceEventSummaries {
		if int64(math.Round(e.EventStartTime)) == f.FirstRow.Unix() {
			n++
		}
	}
	return n, nil
}
