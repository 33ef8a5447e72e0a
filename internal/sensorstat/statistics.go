package sensorstat

import (
	"fmt"
	"time"
)

// Grade is how good a sensor's data is to train with.
type Grade string

const (
	High   Grade = "High"
	Medium Grade = "Medium"
	Low    Grade = "Low"
)

// Monotonicity is the direction a sensor never leaves.
type Monotonicity string

const (
	Increasing Monotonicity = "INCREASING"
	Decreasing Monotonicity = "DECREASING"
	Static     Monotonicity = "STATIC"
)

// Share is a count and its share of a sensor's cells in percent.
type Share struct {
	Count      int64   `json:"count"`
	Percentage float64 `json:"percentage"`
}

// Statistics is what ListSensorStatistics tells of a sensor, and its grade.
type Statistics struct {
	Sensor          string       `json:"sensor"`
	Grade           Grade        `json:"grade"`
	Reasons         []string     `json:"reasons"` // why the grade is not High, in words
	DataExists      bool         `json:"data_exists"`
	Cells           int64        `json:"cells"`
	Values          int64        `json:"values"`
	Missing         Share        `json:"missing_values"`
	Invalid         Share        `json:"invalid_values"`
	InvalidDates    Share        `json:"invalid_date_entries"`
	Duplicates      Share        `json:"duplicate_timestamps"`
	Categories      int          `json:"number_of_categories"` // 0: not categorical
	SeveralModes    bool         `json:"multiple_operating_modes"`
	LargeGaps       int          `json:"number_of_large_timestamp_gaps"`
	LargestGap      int          `json:"max_timestamp_gap_in_days"`
	Monotonic       Monotonicity `json:"monotonicity,omitempty"` // "": not monotonic
	Start           time.Time    `json:"data_start_time,omitzero"`
	End             time.Time    `json:"data_end_time,omitzero"`
	Min             float64      `json:"min"`
	Max             float64      `json:"max"`
	ShortRange      bool         `json:"short_date_range"`
	MissingComplete bool         `json:"missing_complete_sensor_data"`
}

func (s *sensor) statistics() Statistics {
	st := Statistics{
		Sensor: s.name, DataExists: s.values > 0, Cells: s.rows, Values: s.values,
		Invalid:      share(s.invalid, s.rows),
		Missing:      share(max(0, s.rows-s.values-s.invalid), s.rows),
		InvalidDates: share(s.invalidDates, s.rows+s.invalidDates),
		Duplicates:   share(s.duplicates, s.rows),
		Reasons:      []string{}, MissingComplete: s.values == 0,
	}
	if s.values > 0 {
		st.Min, st.Max = s.min, s.max
		spans := s.cover.spans
		first, last := spans[0].from, spans[len(spans)-1].to
		st.Start, st.End = time.Unix(0, first).UTC(), time.Unix(0, last).UTC()
		st.ShortRange = st.End.Sub(st.Start) < ShortRange
		n, longest := s.cover.gaps()
		st.LargeGaps, st.LargestGap = n, int(time.Duration(longest)/(24*time.Hour))
		st.Monotonic = s.monotonicity()
		if n := len(s.distinct); n >= 2 && n <= MaxCategories && s.values >= int64(n)*MinCategorical {
			st.Categories = n
		} else if n > 1 {
			st.SeveralModes = severalModes(s.sample.values)
		}
	}
	st.grade()
	return st
}

func (s *sensor) monotonicity() Monotonicity {
	steps := s.ups + s.downs
	switch {
	case s.min == s.max && s.values > MinSteps:
		return Static
	case steps < MinSteps:
		return ""
	case float64(s.downs) <= MaxContrary*float64(steps):
		return Increasing
	case float64(s.ups) <= MaxContrary*float64(steps):
		return Decreasing
	}
	return ""
}

// grade follows the rule that the service's demo application published: Low for
// what the service calls significant, Medium for what may do harm.
func (st *Statistics) grade() {
	low := func(found bool, format string, args ...any) {
		if found {
			st.Grade, st.Reasons = Low, append(st.Reasons, fmt.Sprintf(format, args...))
		}
	}
	medium := func(found bool, format string, args ...any) {
		if !found {
			return
		}
		if st.Reasons = append(st.Reasons, fmt.Sprintf(format, args...)); st.Grade == High {
			st.Grade = Medium
		}
	}
	st.Grade = High
	low(!st.DataExists, "no data")
	low(st.ShortRange, "less than 14 days (%s)", days(st.End.Sub(st.Start)))
	low(st.Monotonic != "", "%s", monotonicWords(st.Monotonic))
	if !st.DataExists {
		return
	}
	medium(st.LargeGaps == 1, "1 gap over a day, of %s", wholeDays(st.LargestGap))
	medium(st.LargeGaps > 1, "%d gaps over a day, the longest %s", st.LargeGaps, wholeDays(st.LargestGap))
	medium(st.SeveralModes, "several operating modes")
	medium(st.Missing.Count > 0, "%s missing", percent(st.Missing))
	medium(st.Categories == 1, "categorical, 1 value")
	medium(st.Categories > 1, "categorical, %d values", st.Categories)
	medium(st.Invalid.Count > 0, "%s invalid", percent(st.Invalid))
	medium(st.Duplicates.Count > 0, "%s at repeated stamps", percent(st.Duplicates))
}

func monotonicWords(m Monotonicity) string {
	switch m {
	case Increasing:
		return "only increases"
	case Decreasing:
		return "only decreases"
	}
	return "never changes"
}

func share(n, of int64) Share {
	if of == 0 {
		return Share{Count: n}
	}
	return Share{Count: n, Percentage: 100 * float64(n) / float64(of)}
}

func percent(s Share) string {
	if s.Percentage < 0.1 {
		return fmt.Sprintf("%d", s.Count)
	}
	return fmt.Sprintf("%.1f %%", s.Percentage)
}

func days(d time.Duration) string {
	if d < 48*time.Hour {
		return fmt.Sprintf("%.1f h", d.Hours())
	}
	return fmt.Sprintf("%.1f days", d.Hours()/24)
}

// Quality is what DescribeDataIngestionJob tells of all sensors together.
type Quality struct {
	Sensors          int   `json:"sensors"`
	WithoutData      int   `json:"missing_complete_sensor_data"`
	ShortRange       int   `json:"sensors_with_short_date_range"`
	WithMissing      int   `json:"sensors_with_missing_values"`
	Missing          int64 `json:"total_number_of_missing_values"`
	WithInvalid      int   `json:"sensors_with_invalid_values"`
	Invalid          int64 `json:"total_number_of_invalid_values"`
	UnsupportedDates int64 `json:"total_number_of_unsupported_timestamps"`
	Duplicates       int64 `json:"total_number_of_duplicate_timestamps"`
}

// Add takes one sensor more.
func (q *Quality) Add(st Statistics) {
	one := func(found bool) int {
		if found {
			return 1
		}
		return 0
	}
	q.Sensors++
	q.WithoutData += one(st.MissingComplete)
	q.ShortRange += one(st.ShortRange)
	q.WithMissing += one(st.Missing.Count > 0)
	q.Missing += st.Missing.Count
	q.WithInvalid += one(st.Invalid.Count > 0)
	q.Invalid += st.Invalid.Count
	q.UnsupportedDates += st.InvalidDates.Count
	q.Duplicates += st.Duplicates.Count
}

func wholeDays(n int) string {
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}
