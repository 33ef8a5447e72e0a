package files

import (
	"context"
	"math"
	"strings"

	"millwright/inference/detect/frame"
	"millwright/internal/series"
)

// look goes through a file for what later passes have to know: its sensors, its oldest
// row, whether its rows are in order, and what of it cannot be used.
func (s *Source) look(ctx context.Context, p *part) error {
	file, r, err := s.open(p)
	if err != nil {
		return err
	}
	defer file.Close()
	defer r.Close()
	p.first, p.last = math.MaxInt64, math.MinInt64
	if info, err := file.Stat(); err == nil {
		p.size = info.Size()
	}
	p.packed = strings.HasSuffix(strings.ToLower(p.Path), ".gz")
	rs := s.resampler(func(int64, []float64) error { p.bins++; return nil })
	var columns []int
	err = series.Each(ctx, r, func(b *series.Batch) error {
		if s.o.Codes == nil {
			columns = s.gather(b, p, r.Names(), columns)
		}
		s.days.add(b.Times)
		for _, t := range b.Times {
			p.first, p.last = min(p.first, t), max(p.last, t)
		}
		if rs.Report().TooLate > 0 {
			return nil
		}
		return rs.Add(b)
	})
	if err == nil {
		err = rs.Close()
	}
	if err != nil {
		return err
	}
	p.disorder = rs.Report().TooLate > 0
	s.learn(p, r.Names())
	s.tell(p, r.Report(), rs.Report())
	return nil
}

// learn takes in a file's sensors.
func (s *Source) learn(p *part, raw []string) {
	names, clashes := series.MapNames(raw, nil)
	for _, c := range clashes {
		s.note(p, "%v left out: %s", c.Raw, c.Reason)
	}
	s.rename(p, raw, names)
	s.know(p, raw)
}

// know gives a file's sensors their columns.
func (s *Source) know(p *part, raw []string) {
	names, _ := series.MapNames(raw, nil)
	for _, n := range names {
		name := frame.Name{Component: p.Component, Sensor: n}
		if _, known := s.at[name]; n != "" && !known && s.o.Columns == nil {
			s.at[name] = len(s.names)
			s.names = append(s.names, name)
		}
		s.found[name] = true
	}
}

// tell notes what of a file cannot be used, or not as it stands.
func (s *Source) tell(p *part, read series.Report, resampled series.ResampleReport) {
	for _, w := range read.Warnings {
		s.note(p, "%s", w)
	}
	var bad int64
	for _, n := range read.Bad {
		bad += n
	}
	if bad > 0 && len(read.Faults) > 0 {
		f := read.Faults[0]
		s.note(p, "%d rows or cells cannot be used, the first on line %d: %s: %q", bad, f.Line, f.Reason, f.Text)
	}
	if len(read.TextColumns) > 0 && s.o.Columns == nil {
		s.note(p, "columns that hold text are no sensors: %s", Few(read.TextColumns))
	}
	if read.Damage != "" {
		s.cutOff = true
		s.note(p, "%s", read.Damage)
	}
	if n := resampled.Repeats.Differing; n > 0 && !p.disorder {
		s.note(p, "%d values differ from an earlier one of the same timestamp and sensor, which is used", n)
	}
	if p.disorder {
		s.note(p, "its rows are far out of order, so they are sorted")
	}
}
