package wire

// DescribeModelVersionRequest is what DescribeModelVersion is asked.
type DescribeModelVersionRequest struct {
	ModelName    string `json:"ModelName"`
	ModelVersion int64  `json:"ModelVersion"`
}

// DescribeModelVersionResponse is what DescribeModelVersion answers.
type DescribeModelVersionResponse struct {
	ModelName                           string                          `json:"ModelName,omitzero"`
	ModelArn                            string                          `json:"ModelArn,omitzero"`
	ModelVersion                        int64                           `json:"ModelVersion,omitzero"`
	ModelVersionArn                     string                          `json:"ModelVersionArn,omitzero"`
	Status                              string                          `json:"Status,omitzero"`
	SourceType                          string                          `json:"SourceType,omitzero"`
	DatasetName                         string                          `json:"DatasetName,omitzero"`
	DatasetArn                          string                          `json:"DatasetArn,omitzero"`
	Schema                              string                          `json:"Schema,omitzero"`
	LabelsInputConfiguration            *LabelsInputConfiguration       `json:"LabelsInputConfiguration,omitzero"`
	TrainingDataStartTime               Time                            `json:"TrainingDataStartTime,omitzero"`
	TrainingDataEndTime                 Time                            `json:"TrainingDataEndTime,omitzero"`
	EvaluationDataStartTime             Time                            `json:"EvaluationDataStartTime,omitzero"`
	EvaluationDataEndTime               Time                            `json:"EvaluationDataEndTime,omitzero"`
	RoleArn                             string                          `json:"RoleArn,omitzero"`
	DataPreProcessingConfiguration      *DataPreProcessingConfiguration `json:"DataPreProcessingConfiguration,omitzero"`
	TrainingExecutionStartTime          Time                            `json:"TrainingExecutionStartTime,omitzero"`
	TrainingExecutionEndTime            Time                            `json:"TrainingExecutionEndTime,omitzero"`
	FailedReason                        string                          `json:"FailedReason,omitzero"`
	ModelMetrics                        string                          `json:"ModelMetrics,omitzero"`
	LastUpdatedTime                     Time                            `json:"LastUpdatedTime,omitzero"`
	CreatedAt                           Time                            `json:"CreatedAt,omitzero"`
	ServerSideKmsKeyId                  string                          `json:"ServerSideKmsKeyId,omitzero"`
	OffCondition                        string                          `json:"OffCondition,omitzero"`
	SourceModelVersionArn               string                          `json:"SourceModelVersionArn,omitzero"`
	ImportJobStartTime                  Time                            `json:"ImportJobStartTime,omitzero"`
	ImportJobEndTime                    Time                            `json:"ImportJobEndTime,omitzero"`
	ImportedDataSizeInBytes             *int64                          `json:"ImportedDataSizeInBytes,omitzero"`
	PriorModelMetrics                   string                          `json:"PriorModelMetrics,omitzero"`
	RetrainingAvailableDataInDays       *int                            `json:"RetrainingAvailableDataInDays,omitzero"`
	AutoPromotionResult                 string                          `json:"AutoPromotionResult,omitzero"`
	AutoPromotionResultReason           string                          `json:"AutoPromotionResultReason,omitzero"`
	ModelDiagnosticsOutputConfiguration *OutputConfiguration            `json:"ModelDiagnosticsOutputConfiguration,omitzero"`
	ModelDiagnosticsResultsObject       *S3Object                       `json:"ModelDiagnosticsResultsObject,omitzero"`
	ModelQuality                        string                          `json:"ModelQuality,omitzero"`
}

// ListModelVersionsRequest is what ListModelVersions is asked.
type ListModelVersionsRequest struct {
	ModelName          string `json:"ModelName"`
	NextToken          string `json:"NextToken,omitzero"`
	MaxResults         int    `json:"MaxResults,omitzero"`
	Status             string `json:"Status,omitzero"`
	SourceType         string `json:"SourceType,omitzero"`
	CreatedAtEndTime   Time   `json:"CreatedAtEndTime,omitzero"`
	CreatedAtStartTime Time   `json:"CreatedAtStartTime,omitzero"`
	MaxModelVersion    int64  `json:"MaxModelVersion,omitzero"`
	MinModelVersion    int64  `json:"MinModelVersion,omitzero"`
}

// ListModelVersionsResponse is what ListModelVersions answers.
type ListModelVersionsResponse struct {
	NextToken             string                `json:"NextToken,omitzero"`
	ModelVersionSummaries []ModelVersionSummary `json:"ModelVersionSummaries,omitzero"`
}

// UpdateActiveModelVersionRequest is what UpdateActiveModelVersion is asked.
type UpdateActiveModelVersionRequest struct {
	ModelName    string `json:"ModelName"`
	ModelVersion int64  `json:"ModelVersion"`
}

// UpdateActiveModelVersionResponse is what UpdateActiveModelVersion answers.
type UpdateActiveModelVersionResponse struct {
	ModelName                string `json:"ModelName,omitzero"`
	ModelArn                 string `json:"ModelArn,omitzero"`
	CurrentActiveVersion     int64  `json:"CurrentActiveVersion,omitzero"`
	PreviousActiveVersion    int64  `json:"PreviousActiveVersion,omitzero"`
	CurrentActiveVersionArn  string `json:"CurrentActiveVersionArn,omitzero"`
	PreviousActiveVersionArn string `json:"PreviousActiveVersionArn,omitzero"`
}

// ImportModelVersionRequest is what ImportModelVersion is asked.
type ImportModelVersionRequest struct {
	SourceModelVersionArn       string                    `json:"SourceModelVersionArn"`
	ModelName                   string                    `json:"ModelName,omitzero"`
	DatasetName                 string                    `json:"DatasetName"`
	LabelsInputConfiguration    *LabelsInputConfiguration `json:"LabelsInputConfiguration,omitzero"`
	ClientToken                 string                    `json:"ClientToken"`
	RoleArn                     string                    `json:"RoleArn,omitzero"`
	ServerSideKmsKeyId          string                    `json:"ServerSideKmsKeyId,omitzero"`
	Tags                        []Tag                     `json:"Tags,omitzero"`
	InferenceDataImportStrategy string                    `json:"InferenceDataImportStrategy,omitzero"`
}

// ImportModelVersionResponse is what ImportModelVersion answers.
type ImportModelVersionResponse struct {
	ModelName       string `json:"ModelName,omitzero"`
	ModelArn        string `json:"ModelArn,omitzero"`
	ModelVersionArn string `json:"ModelVersionArn,omitzero"`
	ModelVersion    int64  `json:"ModelVersion,omitzero"`
	Status          string `json:"Status,omitzero"`
}

// ModelVersionSummary is a model version in a list.
type ModelVersionSummary struct {
	ModelName       string `json:"ModelName,omitzero"`
	ModelArn        string `json:"ModelArn,omitzero"`
	ModelVersion    int64  `json:"ModelVersion,omitzero"`
	ModelVersionArn string `json:"ModelVersionArn,omitzero"`
	CreatedAt       Time   `json:"CreatedAt,omitzero"`
	Status          string `json:"Status,omitzero"`
	SourceType      string `json:"SourceType,omitzero"`
	ModelQuality    string `json:"ModelQuality,omitzero"`
}
