package validate

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"millwright/internal/sensorstat"
)

func (w *page) components(all []Component) {
	for _, c := range all {
		if len(c.Sensors) == 0 {
			continue
		}
		w.line("SENSORS of %s: %s, %s", c.Name, plural(c.Files, "file"), plural(int(c.Rows), "row"))
		w.line("  %-6s %-36s %10s %10s %10s", "GRADE", "SENSOR", "VALUES", "MIN", "MAX")
		for i, s := range c.Sensors {
			if i == manySensors {
				w.line("  and %d more (see --json)", len(c.Sensors)-i)
				break
			}
			w.sensor(s)
		}
		w.line("")
	}
}

// manySensors is how many sensors of a component people read.
const manySensors = 60

func (w *page) sensor(s sensorstat.Statistics) {
	lo, hi := "-", "-"
	if s.DataExists {
		lo, hi = number(s.Min), number(s.Max)
	}
	w.line("  %-6s %-36s %10d %10s %10s", s.Grade, tail(s.Sensor, 36), s.Values, lo, hi)
	if len(s.Reasons) > 0 {
		w.wrapped("         ", strings.Join(s.Reasons, "; "))
	}
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', 5, 64) }

func (w *page) scheduler(s *Scheduler) {
	w.line("WAKE-UPS of %s: every %s, offset %d min, rate %s", s.Name, s.Frequency, s.Offset, s.Rate)
	if s.Windows == 0 {
		w.line("  no file has rows for it")
		w.line("")
		return
	}
	var counts []string
	for _, v := range []Verdict{Missing, Late, PartlyLate, HeldOnly, InTime} {
		if n := s.Verdicts[v]; n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, v))
		}
	}
	w.line("  %s: %s", plural(s.Windows, "window"), strings.Join(counts, ", "))
	if s.Fails > 0 {
		fail := "FAIL"
		if s.Fails == 1 {
			fail = "FAILS"
		}
		w.line("  %s %s as a whole: a component has no file at the wake-up", plural(s.Fails, "run"), fail)
	}
	if p := s.pattern(); len(s.Ranges) > manyRanges && p != "" {
		w.wrapped("  in every hour: ", p)
	} else {
		w.ranges(s.Ranges)
	}
	for _, a := range s.Advice {
		w.wrapped("  ", a)
	}
	for _, a := range s.Warnings {
		w.wrapped("  warning: ", a)
	}
	w.line("")
}

// manyRanges is how many ranges of windows people read.
const manyRanges = 16

func (w *page) ranges(all []Range) {
	w.line("  %-11s %7s  %-16s  %-11s %8s %8s %7s", "VERDICT", "WINDOWS", "FROM", "TO", "IN TIME", "LATE", "BY")
	order := slices.Clone(all)
	slices.SortStableFunc(order, func(a, b Range) int {
		return cmp.Or(cmp.Compare(b.Verdict.rank(), a.Verdict.rank()), a.From.Compare(b.From))
	})
	for i, r := range order {
		if i == manyRanges {
			w.line("  and %s more (see --json)", plural(len(order)-i, "range"))
			break
		}
		by := ""
		if r.LateBy > 0 {
			by = seconds(r.LateByS)
		}
		w.line("  %-11s %7d  %-16s  %-11s %8d %8d %7s", r.Verdict, r.Windows, minute(r.From), minuteAfter(r.To, r.From), r.InTime, r.Late, by)
		if len(r.Components) > 0 {
			w.wrapped("              ", few(r.Components))
		}
	}
}

// pattern tells verdicts that hang on the minute of the hour alone, as those of
// hourly files do; "" when they do not.
func (s *Scheduler) pattern() string {
	votes := map[int]map[Verdict]int{} // by minute
	for _, r := range s.Ranges {
		step := r.To.Sub(r.From) / time.Duration(r.Windows)
		if step >= time.Hour {
			return ""
		}
		for at := r.From; at.Before(r.To); at = at.Add(step) {
			m := at.Minute()
			if votes[m] == nil {
				votes[m] = map[Verdict]int{}
			}
			votes[m][r.Verdict]++
		}
	}
	var texts []string
	from, last := -1, Verdict("")
	flush := func(to int) {
		if from >= 0 {
			texts = append(texts, fmt.Sprintf("%02d to %02d %s", from, to, last))
		}
	}
	const share = 0.9
	step := 60 / max(1, len(votes))
	for m := 0; m < 60; m += step {
		all, best := 0, InTime
		for v, n := range votes[m] {
			if all += n; n > votes[m][best] {
				best = v
			}
		}
		if float64(votes[m][best]) < share*float64(all) || all < 2 {
			return ""
		}
		if best != last || from < 0 {
			flush(m)
			from, last = m, best
		}
	}
	flush(60)
	return "minutes " + strings.Join(texts, ", ")
}
