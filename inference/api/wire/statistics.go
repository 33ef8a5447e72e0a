package wire

// ListSensorStatisticsRequest is what ListSensorStatistics is asked.
type ListSensorStatisticsRequest struct {
	DatasetName    string `json:"DatasetName"`
	IngestionJobId string `json:"IngestionJobId,omitzero"`
	MaxResults     int    `json:"MaxResults,omitzero"`
	NextToken      string `json:"NextToken,omitzero"`
}

// ListSensorStatisticsResponse is what ListSensorStatistics answers.
type ListSensorStatisticsResponse struct {
	SensorStatisticsSummaries []SensorStatisticsSummary `json:"SensorStatisticsSummaries,omitzero"`
	NextToken                 string                    `json:"NextToken,omitzero"`
}

// SensorStatisticsSummary is what is known of one sensor.
type SensorStatisticsSummary struct {
	ComponentName          string                  `json:"ComponentName,omitzero"`
	SensorName             string                  `json:"SensorName,omitzero"`
	DataExists             bool                    `json:"DataExists"`
	MissingValues          *CountPercent           `json:"MissingValues,omitzero"`
	InvalidValues          *CountPercent           `json:"InvalidValues,omitzero"`
	InvalidDateEntries     *CountPercent           `json:"InvalidDateEntries,omitzero"`
	DuplicateTimestamps    *CountPercent           `json:"DuplicateTimestamps,omitzero"`
	CategoricalValues      *CategoricalValues      `json:"CategoricalValues,omitzero"`
	MultipleOperatingModes *MultipleOperatingModes `json:"MultipleOperatingModes,omitzero"`
	LargeTimestampGaps     *LargeTimestampGaps     `json:"LargeTimestampGaps,omitzero"`
	MonotonicValues        *MonotonicValues        `json:"MonotonicValues,omitzero"`
	DataStartTime          Time                    `json:"DataStartTime,omitzero"`
	DataEndTime            Time                    `json:"DataEndTime,omitzero"`
}

// CountPercent is a number of rows, and their share in percent.
type CountPercent struct {
	Count      int     `json:"Count"`
	Percentage float64 `json:"Percentage"`
}

// CategoricalValues tells whether a sensor has a few distinct values.
type CategoricalValues struct {
	Status           string `json:"Status"`
	NumberOfCategory *int   `json:"NumberOfCategory,omitzero"`
}

// MultipleOperatingModes tells whether a sensor has several modes.
type MultipleOperatingModes struct {
	Status string `json:"Status"`
}

// LargeTimestampGaps tells whether a sensor has long gaps.
type LargeTimestampGaps struct {
	Status                     string `json:"Status"`
	NumberOfLargeTimestampGaps *int   `json:"NumberOfLargeTimestampGaps,omitzero"`
	MaxTimestampGapInDays      *int   `json:"MaxTimestampGapInDays,omitzero"`
}

// MonotonicValues tells whether a sensor only rises, only falls or stands still.
type MonotonicValues struct {
	Status       string `json:"Status"`
	Monotonicity string `json:"Monotonicity,omitzero"`
}
