package wire

// CreateRetrainingSchedulerRequest is what CreateRetrainingScheduler is asked.
type CreateRetrainingSchedulerRequest struct {
	ModelName           string `json:"ModelName"`
	RetrainingStartDate Time   `json:"RetrainingStartDate,omitzero"`
	RetrainingFrequency string `json:"RetrainingFrequency"`
	LookbackWindow      string `json:"LookbackWindow"`
	PromoteMode         string `json:"PromoteMode,omitzero"`
	ClientToken         string `json:"ClientToken"`
}

// CreateRetrainingSchedulerResponse is what CreateRetrainingScheduler answers.
type CreateRetrainingSchedulerResponse struct {
	ModelName string `json:"ModelName,omitzero"`
	ModelArn  string `json:"ModelArn,omitzero"`
	Status    string `json:"Status,omitzero"`
}

// UpdateRetrainingSchedulerRequest is what UpdateRetrainingScheduler is asked.
type UpdateRetrainingSchedulerRequest struct {
	ModelName           string `json:"ModelName"`
	RetrainingStartDate Time   `json:"RetrainingStartDate,omitzero"`
	RetrainingFrequency string `json:"RetrainingFrequency,omitzero"`
	LookbackWindow      string `json:"LookbackWindow,omitzero"`
	PromoteMode         string `json:"PromoteMode,omitzero"`
}

// DescribeRetrainingSchedulerRequest is what DescribeRetrainingScheduler is asked.
type DescribeRetrainingSchedulerRequest struct {
	ModelName string `json:"ModelName"`
}

// DescribeRetrainingSchedulerResponse is what DescribeRetrainingScheduler answers.
type DescribeRetrainingSchedulerResponse struct {
	ModelName           string `json:"ModelName,omitzero"`
	ModelArn            string `json:"ModelArn,omitzero"`
	RetrainingStartDate Time   `json:"RetrainingStartDate,omitzero"`
	RetrainingFrequency string `json:"RetrainingFrequency,omitzero"`
	LookbackWindow      string `json:"LookbackWindow,omitzero"`
	Status              string `json:"Status,omitzero"`
	PromoteMode         string `json:"PromoteMode,omitzero"`
	CreatedAt           Time   `json:"CreatedAt,omitzero"`
	UpdatedAt           Time   `json:"UpdatedAt,omitzero"`
}

// ListRetrainingSchedulersRequest is what ListRetrainingSchedulers is asked.
type ListRetrainingSchedulersRequest struct {
	ModelNameBeginsWith string `json:"ModelNameBeginsWith,omitzero"`
	Status              string `json:"Status,omitzero"`
	NextToken           string `json:"NextToken,omitzero"`
	MaxResults          int    `json:"MaxResults,omitzero"`
}

// ListRetrainingSchedulersResponse is what ListRetrainingSchedulers answers.
type ListRetrainingSchedulersResponse struct {
	RetrainingSchedulerSummaries []RetrainingSchedulerSummary `json:"RetrainingSchedulerSummaries,omitzero"`
	NextToken                    string                       `json:"NextToken,omitzero"`
}

// DeleteRetrainingSchedulerRequest is what DeleteRetrainingScheduler is asked.
type DeleteRetrainingSchedulerRequest struct {
	ModelName string `json:"ModelName"`
}

// StartRetrainingSchedulerRequest is what StartRetrainingScheduler is asked.
type StartRetrainingSchedulerRequest struct {
	ModelName string `json:"ModelName"`
}

// StartRetrainingSchedulerResponse is what StartRetrainingScheduler answers.
type StartRetrainingSchedulerResponse struct {
	ModelName string `json:"ModelName,omitzero"`
	ModelArn  string `json:"ModelArn,omitzero"`
	Status    string `json:"Status,omitzero"`
}

// StopRetrainingSchedulerRequest is what StopRetrainingScheduler is asked.
type StopRetrainingSchedulerRequest struct {
	ModelName string `json:"ModelName"`
}

// StopRetrainingSchedulerResponse is what StopRetrainingScheduler answers.
type StopRetrainingSchedulerResponse struct {
	ModelName string `json:"ModelName,omitzero"`
	ModelArn  string `json:"ModelArn,omitzero"`
	Status    string `json:"Status,omitzero"`
}

// RetrainingSchedulerSummary is a retraining scheduler in a list.
type RetrainingSchedulerSummary struct {
	ModelName           string `json:"ModelName,omitzero"`
	ModelArn            string `json:"ModelArn,omitzero"`
	Status              string `json:"Status,omitzero"`
	RetrainingStartDate Time   `json:"RetrainingStartDate,omitzero"`
	RetrainingFrequency string `json:"RetrainingFrequency,omitzero"`
	LookbackWindow      string `json:"LookbackWindow,omitzero"`
}
