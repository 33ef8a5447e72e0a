package validate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"millwright/config"
	"millwright/internal/diskspace"
	"millwright/internal/window"
)

// cures finds, for every frequency from the present one on, the smallest delay
// offset with which everything that came would be in time.
func (p *plan) cures() []Cure {
	cures := []Cure{}
	for _, f := range window.Frequencies() {
		if f < p.cadence.Frequency || f%p.cadence.Rate != 0 {
			continue
		}
		offset, ok := config.SafeOffset(p.latest(f), p.cadence.Margin)
		if ok {
			cures = append(cures, Cure{Frequency: window.FormatDuration(f), Offset: int(offset / time.Minute)})
		}
	}
	return cures
}

// latest is how long after its window's end a row comes at the latest, if windows
// have the length f.
func (p *plan) latest(f time.Duration) time.Duration {
	longest := time.Duration(0)
	for _, c := range p.parts {
		for start, s := range c.table.slots {
			end := floor(start, int64(f)) + int64(f)
			longest = max(longest, time.Duration(s.arrivals[len(s.arrivals)-1].at-end))
		}
	}
	return longest
}

// advice says in words what can be done.
func (p *plan) advice(s *Scheduler) []string {
	var advice []string
	if s.Verdicts[Late]+s.Verdicts[PartlyLate] > 0 {
		advice = append(advice, p.lateness(s.Cures))
	}
	if s.Verdicts[Missing] > 0 {
		advice = append(advice, "missing: a component without a file fails the whole run; "+p.silent())
	}
	return advice
}

func (p *plan) lateness(cures []Cure) string {
	worst := p.latest(p.cadence.Frequency).Round(time.Second)
	begin := fmt.Sprintf("late: rows come up to %s after their window's end", worst)
	present := window.FormatDuration(p.cadence.Frequency)
	if len(cures) == 0 {
		return begin + ": no offset up to 60 minutes and no frequency makes up for that; export more often, or look at the files that came last"
	}
	texts := []string{}
	if cures[0].Frequency == present {
		texts = append(texts, fmt.Sprintf("data_delay_offset_in_minutes: %d", cures[0].Offset))
		cures = cures[1:]
	}
	// A longer window is worth it when its run then comes soon after it.
	soon := slices.IndexFunc(cures, func(c Cure) bool { return c.Offset <= 5 })
	if soon < 0 && len(texts) == 0 {
		soon = 0
	}
	if soon >= 0 {
		c := cures[soon]
		texts = append(texts, fmt.Sprintf("data_upload_frequency: %s with data_delay_offset_in_minutes: %d", c.Frequency, c.Offset))
	}
	return begin + "; cured by " + strings.Join(texts, ", or by ") + " (here and in the scheduler), or by files that are written more often"
}

// silent names components without any row.
func (p *plan) silent() string {
	var names []string
	for _, c := range p.parts {
		if len(c.slots) == 0 {
			names = append(names, c.name)
		}
	}
	if len(names) == 0 {
		return "see that every component has rows in every window"
	}
	return "no file has rows for " + few(names)
}

// warnings hold what the service would be given against its limits.
func (p *plan) warnings(parts map[string]*part) []string {
	var out []string
	warn := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	limit := window.LimitOf(p.cadence.Frequency)
	rows := int(p.cadence.Frequency / p.cadence.Rate)
	if rows > limit.Rows {
		warn("a window has %d rows, the service takes %d: choose a longer target_sampling_rate", rows, limit.Rows)
	}
	const sensorsOfModel = 300
	sensors := 0
	for i := range p.parts {
		c := &p.parts[i]
		if c.table.full {
			warn("%s: its rows are in more than %d slots of five minutes; later ones are not in the table", c.name, maxSlots)
		}
		names := p.Schema[c.name]
		if part := parts[c.name]; part != nil {
			found := part.set.Names()
			if len(names) == 0 {
				names = found
			} else if without := missing(names, found); len(without) > 0 {
				warn("%s: no file has the schema's %s: these columns stay empty", c.name, few(without))
			}
		}
		sensors += len(names)
		const stampBytes, cellBytes = len("2006-01-02T15:04:05.000000\n"), len(",-0.1234567890123456")
		if size := int64(rows * (stampBytes + cellBytes*len(names))); size > limit.Bytes {
			warn("%s: a window of %d sensors and %d rows has up to %s, the service takes %s: choose a longer target_sampling_rate or fewer sensors",
				c.name, len(names), rows, diskspace.Decimal(size), diskspace.Decimal(limit.Bytes))
		}
		if text := p.raw(c, limit); text != "" {
			warn("%s", text)
		}
	}
	if sensors > sensorsOfModel {
		warn("the components have %d sensors together, a model takes %d: list the ones it has in schema", sensors, sensorsOfModel)
	}
	return out
}

// raw says where the files as they are would be too much for a run.
func (p *plan) raw(c *planned, limit window.Limit) string {
	var files, size, rows float64
	f := int64(p.cadence.Frequency)
	for i := 0; i < len(c.slots); {
		start := floor(c.slots[i], f)
		var nf, nb, nr float64
		for first := true; i < len(c.slots) && c.slots[i] < start+f; i++ {
			s := c.table.slots[c.slots[i]]
			if nf += float64(s.begins); first {
				nf += float64(s.continues)
			}
			first = false
			nb += s.bytes
			for _, a := range s.arrivals {
				nr += float64(a.rows)
			}
		}
		files, size, rows = max(files, nf), max(size, nb), max(rows, nr)
	}
	var over []string
	if files > window.MaxFiles {
		over = append(over, fmt.Sprintf("%.0f files (limit %d)", files, window.MaxFiles))
	}
	if size > float64(limit.Bytes) {
		over = append(over, fmt.Sprintf("%s (limit %s)", diskspace.Decimal(int64(size)), diskspace.Decimal(limit.Bytes)))
	}
	if rows > float64(limit.Rows) {
		over = append(over, fmt.Sprintf("%.0f rows (limit %d)", rows, limit.Rows))
	}
	if len(over) == 0 {
		return ""
	}
	return fmt.Sprintf("%s: the files as they are have up to %s in a window: they cannot be uploaded themselves; the agent makes one file of %d rows of them",
		c.name, strings.Join(over, ", "), p.cadence.Frequency/p.cadence.Rate)
}

func missing(want, have []string) []string {
	var out []string
	for _, w := range want {
		if !slices.Contains(have, w) {
			out = append(out, w)
		}
	}
	return out
}

// few writes down the first of many names.
func few(names []string) string {
	const some = 6
	if len(names) > some {
		return strings.Join(names[:some], ", ") + fmt.Sprintf(" and %d more", len(names)-some)
	}
	return strings.Join(names, ", ")
}
