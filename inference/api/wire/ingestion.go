package wire

// StartDataIngestionJobRequest is what StartDataIngestionJob is asked.
type StartDataIngestionJobRequest struct {
	DatasetName                 string                      `json:"DatasetName"`
	IngestionInputConfiguration IngestionInputConfiguration `json:"IngestionInputConfiguration"`
	RoleArn                     string                      `json:"RoleArn"`
	ClientToken                 string                      `json:"ClientToken"`
}

// StartDataIngestionJobResponse is what StartDataIngestionJob answers.
type StartDataIngestionJobResponse struct {
	JobId  string `json:"JobId,omitzero"`
	Status string `json:"Status,omitzero"`
}

// DescribeDataIngestionJobRequest is what DescribeDataIngestionJob is asked.
type DescribeDataIngestionJobRequest struct {
	JobId string `json:"JobId"`
}

// DescribeDataIngestionJobResponse is what DescribeDataIngestionJob answers.
type DescribeDataIngestionJobResponse struct {
	JobId                       string                       `json:"JobId,omitzero"`
	DatasetArn                  string                       `json:"DatasetArn,omitzero"`
	IngestionInputConfiguration *IngestionInputConfiguration `json:"IngestionInputConfiguration,omitzero"`
	RoleArn                     string                       `json:"RoleArn,omitzero"`
	CreatedAt                   Time                         `json:"CreatedAt,omitzero"`
	Status                      string                       `json:"Status,omitzero"`
	FailedReason                string                       `json:"FailedReason,omitzero"`
	DataQualitySummary          *DataQualitySummary          `json:"DataQualitySummary,omitzero"`
	IngestedFilesSummary        *IngestedFilesSummary        `json:"IngestedFilesSummary,omitzero"`
	StatusDetail                string                       `json:"StatusDetail,omitzero"`
	IngestedDataSize            *int64                       `json:"IngestedDataSize,omitzero"`
	DataStartTime               Time                         `json:"DataStartTime,omitzero"`
	DataEndTime                 Time                         `json:"DataEndTime,omitzero"`
	SourceDatasetArn            string                       `json:"SourceDatasetArn,omitzero"`
}

// ListDataIngestionJobsRequest is what ListDataIngestionJobs is asked.
type ListDataIngestionJobsRequest struct {
	DatasetName string `json:"DatasetName,omitzero"`
	NextToken   string `json:"NextToken,omitzero"`
	MaxResults  int    `json:"MaxResults,omitzero"`
	Status      string `json:"Status,omitzero"`
}

// ListDataIngestionJobsResponse is what ListDataIngestionJobs answers.
type ListDataIngestionJobsResponse struct {
	NextToken                 string                    `json:"NextToken,omitzero"`
	DataIngestionJobSummaries []DataIngestionJobSummary `json:"DataIngestionJobSummaries,omitzero"`
}

// DataIngestionJobSummary is an ingestion job in a list.
type DataIngestionJobSummary struct {
	JobId                       string                       `json:"JobId,omitzero"`
	DatasetName                 string                       `json:"DatasetName,omitzero"`
	DatasetArn                  string                       `json:"DatasetArn,omitzero"`
	IngestionInputConfiguration *IngestionInputConfiguration `json:"IngestionInputConfiguration,omitzero"`
	Status                      string                       `json:"Status,omitzero"`
}

// IngestionInputConfiguration is where an ingestion reads.
type IngestionInputConfiguration struct {
	S3InputConfiguration IngestionS3InputConfiguration `json:"S3InputConfiguration"`
}

// IngestionS3InputConfiguration is a location with the pattern that finds components in keys.
type IngestionS3InputConfiguration struct {
	Bucket     string `json:"Bucket"`
	Prefix     string `json:"Prefix,omitzero"`
	KeyPattern string `json:"KeyPattern,omitzero"`
}

// IngestedFilesSummary counts the files of an ingestion.
type IngestedFilesSummary struct {
	TotalNumberOfFiles    int        `json:"TotalNumberOfFiles"`
	IngestedNumberOfFiles int        `json:"IngestedNumberOfFiles"`
	DiscardedFiles        []S3Object `json:"DiscardedFiles,omitzero"`
}

// DataQualitySummary is what was found wrong with the data of a dataset.
type DataQualitySummary struct {
	InsufficientSensorData InsufficientSensorData `json:"InsufficientSensorData"`
	MissingSensorData      MissingSensorData      `json:"MissingSensorData"`
	InvalidSensorData      InvalidSensorData      `json:"InvalidSensorData"`
	UnsupportedTimestamps  UnsupportedTimestamps  `json:"UnsupportedTimestamps"`
	DuplicateTimestamps    DuplicateTimestamps    `json:"DuplicateTimestamps"`
}

// InsufficientSensorData counts the sensors with no data or too little.
type InsufficientSensorData struct {
	MissingCompleteSensorData MissingCompleteSensorData `json:"MissingCompleteSensorData"`
	SensorsWithShortDateRange SensorsWithShortDateRange `json:"SensorsWithShortDateRange"`
}

// MissingCompleteSensorData counts the sensors without any data.
type MissingCompleteSensorData struct {
	AffectedSensorCount int `json:"AffectedSensorCount"`
}

// SensorsWithShortDateRange counts the sensors with less than 14 days of data.
type SensorsWithShortDateRange struct {
	AffectedSensorCount int `json:"AffectedSensorCount"`
}

// MissingSensorData counts empty cells.
type MissingSensorData struct {
	AffectedSensorCount        int `json:"AffectedSensorCount"`
	TotalNumberOfMissingValues int `json:"TotalNumberOfMissingValues"`
}

// InvalidSensorData counts cells that are no numbers.
type InvalidSensorData struct {
	AffectedSensorCount        int `json:"AffectedSensorCount"`
	TotalNumberOfInvalidValues int `json:"TotalNumberOfInvalidValues"`
}

// UnsupportedTimestamps counts rows whose timestamp cannot be read.
type UnsupportedTimestamps struct {
	TotalNumberOfUnsupportedTimestamps int `json:"TotalNumberOfUnsupportedTimestamps"`
}

// DuplicateTimestamps counts rows whose timestamp is there already.
type DuplicateTimestamps struct {
	TotalNumberOfDuplicateTimestamps int `json:"TotalNumberOfDuplicateTimestamps"`
}
