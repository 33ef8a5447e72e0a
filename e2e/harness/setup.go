package harness

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"millwright/e2e/oracle"
)

// Setup is an agent's configuration, made from the same scheduler that the oracle
// applies.
type Setup struct {
	Endpoint  string
	Bucket    string
	Scheduler oracle.Scheduler
	More      []oracle.Scheduler // beside it, with other prefixes
	Settle    time.Duration      // of the drop folder; 0: 50 ms
	Drops     map[string]any     // more keys of the drop folder
	Top       map[string]any     // more keys at the top
	Results   map[string]any     // how results are waited for
}

// file gives the configuration as JSON, which is YAML too.
func (s Setup) file(a *Agent) ([]byte, error) {
	settle := s.Settle
	if settle == 0 {
		settle = 50 * time.Millisecond
	}
	drop := map[string]any{
		"path":     a.Drops(),
		"complete": map[string]any{"rule": "settle", "settle": settle.String()},
		"after":    "keep",
	}
	for k, v := range s.Drops {
		drop[k] = v
	}
	top := map[string]any{
		"instance":  "e2e",
		"state_dir": a.State(),
		"log":       map[string]any{"level": "info", "format": "json"},
		"s3":        map[string]any{"region": Region, "endpoint": s.Endpoint, "path_style": true},
		"drops":     []any{drop},
	}
	schedulers := []any{s.scheduler("s", s.Scheduler)}
	for i, more := range s.More {
		schedulers = append(schedulers, s.scheduler(fmt.Sprintf("s%d", i+2), more))
	}
	top["schedulers"] = schedulers
	limits := map[string]any{"free": "64MiB"} // whatever share of its disk this machine has left
	for k, v := range s.Top {
		top[k] = v
	}
	if more, ok := s.Top["limits"].(map[string]any); ok {
		maps.Copy(limits, more)
	}
	top["limits"] = limits
	return json.MarshalIndent(top, "", "  ")
}

func (s Setup) scheduler(name string, o oracle.Scheduler) map[string]any {
	input := map[string]any{
		"bucket": s.Bucket, "prefix": o.Prefix, "component_timestamp_delimiter": o.Delimiter,
		"input_time_zone_offset": offset(o.Offset),
	}
	if o.Format != "" {
		input["timestamp_format"] = o.Format
	}
	resample := treatment(o.Default)
	if o.LabelStart {
		resample["label"] = "start"
	}
	sensors := map[string]any{}
	for name, t := range o.Sensors {
		sensors[name] = treatment(t)
	}
	if len(sensors) > 0 {
		resample["sensors"] = sensors
	}
	late := map[string]any{"require_real_rows": o.RealRows}
	if o.LastWins {
		late["on_conflict"] = "last"
	}
	if o.Overdue > 0 {
		late["overdue_max"] = o.Overdue.String()
	}
	if o.MaxAhead > 0 {
		late["max_ahead"] = o.MaxAhead.String()
	}
	sched := map[string]any{
		"name": name, "components": o.Components,
		"data_upload_frequency":        iso(o.Frequency),
		"data_delay_offset_in_minutes": int(o.Delay / time.Minute),
		"upload_margin":                o.Margin.String(),
		"target_sampling_rate":         iso(o.Rate),
		"input":                        input,
		"output":                       map[string]any{"bucket": s.Bucket, "prefix": "out/" + name + "/"},
		"resample":                     resample,
		"late":                         late,
	}
	if s.Results != nil {
		sched["results"] = s.Results
	}
	if o.Schema != nil {
		sched["schema"] = o.Schema
	}
	return sched
}

func treatment(t oracle.Treatment) map[string]any {
	m := map[string]any{}
	if t.Aggregate != "" {
		m["aggregate"] = t.Aggregate
	}
	if t.NoFill {
		m["fill"] = "none"
	}
	switch {
	case t.MaxGap < 0:
		m["max_gap"] = "none"
	case t.MaxGap > 0:
		m["max_gap"] = t.MaxGap.String()
	}
	return m
}

// iso writes a duration as the API does, such as PT5M.
func iso(d time.Duration) string {
	switch {
	case d%time.Hour == 0:
		return fmt.Sprintf("PT%dH", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("PT%dM", d/time.Minute)
	default:
		return fmt.Sprintf("PT%dS", d/time.Second)
	}
}

func offset(d time.Duration) string {
	sign := "+"
	if d < 0 {
		sign, d = "-", -d
	}
	return fmt.Sprintf("%s%02d:%02d", sign, d/time.Hour, d%time.Hour/time.Minute)
}
