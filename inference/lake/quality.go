package lake

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"millwright/inference/detect/frame"
	"millwright/internal/sensorstat"
	"millwright/internal/series"
)

// Merge adds what other files hold of the same sensor.
func (s *Sensor) Merge(o *Sensor) {
	if o.Values > 0 {
		if s.Values == 0 {
			s.Min, s.Max = o.Min, o.Max
		}
		s.Min, s.Max = min(s.Min, o.Min), max(s.Max, o.Max)
	}
	s.Cells += o.Cells
	s.Values += o.Values
	s.Invalid += o.Invalid
	s.InvalidDates += o.InvalidDates
	s.Duplicates += o.Duplicates
	s.Ups += o.Ups
	s.Downs += o.Downs
	s.Runs = append(s.Runs, o.Runs...)
	slices.SortFunc(s.Runs, func(a, b Run) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.First, b.First), cmp.Compare(a.Last, b.Last))
	})
	s.Spans = union(append(s.Spans, o.Spans...))
	s.Many = s.Many || o.Many
	if s.Many {
		s.Distinct = nil
	} else if s.Distinct = append(s.Distinct, o.Distinct...); true {
		slices.Sort(s.Distinct)
		if s.Distinct = slices.Compact(s.Distinct); len(s.Distinct) > sensorstat.MaxCategories {
			s.Distinct, s.Many = nil, true
		}
	}
	s.Sample = append(s.Sample, o.Sample...)
	s.trimSample()
}

// union joins spans between which there is no large gap.
func union(spans []Span) []Span {
	slices.SortFunc(spans, func(a, b Span) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	out := spans[:0]
	for _, s := range spans {
		if n := len(out); n > 0 && s.From-out[n-1].To <= int64(sensorstat.LargeGap) {
			out[n-1].To = max(out[n-1].To, s.To)
			continue
		}
		out = append(out, s)
	}
	return out
}

// Statistics is what ListSensorStatistics tells of the sensor, and its grade.
func (s *Sensor) Statistics() sensorstat.Statistics {
	st := sensorstat.Statistics{
		Sensor: s.Name, DataExists: s.Values > 0, Cells: s.Cells, Values: s.Values,
		Invalid:      share(s.Invalid, s.Cells),
		Missing:      share(max(0, s.Cells-s.Values-s.Invalid), s.Cells),
		InvalidDates: share(s.InvalidDates, s.Cells+s.InvalidDates),
		Duplicates:   share(s.Duplicates, s.Cells),
		Reasons:      []string{}, MissingComplete: s.Values == 0,
	}
	if s.Values > 0 {
		st.Min, st.Max = s.Min, s.Max
		st.Start, st.End = time.Unix(0, s.Spans[0].From).UTC(), time.Unix(0, s.Spans[len(s.Spans)-1].To).UTC()
		st.ShortRange = st.End.Sub(st.Start) < sensorstat.ShortRange
		st.LargeGaps = len(s.Spans) - 1
		for i := range st.LargeGaps {
			st.LargestGap = max(st.LargestGap, int(time.Duration(s.Spans[i+1].From-s.Spans[i].To)/(24*time.Hour)))
		}
		st.Monotonic = s.monotonic()
		if n := len(s.Distinct); n >= 2 && s.Values >= int64(n)*sensorstat.MinCategorical {
			st.Categories = n
		} else if s.Many {
			st.SeveralModes = s.severalModes()
		}
	}
	st.Grade = grade(st)
	return st
}

// monotonic tells the direction that the values never leave. Where runs follow
// each other, the step between them counts too.
func (s *Sensor) monotonic() sensorstat.Monotonicity {
	ups, downs := s.Ups, s.Downs
	for i := 1; i < len(s.Runs); i++ {
		if a, b := s.Runs[i-1], s.Runs[i]; b.From > a.To && b.First > a.Last {
			ups++
		} else if b.From > a.To && b.First < a.Last {
			downs++
		}
	}
	steps := ups + downs
	switch {
	case s.Min == s.Max && s.Values > sensorstat.MinSteps:
		return sensorstat.Static
	case steps < sensorstat.MinSteps:
		return ""
	case float64(downs) <= sensorstat.MaxContrary*float64(steps):
		return sensorstat.Increasing
	case float64(ups) <= sensorstat.MaxContrary*float64(steps):
		return sensorstat.Decreasing
	}
	return ""
}

// severalModes asks sensorstat about the sample.
func (s *Sensor) severalModes() bool {
	times, values := make([]int64, len(s.Sample)), make([]float64, len(s.Sample))
	for i, v := range s.Sample {
		times[i], values[i] = int64(i), v.Value
	}
	if len(values) == 0 {
		return false
	}
	set := sensorstat.NewSet()
	rows := set.Rows(series.Wide)
	rows.Name([]string{s.Name})
	rows.Add(&series.Batch{Times: times, Columns: [][]float64{values}, Sorted: true})
	return set.Sensors()[0].SeveralModes
}

func grade(st sensorstat.Statistics) sensorstat.Grade {
	switch {
	case !st.DataExists || st.ShortRange || st.Monotonic != "":
		return sensorstat.Low
	case st.LargeGaps > 0 || st.SeveralModes || st.Categories > 0 || st.Missing.Count > 0 || st.Invalid.Count > 0 || st.Duplicates.Count > 0:
		return sensorstat.Medium
	}
	return sensorstat.High
}

func share(n, of int64) sensorstat.Share {
	if of == 0 {
		return sensorstat.Share{Count: n}
	}
	return sensorstat.Share{Count: n, Percentage: 100 * float64(n) / float64(of)}
}

// Quality is the data quality summary of an ingestion, in the API's words.
type Quality struct {
	InsufficientSensorData struct {
		MissingCompleteSensorData struct{ AffectedSensorCount int64 }
		SensorsWithShortDateRange struct{ AffectedSensorCount int64 }
	}
	MissingSensorData     struct{ AffectedSensorCount, TotalNumberOfMissingValues int64 }
	InvalidSensorData     struct{ AffectedSensorCount, TotalNumberOfInvalidValues int64 }
	UnsupportedTimestamps struct{ TotalNumberOfUnsupportedTimestamps int64 }
	DuplicateTimestamps   struct{ TotalNumberOfDuplicateTimestamps int64 }
}

// SensorStatistics is what is known of a sensor of a component.
type SensorStatistics struct {
	Component string
	sensorstat.Statistics
}

// Summary gathers what the files of an ingestion hold. What it says does not
// depend on their order. The zero value has seen none.
type Summary struct {
	sensors    map[frame.Name]*Sensor
	unreadable int64 // timestamps
	Rows       int64
	Start, End int64 // first and last row, Unix ns; both 0 without rows
}

func (s *Summary) sensor(name frame.Name) *Sensor {
	if s.sensors == nil {
		s.sensors = map[frame.Name]*Sensor{}
	}
	v := s.sensors[name]
	if v == nil {
		v = &Sensor{Name: name.Sensor}
		s.sensors[name] = v
	}
	return v
}

// Add takes a file.
func (s *Summary) Add(m *Manifest) {
	for _, o := range m.Sensors {
		s.sensor(frame.Name{Component: m.Component, Sensor: o.Name}).Merge(o)
	}
	s.unreadable += m.BadStamps
	for _, o := range m.Objects {
		if s.Rows == 0 {
			s.Start, s.End = math.MaxInt64, math.MinInt64
		}
		s.Start, s.End = min(s.Start, o.Start), max(s.End, o.End)
		s.Rows += o.Rows
	}
}

// Repeat adds values at stamps that several objects have: see Lake.Repeats.
func (s *Summary) Repeat(component string, values map[string]int64) {
	for sensor, n := range values {
		s.sensor(frame.Name{Component: component, Sensor: sensor}).Duplicates += n
	}
}

// Expect names sensors of the schema. Those that no file has are sensors without data.
func (s *Summary) Expect(names []frame.Name) {
	for _, n := range names {
		s.sensor(n)
	}
}

// Sensors gives the statistics of all sensors, by component and name.
func (s *Summary) Sensors() []SensorStatistics {
	names := slices.SortedFunc(maps.Keys(s.sensors), func(a, b frame.Name) int {
		return cmp.Or(cmp.Compare(a.Component, b.Component), cmp.Compare(a.Sensor, b.Sensor))
	})
	all := make([]SensorStatistics, len(names))
	for i, n := range names {
		all[i] = SensorStatistics{n.Component, s.sensors[n].Statistics()}
	}
	return all
}

// Quality sums up. A timestamp is a duplicate once for its component, however
// many sensors have a value there.
func (s *Summary) Quality() Quality {
	var q Quality
	duplicates := map[string]int64{}
	for _, st := range s.Sensors() {
		if st.MissingComplete {
			q.InsufficientSensorData.MissingCompleteSensorData.AffectedSensorCount++
		}
		if st.ShortRange {
			q.InsufficientSensorData.SensorsWithShortDateRange.AffectedSensorCount++
		}
		if n := st.Missing.Count; n > 0 {
			q.MissingSensorData.AffectedSensorCount++
			q.MissingSensorData.TotalNumberOfMissingValues += n
		}
		if n := st.Invalid.Count; n > 0 {
			q.InvalidSensorData.AffectedSensorCount++
			q.InvalidSensorData.TotalNumberOfInvalidValues += n
		}
		duplicates[st.Component] = max(duplicates[st.Component], st.Duplicates.Count)
	}
	q.UnsupportedTimestamps.TotalNumberOfUnsupportedTimestamps = s.unreadable
	for _, n := range duplicates {
		q.DuplicateTimestamps.TotalNumberOfDuplicateTimestamps += n
	}
	return q
}
