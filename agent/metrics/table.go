package metrics

import (
	"math"
	"slices"
	"sort"

	"millwright/agent/status"
	"millwright/internal/event"
	"millwright/internal/window"
)

// Table is all metrics there are, ordered by name. Names do not change.
func Table() []*Metric {
	all := slices.Concat(pipeline(), results(), rows(), machine(), process())
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name }) // its generic sister costs the gateway's binary 23 KB
	return all
}

// gauge and counter make lines of the table; labels are named in front of what
// gives the samples. A line is a call: inlined they would be twice the code.
//
//go:noinline
func gauge(name, help string, labels []string, samples func(*status.Snapshot, add)) *Metric {
	return &Metric{Name: name, Kind: Gauge, Help: help, Labels: labels, samples: samples}
}

// lasting is a counter that is a sum in the ledger.
//
//go:noinline
func lasting(name, help string, labels []string, samples func(*status.Snapshot, add)) *Metric {
	return &Metric{Name: name, Kind: Counter, Help: help, Labels: labels, Keeps: true, samples: samples}
}

// counter is one that begins with the process.
//
//go:noinline
func counter(name, help string, labels []string, samples func(*status.Snapshot, add)) *Metric {
	return &Metric{Name: name, Kind: Counter, Help: help, Labels: labels, samples: samples}
}

func scheduler() []string { return []string{"scheduler"} }
func component() []string { return []string{"scheduler", "component"} }

// schedulers gives a sample for each scheduler.
//
//go:noinline
func schedulers(value func(*status.Scheduler) float64) func(*status.Snapshot, add) {
	return func(s *status.Snapshot, add add) {
		for i := range s.Schedulers {
			add(value(&s.Schedulers[i]), s.Schedulers[i].Name)
		}
	}
}

// components gives a sample for each component of each scheduler.
//
//go:noinline
func components(value func(*status.Component) float64) func(*status.Snapshot, add) {
	return func(s *status.Snapshot, add add) {
		for i := range s.Schedulers {
			for k := range s.Schedulers[i].Components {
				c := &s.Schedulers[i].Components[k]
				add(value(c), s.Schedulers[i].Name, c.Name)
			}
		}
	}
}

// one gives a single sample.
//
//go:noinline
func one(value func(*status.Snapshot) float64) func(*status.Snapshot, add) {
	return func(s *status.Snapshot, add add) { add(value(s)) }
}

func pipeline() []*Metric {
	return []*Metric{
		gauge("millwright_last_drop_timestamp_seconds", "When the newest rows of the scheduler's components were taken out of a drop folder.", scheduler(),
			schedulers(func(s *status.Scheduler) float64 { return seconds(s.LastDrop) })),
		gauge("millwright_last_row_timestamp_seconds", "Newest timestamp among the component's rows.", component(),
			components(func(c *status.Component) float64 { return seconds(c.LastRow) })),
		gauge("millwright_last_window_timestamp_seconds", "Start of the newest window that all components have in the bucket.", scheduler(),
			schedulers(func(s *status.Scheduler) float64 { return seconds(s.LastWindow) })),
		gauge("millwright_last_upload_timestamp_seconds", "When the newest window was verified in the bucket.", scheduler(),
			schedulers(func(s *status.Scheduler) float64 { return seconds(s.LastUpload) })),
		gauge("millwright_next_wakeup_timestamp_seconds", "When the scheduler wakes up next.", scheduler(),
			schedulers(func(s *status.Scheduler) float64 { return seconds(s.NextWake) })),
		gauge("millwright_upload_frequency_seconds", "Length of the scheduler's windows.", scheduler(),
			schedulers(func(s *status.Scheduler) float64 { return float64(s.Frequency) })),
		gauge("millwright_delay_offset_seconds", "From a window's end to the scheduler's wake-up.", scheduler(),
			schedulers(func(s *status.Scheduler) float64 { return float64(s.Delay) })),
		gauge("millwright_backlog_windows", "Windows that are sealed and not yet known to be in the bucket.", component(),
			components(func(c *status.Component) float64 { return float64(c.Backlog) })),
		gauge("millwright_backlog_bytes", "Size of the windows that are not yet in the bucket.", component(),
			components(func(c *status.Component) float64 { return float64(c.BacklogBytes) })),
		gauge("millwright_backlog_oldest_timestamp_seconds", "Start of the oldest window that is not yet in the bucket; absent while none waits.", component(),
			components(func(c *status.Component) float64 { return seconds(c.Oldest) })),
		gauge("millwright_windows", "Windows still being worked on that are not as they should be: overdue (sealed after the wake-up), silent (no file), held_only (held values only), unverified (the bucket forbids the check).",
			append(component(), "condition"), conditions),
		lasting("millwright_late_rows_total", "Rows that came after their window's cut-off and are in late/.", component(),
			components(func(c *status.Component) float64 { return float64(c.LateRows) })),
		lasting("millwright_repeated_values_total", "Values that lost against another one of the same timestamp and sensor and are in repeats/.", component(),
			components(func(c *status.Component) float64 { return float64(c.Repeated) })),
	}
}

func conditions(s *status.Snapshot, add add) {
	for _, sc := range s.Schedulers {
		for _, c := range sc.Components {
			add(float64(c.Overdue), sc.Name, c.Name, "overdue")
			add(float64(c.Silent), sc.Name, c.Name, "silent")
			add(float64(c.HeldOnly), sc.Name, c.Name, "held_only")
			add(float64(c.Unverified), sc.Name, c.Name, "unverified")
		}
	}
}

func results() []*Metric {
	return []*Metric{
		gauge("millwright_last_result_timestamp_seconds", "When the result of the newest scored window came to the site.", scheduler(),
			schedulers(func(s *status.Scheduler) float64 { return seconds(s.LastResult) })),
		gauge("millwright_outcomes", "Windows of the last 24 hours by what became of their run: awaited, delivered, missing, failed, unscored.", append(scheduler(), "scoring"), outcomes),
		gauge("millwright_windows_without_result", "Newest windows in a row whose result is missing or whose run failed.", scheduler(),
			schedulers(func(s *status.Scheduler) float64 { return float64(s.Unscored) })),
		gauge("millwright_anomaly_score", "Highest anomaly score in the newest scored window, 0 to 1; above 0.5 is anomalous. Absent while the machine is off.", scheduler(),
			schedulers(newestScore)),
		gauge("millwright_events_open", "Anomalous events that have not ended.", scheduler(),
			schedulers(func(s *status.Scheduler) float64 { return truth(s.Latest != nil && s.Latest.State == event.Open) })),
		gauge("millwright_events", "Anomalous events that touch the last 24 hours.", scheduler(),
			schedulers(func(s *status.Scheduler) float64 { return float64(len(s.Events)) })),
		gauge("millwright_sink_waiting_messages", "Messages that the sink has not got yet.", sink(),
			sinks(func(k *status.Sink) float64 { return float64(k.Waiting) })),
		gauge("millwright_sink_oldest_waiting_timestamp_seconds", "When the oldest message that waits for the sink was made; absent while none waits.", sink(),
			sinks(func(k *status.Sink) float64 { return seconds(k.Oldest) })),
		gauge("millwright_sink_failing", "1 while nothing goes out to the sink.", sink(),
			sinks(func(k *status.Sink) float64 { return truth(k.Error != "") })),
		counter("millwright_sink_sent_messages_total", "Messages that the sink has got.", sink(),
			sinks(func(k *status.Sink) float64 { return float64(k.Sent) })),
		gauge("millwright_sink_set_aside_messages", "Messages that the sink refuses and that are in quarantine.", sink(),
			sinks(func(k *status.Sink) float64 { return float64(k.SetAside) })),
	}
}

func outcomes(s *status.Snapshot, add add) {
	for _, sc := range s.Schedulers {
		for _, state := range []window.Scoring{window.Awaited, window.Delivered, window.Missing, window.Failed, window.Unscored} {
			add(float64(sc.Outcomes[state]), sc.Name, string(state))
		}
	}
}

func newestScore(s *status.Scheduler) float64 {
	if n := len(s.Scores); n > 0 && s.Scores[n-1].Peak != nil {
		return *s.Scores[n-1].Peak
	}
	return math.NaN()
}

func sink() []string { return []string{"sink"} }

func sinks(value func(*status.Sink) float64) func(*status.Snapshot, add) {
	return live(func(l *status.Live, add add) {
		for i := range l.Sinks {
			add(value(&l.Sinks[i]), l.Sinks[i].Name)
		}
	})
}
