package config

import (
	"time"

	"millwright/internal/series"
	"millwright/internal/window"
)

// What follows gives the parts of a loaded Config in the types of the packages
// that work with them.

// Cadence is the scheduler's rhythm and grid.
func (s *Scheduler) Cadence() window.Cadence {
	label := window.LabelEnd
	if s.Resample.Label == LabelStart {
		label = window.LabelStart
	}
	return window.Cadence{
		Frequency: s.DataUploadFrequency.Duration(),
		Delay:     time.Duration(s.DataDelayOffsetInMinutes) * time.Minute,
		Margin:    s.UploadMargin.Duration(),
		Rate:      s.TargetSamplingRate.Duration(),
		Label:     label,
	}
}

// Naming is how the scheduler's input objects are called.
func (s *Scheduler) Naming() window.Naming {
	n := window.Naming{
		Prefix:    s.Input.Prefix,
		Delimiter: s.Input.ComponentTimestampDelimiter.Text(),
		Format:    window.Format(s.Input.TimestampFormat),
	}
	if n.Format != window.FormatEpoch { // seconds are never shifted
		n.Offset = s.Input.InputTimeZoneOffset.Duration()
	}
	return n
}

// Keys is everything that decides the keys of the scheduler's input objects.
func (s *Scheduler) Keys() window.Keys {
	return window.Keys{
		Bucket:     s.Input.Bucket,
		Naming:     s.Naming(),
		Frequency:  s.DataUploadFrequency.Duration(),
		Components: s.Components,
	}
}

// Grid is where the scheduler's rows lie.
func (s *Scheduler) Grid() series.Grid {
	c := s.Cadence()
	return series.Grid{Rate: c.Rate, Label: c.Label}
}

// Spec is how sensors are resampled that Specs does not name.
func (r *Resample) Spec() series.Spec { return spec(r.Aggregate, r.Fill, r.MaxGap) }

// Specs is how the sensors with settings of their own are resampled.
func (r *Resample) Specs() map[string]series.Spec {
	specs := make(map[string]series.Spec, len(r.Sensors))
	for name, s := range r.Sensors {
		specs[name] = spec(s.Aggregate, s.Fill, s.MaxGap)
	}
	return specs
}

func spec(a Aggregate, f Fill, gap Duration) series.Spec {
	s := series.Spec{Aggregate: series.Aggregate(a), Fill: series.Fill(f), MaxGap: gap.Duration()}
	if gap.Given() && s.MaxGap == 0 {
		s.Fill = series.FillNone // to the series a gap of 0 is the default's
	}
	return s
}

// Options is how the folder's files are read within the limits.
func (d *Drop) Options(l Limits) series.Options {
	c := d.CSV
	zone, _ := location(c.TimeZone) // refused by the load
	return series.Options{
		Delimiter:       string(c.Delimiter),
		Decimal:         string(c.Decimal),
		Encoding:        string(c.Encoding),
		Header:          c.Header,
		TimestampColumn: c.TimestampColumn,
		TimestampFormat: c.TimestampFormat,
		Zone:            zone,
		Layout:          series.Layout(c.Layout),
		GoodQuality:     c.GoodQuality,
		BadValues:       c.BadValues,
		MaxRow:          int(l.Row.Bytes()),
		MaxColumns:      l.Columns,
		MaxBytes:        l.File.Bytes(),
	}
}
