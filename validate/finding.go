package validate

import (
	"errors"
	"fmt"
	"time"

	"millwright/internal/series"
)

// finish writes down what was found.
func (r *reading) finish(rep series.Report, err error) {
	f := r.out
	f.Rows, f.Used, f.Values, f.EmptyCells, f.Marked, f.Untrusted = rep.Rows, rep.Used, rep.Values, rep.Empty, rep.Marked, rep.Untrusted
	f.OutOfOrder, f.TextColumns, f.Damage, f.Notes = rep.OutOfOrder, rep.TextColumns, rep.Damage, rep.Warnings
	if rep.Used > 0 {
		f.First, f.Last = time.Unix(0, rep.First).UTC(), time.Unix(0, rep.Last).UTC()
	}
	f.IntervalSeconds = r.interval.Typical().Seconds()
	f.FaultCount, f.FaultKinds = total(rep.Bad), rep.Bad
	for _, q := range rep.Faults {
		f.Faults = append(f.Faults, Fault{q.Line, q.Column, q.Text, q.Kind, q.Reason})
	}
	text := r.naming.text(rep.TextColumns)
	f.Columns, f.Clashes = r.g.shared.columns(r.naming.columns), r.naming.clashes
	f.Dialect = r.g.shared.text(f.Dialect)
	for _, p := range r.parts {
		for _, i := range text {
			p.rows.Text(i)
		}
		f.Components = append(f.Components, p.name)
		f.Duplicates = max(f.Duplicates, p.rows.Duplicates())
		p.part.files++
		p.part.rows += p.used
	}
	r.invalid(rep)
	r.notes(rep)
	r.state(err)
	r.arrive(rep)
}

// invalid hands what the reader could not use to the sensors that it is about.
func (r *reading) invalid(rep series.Report) {
	stamps := rep.Bad[series.BadStamp] + rep.Bad[series.GapStamp] + rep.Bad[series.Ambiguous]
	for _, c := range r.naming.columns {
		n := r.bad[c.Raw]
		if c.Sensor == "" || n == 0 && (r.long || stamps == 0) {
			continue
		}
		set := r.g.part(c.Component).set
		set.Invalid(c.Sensor, n)
		if !r.long { // nobody knows which tag a row without stamp was about
			set.InvalidDates(c.Sensor, stamps)
		}
	}
}

func (r *reading) notes(rep series.Report) {
	note := func(n int64, format string, args ...any) {
		if n > 0 {
			r.out.Notes = append(r.out.Notes, fmt.Sprintf(format, args...))
		}
	}
	dst := rep.Bad[series.GapStamp] + rep.Bad[series.Ambiguous]
	note(dst, "%s at local times that a change of clocks skips or repeats: write timestamps in UTC, or with their offset, at the source; then set csv.time_zone: UTC", plural(int(dst), "row"))
	note(int64(len(r.columns)-301), "%d columns: a model takes 300 sensors at most", len(r.columns))
	left := int64(0)
	for _, c := range r.naming.columns {
		if c.Change == noComponent {
			left++
		}
	}
	note(left, "%s left out: by the pattern in drops.component they belong to no component", plural(int(left), "column"))
}

// state decides whether the file would be taken.
func (r *reading) state(err error) {
	f := r.out
	var hopeless *series.HopelessError
	switch {
	case errors.As(err, &hopeless) && hopeless.Empty:
		f.State, f.Why = Empty, hopeless.Error()
	case errors.As(err, &hopeless):
		f.State, f.Why = Hopeless, hopeless.Error()
	case err != nil:
		f.State, f.Why = Unreadable, err.Error()
	case r.naming.refused != "":
		f.State, f.Why = Refused, r.naming.refused
	case r.refused != "":
		f.State, f.Why = Refused, r.refused
	case len(r.naming.columns) > 0 && len(r.parts) == 0:
		f.State, f.Why = Refused, "no column belongs to a component: correct the pattern in drops.component"
	}
}

// arrive puts the file's rows into the tables of its components.
func (r *reading) arrive(rep series.Report) {
	if r.g.o.Config == nil || rep.Used == 0 || r.out.State != Usable {
		return
	}
	at := time.Unix(0, rep.Last).Add(r.g.o.Arrival.After)
	if r.g.o.Arrival.ModTime {
		at = r.in.mod
	}
	at = at.Add(r.in.folder.settle)
	r.out.Arrival = at.UTC()
	came := func(int64) int64 { return at.UnixNano() }
	if r.grown(rep) {
		r.out.Grown = true
		r.out.Notes = append(r.out.Notes, fmt.Sprintf("it grew from %s to %s: each row is taken to have come when it was due", stamp(r.born.UTC()), stamp(r.in.mod.UTC())))
		came = func(row int64) int64 { return min(at.UnixNano(), row+int64(r.in.folder.settle)) }
	}
	for _, p := range r.parts {
		for _, c := range p.counts {
			c.arrive(came, float64(r.in.size)/float64(rep.Used))
		}
	}
}

func total(bad map[series.FaultKind]int64) int64 {
	n := int64(0)
	for _, k := range bad {
		n += k
	}
	return n
}
