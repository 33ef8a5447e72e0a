package wire

// CreateDatasetRequest is what CreateDataset is asked.
type CreateDatasetRequest struct {
	DatasetName        string         `json:"DatasetName"`
	DatasetSchema      *DatasetSchema `json:"DatasetSchema,omitzero"`
	ServerSideKmsKeyId string         `json:"ServerSideKmsKeyId,omitzero"`
	ClientToken        string         `json:"ClientToken"`
	Tags               []Tag          `json:"Tags,omitzero"`
}

// CreateDatasetResponse is what CreateDataset answers.
type CreateDatasetResponse struct {
	DatasetName string `json:"DatasetName,omitzero"`
	DatasetArn  string `json:"DatasetArn,omitzero"`
	Status      string `json:"Status,omitzero"`
}

// DescribeDatasetRequest is what DescribeDataset is asked.
type DescribeDatasetRequest struct {
	DatasetName string `json:"DatasetName"`
}

// DescribeDatasetResponse is what DescribeDataset answers.
type DescribeDatasetResponse struct {
	DatasetName                 string                       `json:"DatasetName,omitzero"`
	DatasetArn                  string                       `json:"DatasetArn,omitzero"`
	CreatedAt                   Time                         `json:"CreatedAt,omitzero"`
	LastUpdatedAt               Time                         `json:"LastUpdatedAt,omitzero"`
	Status                      string                       `json:"Status,omitzero"`
	Schema                      string                       `json:"Schema,omitzero"`
	ServerSideKmsKeyId          string                       `json:"ServerSideKmsKeyId,omitzero"`
	IngestionInputConfiguration *IngestionInputConfiguration `json:"IngestionInputConfiguration,omitzero"`
	DataQualitySummary          *DataQualitySummary          `json:"DataQualitySummary,omitzero"`
	IngestedFilesSummary        *IngestedFilesSummary        `json:"IngestedFilesSummary,omitzero"`
	RoleArn                     string                       `json:"RoleArn,omitzero"`
	DataStartTime               Time                         `json:"DataStartTime,omitzero"`
	DataEndTime                 Time                         `json:"DataEndTime,omitzero"`
	SourceDatasetArn            string                       `json:"SourceDatasetArn,omitzero"`
}

// ListDatasetsRequest is what ListDatasets is asked.
type ListDatasetsRequest struct {
	NextToken             string `json:"NextToken,omitzero"`
	MaxResults            int    `json:"MaxResults,omitzero"`
	DatasetNameBeginsWith string `json:"DatasetNameBeginsWith,omitzero"`
}

// ListDatasetsResponse is what ListDatasets answers.
type ListDatasetsResponse struct {
	NextToken        string           `json:"NextToken,omitzero"`
	DatasetSummaries []DatasetSummary `json:"DatasetSummaries,omitzero"`
}

// DeleteDatasetRequest is what DeleteDataset is asked.
type DeleteDatasetRequest struct {
	DatasetName string `json:"DatasetName"`
}

// ImportDatasetRequest is what ImportDataset is asked.
type ImportDatasetRequest struct {
	SourceDatasetArn   string `json:"SourceDatasetArn"`
	DatasetName        string `json:"DatasetName,omitzero"`
	ClientToken        string `json:"ClientToken"`
	ServerSideKmsKeyId string `json:"ServerSideKmsKeyId,omitzero"`
	Tags               []Tag  `json:"Tags,omitzero"`
}

// ImportDatasetResponse is what ImportDataset answers.
type ImportDatasetResponse struct {
	DatasetName string `json:"DatasetName,omitzero"`
	DatasetArn  string `json:"DatasetArn,omitzero"`
	Status      string `json:"Status,omitzero"`
	JobId       string `json:"JobId,omitzero"`
}

// DatasetSchema holds the schema as JSON: components, their columns and types.
type DatasetSchema struct {
	InlineDataSchema string `json:"InlineDataSchema,omitzero"`
}

// DatasetSummary is a dataset in a list.
type DatasetSummary struct {
	DatasetName string `json:"DatasetName,omitzero"`
	DatasetArn  string `json:"DatasetArn,omitzero"`
	Status      string `json:"Status,omitzero"`
	CreatedAt   Time   `json:"CreatedAt,omitzero"`
}
