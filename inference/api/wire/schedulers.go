package wire

// CreateInferenceSchedulerRequest is what CreateInferenceScheduler is asked.
type CreateInferenceSchedulerRequest struct {
	ModelName                string                      `json:"ModelName"`
	InferenceSchedulerName   string                      `json:"InferenceSchedulerName"`
	DataDelayOffsetInMinutes *int64                      `json:"DataDelayOffsetInMinutes,omitzero"`
	DataUploadFrequency      string                      `json:"DataUploadFrequency"`
	DataInputConfiguration   InferenceInputConfiguration `json:"DataInputConfiguration"`
	DataOutputConfiguration  OutputConfiguration         `json:"DataOutputConfiguration"`
	RoleArn                  string                      `json:"RoleArn"`
	ServerSideKmsKeyId       string                      `json:"ServerSideKmsKeyId,omitzero"`
	ClientToken              string                      `json:"ClientToken"`
	Tags                     []Tag                       `json:"Tags,omitzero"`
}

// CreateInferenceSchedulerResponse is what CreateInferenceScheduler answers.
type CreateInferenceSchedulerResponse struct {
	InferenceSchedulerArn  string `json:"InferenceSchedulerArn,omitzero"`
	InferenceSchedulerName string `json:"InferenceSchedulerName,omitzero"`
	Status                 string `json:"Status,omitzero"`
	ModelQuality           string `json:"ModelQuality,omitzero"`
}

// UpdateInferenceSchedulerRequest is what UpdateInferenceScheduler is asked.
type UpdateInferenceSchedulerRequest struct {
	InferenceSchedulerName   string                       `json:"InferenceSchedulerName"`
	DataDelayOffsetInMinutes *int64                       `json:"DataDelayOffsetInMinutes,omitzero"`
	DataUploadFrequency      string                       `json:"DataUploadFrequency,omitzero"`
	DataInputConfiguration   *InferenceInputConfiguration `json:"DataInputConfiguration,omitzero"`
	DataOutputConfiguration  *OutputConfiguration         `json:"DataOutputConfiguration,omitzero"`
	RoleArn                  string                       `json:"RoleArn,omitzero"`
}

// DescribeInferenceSchedulerRequest is what DescribeInferenceScheduler is asked.
type DescribeInferenceSchedulerRequest struct {
	InferenceSchedulerName string `json:"InferenceSchedulerName"`
}

// DescribeInferenceSchedulerResponse is what DescribeInferenceScheduler answers.
type DescribeInferenceSchedulerResponse struct {
	ModelArn                 string                       `json:"ModelArn,omitzero"`
	ModelName                string                       `json:"ModelName,omitzero"`
	InferenceSchedulerName   string                       `json:"InferenceSchedulerName,omitzero"`
	InferenceSchedulerArn    string                       `json:"InferenceSchedulerArn,omitzero"`
	Status                   string                       `json:"Status,omitzero"`
	DataDelayOffsetInMinutes *int64                       `json:"DataDelayOffsetInMinutes,omitzero"`
	DataUploadFrequency      string                       `json:"DataUploadFrequency,omitzero"`
	CreatedAt                Time                         `json:"CreatedAt,omitzero"`
	UpdatedAt                Time                         `json:"UpdatedAt,omitzero"`
	DataInputConfiguration   *InferenceInputConfiguration `json:"DataInputConfiguration,omitzero"`
	DataOutputConfiguration  *OutputConfiguration         `json:"DataOutputConfiguration,omitzero"`
	RoleArn                  string                       `json:"RoleArn,omitzero"`
	ServerSideKmsKeyId       string                       `json:"ServerSideKmsKeyId,omitzero"`
	LatestInferenceResult    string                       `json:"LatestInferenceResult,omitzero"`
}

// ListInferenceSchedulersRequest is what ListInferenceSchedulers is asked.
type ListInferenceSchedulersRequest struct {
	NextToken                        string `json:"NextToken,omitzero"`
	MaxResults                       int    `json:"MaxResults,omitzero"`
	InferenceSchedulerNameBeginsWith string `json:"InferenceSchedulerNameBeginsWith,omitzero"`
	ModelName                        string `json:"ModelName,omitzero"`
	Status                           string `json:"Status,omitzero"`
}

// ListInferenceSchedulersResponse is what ListInferenceSchedulers answers.
type ListInferenceSchedulersResponse struct {
	NextToken                   string                      `json:"NextToken,omitzero"`
	InferenceSchedulerSummaries []InferenceSchedulerSummary `json:"InferenceSchedulerSummaries,omitzero"`
}

// DeleteInferenceSchedulerRequest is what DeleteInferenceScheduler is asked.
type DeleteInferenceSchedulerRequest struct {
	InferenceSchedulerName string `json:"InferenceSchedulerName"`
}

// StartInferenceSchedulerRequest is what StartInferenceScheduler is asked.
type StartInferenceSchedulerRequest struct {
	InferenceSchedulerName string `json:"InferenceSchedulerName"`
}

// StartInferenceSchedulerResponse is what StartInferenceScheduler answers.
type StartInferenceSchedulerResponse struct {
	ModelArn               string `json:"ModelArn,omitzero"`
	ModelName              string `json:"ModelName,omitzero"`
	InferenceSchedulerName string `json:"InferenceSchedulerName,omitzero"`
	InferenceSchedulerArn  string `json:"InferenceSchedulerArn,omitzero"`
	Status                 string `json:"Status,omitzero"`
}

// StopInferenceSchedulerRequest is what StopInferenceScheduler is asked.
type StopInferenceSchedulerRequest struct {
	InferenceSchedulerName string `json:"InferenceSchedulerName"`
}

// StopInferenceSchedulerResponse is what StopInferenceScheduler answers.
type StopInferenceSchedulerResponse struct {
	ModelArn               string `json:"ModelArn,omitzero"`
	ModelName              string `json:"ModelName,omitzero"`
	InferenceSchedulerName string `json:"InferenceSchedulerName,omitzero"`
	InferenceSchedulerArn  string `json:"InferenceSchedulerArn,omitzero"`
	Status                 string `json:"Status,omitzero"`
}

// InferenceInputConfiguration is where a scheduler finds its input, and how it is named.
type InferenceInputConfiguration struct {
	S3InputConfiguration            *S3Location                      `json:"S3InputConfiguration,omitzero"`
	InputTimeZoneOffset             string                           `json:"InputTimeZoneOffset,omitzero"`
	InferenceInputNameConfiguration *InferenceInputNameConfiguration `json:"InferenceInputNameConfiguration,omitzero"`
}

// InferenceInputNameConfiguration is how input files are named. An empty delimiter is not the same as none given.
type InferenceInputNameConfiguration struct {
	TimestampFormat             string  `json:"TimestampFormat,omitzero"`
	ComponentTimestampDelimiter *string `json:"ComponentTimestampDelimiter,omitzero"`
}

// InferenceSchedulerSummary is a scheduler in a list.
type InferenceSchedulerSummary struct {
	ModelName                string `json:"ModelName,omitzero"`
	ModelArn                 string `json:"ModelArn,omitzero"`
	InferenceSchedulerName   string `json:"InferenceSchedulerName,omitzero"`
	InferenceSchedulerArn    string `json:"InferenceSchedulerArn,omitzero"`
	Status                   string `json:"Status,omitzero"`
	DataDelayOffsetInMinutes *int64 `json:"DataDelayOffsetInMinutes,omitzero"`
	DataUploadFrequency      string `json:"DataUploadFrequency,omitzero"`
	LatestInferenceResult    string `json:"LatestInferenceResult,omitzero"`
}
