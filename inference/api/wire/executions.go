package wire

// ListInferenceExecutionsRequest is what ListInferenceExecutions is asked.
type ListInferenceExecutionsRequest struct {
	NextToken              string `json:"NextToken,omitzero"`
	MaxResults             int    `json:"MaxResults,omitzero"`
	InferenceSchedulerName string `json:"InferenceSchedulerName"`
	DataStartTimeAfter     Time   `json:"DataStartTimeAfter,omitzero"`
	DataEndTimeBefore      Time   `json:"DataEndTimeBefore,omitzero"`
	Status                 string `json:"Status,omitzero"`
}

// ListInferenceExecutionsResponse is what ListInferenceExecutions answers.
type ListInferenceExecutionsResponse struct {
	NextToken                   string                      `json:"NextToken,omitzero"`
	InferenceExecutionSummaries []InferenceExecutionSummary `json:"InferenceExecutionSummaries,omitzero"`
}

// InferenceExecutionSummary is one run of a scheduler.
type InferenceExecutionSummary struct {
	ModelName               string                       `json:"ModelName,omitzero"`
	ModelArn                string                       `json:"ModelArn,omitzero"`
	InferenceSchedulerName  string                       `json:"InferenceSchedulerName,omitzero"`
	InferenceSchedulerArn   string                       `json:"InferenceSchedulerArn,omitzero"`
	ScheduledStartTime      Time                         `json:"ScheduledStartTime,omitzero"`
	DataStartTime           Time                         `json:"DataStartTime,omitzero"`
	DataEndTime             Time                         `json:"DataEndTime,omitzero"`
	DataInputConfiguration  *InferenceInputConfiguration `json:"DataInputConfiguration,omitzero"`
	DataOutputConfiguration *OutputConfiguration         `json:"DataOutputConfiguration,omitzero"`
	CustomerResultObject    *S3Object                    `json:"CustomerResultObject,omitzero"`
	Status                  string                       `json:"Status,omitzero"`
	FailedReason            string                       `json:"FailedReason,omitzero"`
	ModelVersion            int64                        `json:"ModelVersion,omitzero"`
	ModelVersionArn         string                       `json:"ModelVersionArn,omitzero"`
}

// ListInferenceEventsRequest is what ListInferenceEvents is asked.
type ListInferenceEventsRequest struct {
	NextToken              string `json:"NextToken,omitzero"`
	MaxResults             int    `json:"MaxResults,omitzero"`
	InferenceSchedulerName string `json:"InferenceSchedulerName"`
	IntervalStartTime      Time   `json:"IntervalStartTime"`
	IntervalEndTime        Time   `json:"IntervalEndTime"`
}

// ListInferenceEventsResponse is what ListInferenceEvents answers.
type ListInferenceEventsResponse struct {
	NextToken               string                  `json:"NextToken,omitzero"`
	InferenceEventSummaries []InferenceEventSummary `json:"InferenceEventSummaries,omitzero"`
}

// InferenceEventSummary is a stretch of anomalous rows; Diagnostics is a JSON list.
type InferenceEventSummary struct {
	InferenceSchedulerArn  string `json:"InferenceSchedulerArn,omitzero"`
	InferenceSchedulerName string `json:"InferenceSchedulerName,omitzero"`
	EventStartTime         Time   `json:"EventStartTime,omitzero"`
	EventEndTime           Time   `json:"EventEndTime,omitzero"`
	Diagnostics            string `json:"Diagnostics,omitzero"`
	EventDurationInSeconds *int64 `json:"EventDurationInSeconds,omitzero"`
}
