package event

import (
	"cmp"
	"slices"
	"time"

	"millwright/internal/resultline"
)

// reference gives the events of rows with the whole list at hand: it goes by
// pairs of anomalous rows and asks of what lies between them whether they are one.
func reference(rule Rule, all []resultline.Row) []Event {
	var rows []resultline.Row // as if the old ones had never come
	for _, r := range all {
		if len(rows) == 0 || r.Time > rows[len(rows)-1].Time {
			rows = append(rows, r)
		}
	}
	var events []Event
	for i := 0; i < len(rows); i++ {
		if !rows[i].Anomalous() {
			continue
		}
		members := []resultline.Row{rows[i]}
		last, end := i, Open
		for j := i + 1; j < len(rows); j++ {
			if end = between(rule, rows[last:j+1]); end != Open {
				break
			}
			if rows[j].Anomalous() {
				members = append(members, rows[j])
				last = j
			}
		}
		events = append(events, describe(members, end))
		i = last
	}
	return events
}

// between says how an event that had its last anomalous row at the first of rows
// stands at the last of them.
func between(rule Rule, rows []resultline.Row) State {
	normal := time.Duration(0)
	for i := 1; i < len(rows); i++ {
		since := time.Duration(rows[i].Time - rows[i-1].Time)
		if since > rule.Gap {
			return Unknown
		}
		if rows[i].Reason == resultline.NoAnomalyDetected {
			if rule.Step > 0 {
				since = min(since, rule.Step)
			}
			normal += since
		}
		if normal >= rule.Close {
			return Closed
		}
	}
	return Open
}

func describe(members []resultline.Row, end State) Event {
	first := members[0]
	e := Event{Start: first.Time, End: members[len(members)-1].Time, PeakAt: first.Time, Rows: len(members), State: end}
	e.ID = time.Unix(0, e.Start).UTC().Format("20060102T150405Z")
	sums, shared := map[string]float64{}, 0
	for _, r := range members {
		if r.HasScore && r.Score > e.Peak {
			e.Peak, e.PeakAt = r.Score, r.Time
		}
		if len(r.Diagnostics) > 0 {
			shared++
		}
		for _, d := range r.Diagnostics {
			sums[d.Name] += d.Value
		}
	}
	for name, sum := range sums {
		e.Top = append(e.Top, resultline.Share{Name: name, Value: sum / float64(shared)})
	}
	slices.SortFunc(e.Top, func(a, b resultline.Share) int {
		return cmp.Or(-cmp.Compare(a.Value, b.Value), cmp.Compare(a.Name, b.Name))
	})
	return e
}
