package store

import "time"

// DataQuality is what an ingestion found over all sensors, in the API's words.
type DataQuality struct {
	InsufficientSensorData struct {
		MissingCompleteSensorData struct{ AffectedSensorCount int64 }
		SensorsWithShortDateRange struct{ AffectedSensorCount int64 }
	}
	MissingSensorData     struct{ AffectedSensorCount, TotalNumberOfMissingValues int64 }
	InvalidSensorData     struct{ AffectedSensorCount, TotalNumberOfInvalidValues int64 }
	UnsupportedTimestamps struct{ TotalNumberOfUnsupportedTimestamps int64 }
	DuplicateTimestamps   struct{ TotalNumberOfDuplicateTimestamps int64 }
}

// FilesSummary is what became of an ingestion's files, in the API's words.
type FilesSummary struct {
	TotalNumberOfFiles    int64
	IngestedNumberOfFiles int64
	DiscardedFiles        []S3Object `json:",omitempty"`
}

// SensorStatistics is what an ingestion found of one sensor, in the API's words.
type SensorStatistics struct {
	ComponentName          string
	SensorName             string
	DataExists             bool
	MissingValues          *CountPercent `json:",omitempty"`
	InvalidValues          *CountPercent `json:",omitempty"`
	InvalidDateEntries     *CountPercent `json:",omitempty"`
	DuplicateTimestamps    *CountPercent `json:",omitempty"`
	CategoricalValues      *Categories   `json:",omitempty"`
	MultipleOperatingModes *Modes        `json:",omitempty"`
	LargeTimestampGaps     *Gaps         `json:",omitempty"`
	MonotonicValues        *Monotonic    `json:",omitempty"`
	DataStartTime          time.Time     `json:"-"`
	DataEndTime            time.Time     `json:"-"`
}

// CountPercent is a number of values and their share in percent.
type CountPercent struct {
	Count      int64
	Percentage float64
}

// Categories, Modes, Gaps and Monotonic have Status POTENTIAL_ISSUE_DETECTED or
// NO_ISSUE_DETECTED.
type (
	Categories struct {
		Status           string
		NumberOfCategory int64 `json:",omitempty"`
	}
	Modes struct{ Status string }
	Gaps  struct {
		Status                     string
		NumberOfLargeTimestampGaps int64 `json:",omitempty"`
		MaxTimestampGapInDays      int64 `json:",omitempty"`
	}
	Monotonic struct {
		Status       string
		Monotonicity string `json:",omitempty"` // DECREASING, INCREASING, STATIC
	}
)
