package wire

// CreateModelRequest is what CreateModel is asked.
type CreateModelRequest struct {
	ModelName                           string                          `json:"ModelName"`
	DatasetName                         string                          `json:"DatasetName"`
	DatasetSchema                       *DatasetSchema                  `json:"DatasetSchema,omitzero"`
	LabelsInputConfiguration            *LabelsInputConfiguration       `json:"LabelsInputConfiguration,omitzero"`
	ClientToken                         string                          `json:"ClientToken"`
	TrainingDataStartTime               Time                            `json:"TrainingDataStartTime,omitzero"`
	TrainingDataEndTime                 Time                            `json:"TrainingDataEndTime,omitzero"`
	EvaluationDataStartTime             Time                            `json:"EvaluationDataStartTime,omitzero"`
	EvaluationDataEndTime               Time                            `json:"EvaluationDataEndTime,omitzero"`
	RoleArn                             string                          `json:"RoleArn,omitzero"`
	DataPreProcessingConfiguration      *DataPreProcessingConfiguration `json:"DataPreProcessingConfiguration,omitzero"`
	ServerSideKmsKeyId                  string                          `json:"ServerSideKmsKeyId,omitzero"`
	Tags                                []Tag                           `json:"Tags,omitzero"`
	OffCondition                        string                          `json:"OffCondition,omitzero"`
	ModelDiagnosticsOutputConfiguration *OutputConfiguration            `json:"ModelDiagnosticsOutputConfiguration,omitzero"`
}

// CreateModelResponse is what CreateModel answers.
type CreateModelResponse struct {
	ModelArn string `json:"ModelArn,omitzero"`
	Status   string `json:"Status,omitzero"`
}

// UpdateModelRequest is what UpdateModel is asked.
type UpdateModelRequest struct {
	ModelName                           string                    `json:"ModelName"`
	LabelsInputConfiguration            *LabelsInputConfiguration `json:"LabelsInputConfiguration,omitzero"`
	RoleArn                             string                    `json:"RoleArn,omitzero"`
	ModelDiagnosticsOutputConfiguration *OutputConfiguration      `json:"ModelDiagnosticsOutputConfiguration,omitzero"`
}

// DescribeModelRequest is what DescribeModel is asked.
type DescribeModelRequest struct {
	ModelName string `json:"ModelName"`
}

// DescribeModelResponse is what DescribeModel answers.
type DescribeModelResponse struct {
	ModelName                                    string                          `json:"ModelName,omitzero"`
	ModelArn                                     string                          `json:"ModelArn,omitzero"`
	DatasetName                                  string                          `json:"DatasetName,omitzero"`
	DatasetArn                                   string                          `json:"DatasetArn,omitzero"`
	Schema                                       string                          `json:"Schema,omitzero"`
	LabelsInputConfiguration                     *LabelsInputConfiguration       `json:"LabelsInputConfiguration,omitzero"`
	TrainingDataStartTime                        Time                            `json:"TrainingDataStartTime,omitzero"`
	TrainingDataEndTime                          Time                            `json:"TrainingDataEndTime,omitzero"`
	EvaluationDataStartTime                      Time                            `json:"EvaluationDataStartTime,omitzero"`
	EvaluationDataEndTime                        Time                            `json:"EvaluationDataEndTime,omitzero"`
	RoleArn                                      string                          `json:"RoleArn,omitzero"`
	DataPreProcessingConfiguration               *DataPreProcessingConfiguration `json:"DataPreProcessingConfiguration,omitzero"`
	Status                                       string                          `json:"Status,omitzero"`
	TrainingExecutionStartTime                   Time                            `json:"TrainingExecutionStartTime,omitzero"`
	TrainingExecutionEndTime                     Time                            `json:"TrainingExecutionEndTime,omitzero"`
	FailedReason                                 string                          `json:"FailedReason,omitzero"`
	ModelMetrics                                 string                          `json:"ModelMetrics,omitzero"`
	LastUpdatedTime                              Time                            `json:"LastUpdatedTime,omitzero"`
	CreatedAt                                    Time                            `json:"CreatedAt,omitzero"`
	ServerSideKmsKeyId                           string                          `json:"ServerSideKmsKeyId,omitzero"`
	OffCondition                                 string                          `json:"OffCondition,omitzero"`
	SourceModelVersionArn                        string                          `json:"SourceModelVersionArn,omitzero"`
	ImportJobStartTime                           Time                            `json:"ImportJobStartTime,omitzero"`
	ImportJobEndTime                             Time                            `json:"ImportJobEndTime,omitzero"`
	ActiveModelVersion                           int64                           `json:"ActiveModelVersion,omitzero"`
	ActiveModelVersionArn                        string                          `json:"ActiveModelVersionArn,omitzero"`
	ModelVersionActivatedAt                      Time                            `json:"ModelVersionActivatedAt,omitzero"`
	PreviousActiveModelVersion                   int64                           `json:"PreviousActiveModelVersion,omitzero"`
	PreviousActiveModelVersionArn                string                          `json:"PreviousActiveModelVersionArn,omitzero"`
	PreviousModelVersionActivatedAt              Time                            `json:"PreviousModelVersionActivatedAt,omitzero"`
	PriorModelMetrics                            string                          `json:"PriorModelMetrics,omitzero"`
	LatestScheduledRetrainingFailedReason        string                          `json:"LatestScheduledRetrainingFailedReason,omitzero"`
	LatestScheduledRetrainingStatus              string                          `json:"LatestScheduledRetrainingStatus,omitzero"`
	LatestScheduledRetrainingModelVersion        int64                           `json:"LatestScheduledRetrainingModelVersion,omitzero"`
	LatestScheduledRetrainingStartTime           Time                            `json:"LatestScheduledRetrainingStartTime,omitzero"`
	LatestScheduledRetrainingAvailableDataInDays *int                            `json:"LatestScheduledRetrainingAvailableDataInDays,omitzero"`
	NextScheduledRetrainingStartDate             Time                            `json:"NextScheduledRetrainingStartDate,omitzero"`
	AccumulatedInferenceDataStartTime            Time                            `json:"AccumulatedInferenceDataStartTime,omitzero"`
	AccumulatedInferenceDataEndTime              Time                            `json:"AccumulatedInferenceDataEndTime,omitzero"`
	RetrainingSchedulerStatus                    string                          `json:"RetrainingSchedulerStatus,omitzero"`
	ModelDiagnosticsOutputConfiguration          *OutputConfiguration            `json:"ModelDiagnosticsOutputConfiguration,omitzero"`
	ModelQuality                                 string                          `json:"ModelQuality,omitzero"`
}

// ListModelsRequest is what ListModels is asked.
type ListModelsRequest struct {
	NextToken             string `json:"NextToken,omitzero"`
	MaxResults            int    `json:"MaxResults,omitzero"`
	Status                string `json:"Status,omitzero"`
	ModelNameBeginsWith   string `json:"ModelNameBeginsWith,omitzero"`
	DatasetNameBeginsWith string `json:"DatasetNameBeginsWith,omitzero"`
}

// ListModelsResponse is what ListModels answers.
type ListModelsResponse struct {
	NextToken      string         `json:"NextToken,omitzero"`
	ModelSummaries []ModelSummary `json:"ModelSummaries,omitzero"`
}

// DeleteModelRequest is what DeleteModel is asked.
type DeleteModelRequest struct {
	ModelName string `json:"ModelName"`
}

// LabelsInputConfiguration is where labels come from: CSV files or a label group.
type LabelsInputConfiguration struct {
	S3InputConfiguration *S3Location `json:"S3InputConfiguration,omitzero"`
	LabelGroupName       string      `json:"LabelGroupName,omitzero"`
}

// DataPreProcessingConfiguration is how data is resampled before training.
type DataPreProcessingConfiguration struct {
	TargetSamplingRate string `json:"TargetSamplingRate,omitzero"`
}

// ModelSummary is a model in a list.
type ModelSummary struct {
	ModelName                             string               `json:"ModelName,omitzero"`
	ModelArn                              string               `json:"ModelArn,omitzero"`
	DatasetName                           string               `json:"DatasetName,omitzero"`
	DatasetArn                            string               `json:"DatasetArn,omitzero"`
	Status                                string               `json:"Status,omitzero"`
	CreatedAt                             Time                 `json:"CreatedAt,omitzero"`
	ActiveModelVersion                    int64                `json:"ActiveModelVersion,omitzero"`
	ActiveModelVersionArn                 string               `json:"ActiveModelVersionArn,omitzero"`
	LatestScheduledRetrainingStatus       string               `json:"LatestScheduledRetrainingStatus,omitzero"`
	LatestScheduledRetrainingModelVersion int64                `json:"LatestScheduledRetrainingModelVersion,omitzero"`
	LatestScheduledRetrainingStartTime    Time                 `json:"LatestScheduledRetrainingStartTime,omitzero"`
	NextScheduledRetrainingStartDate      Time                 `json:"NextScheduledRetrainingStartDate,omitzero"`
	RetrainingSchedulerStatus             string               `json:"RetrainingSchedulerStatus,omitzero"`
	ModelDiagnosticsOutputConfiguration   *OutputConfiguration `json:"ModelDiagnosticsOutputConfiguration,omitzero"`
	ModelQuality                          string               `json:"ModelQuality,omitzero"`
}
