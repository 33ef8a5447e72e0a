package wire

// The words of the API, as its shapes list them. Those of InferenceSchedulerStatus
// are RetrainingSchedulerStatus too; frequencies and rates are read by package window.
const (
	// AutoPromotionResult
	ModelPromoted           = "MODEL_PROMOTED"
	ModelNotPromoted        = "MODEL_NOT_PROMOTED"
	RetrainingInternalError = "RETRAINING_INTERNAL_ERROR"
	RetrainingCustomerError = "RETRAINING_CUSTOMER_ERROR"
	RetrainingCancelled     = "RETRAINING_CANCELLED"

	// DatasetStatus
	DatasetCreated             = "CREATED"
	DatasetIngestionInProgress = "INGESTION_IN_PROGRESS"
	DatasetActive              = "ACTIVE"
	DatasetImportInProgress    = "IMPORT_IN_PROGRESS"

	// InferenceDataImportStrategy
	NoImport     = "NO_IMPORT"
	AddWhenEmpty = "ADD_WHEN_EMPTY"
	Overwrite    = "OVERWRITE"

	// InferenceExecutionStatus
	ExecutionInProgress = "IN_PROGRESS"
	ExecutionSuccess    = "SUCCESS"
	ExecutionFailed     = "FAILED"

	// InferenceSchedulerStatus
	SchedulerPending  = "PENDING"
	SchedulerRunning  = "RUNNING"
	SchedulerStopping = "STOPPING"
	SchedulerStopped  = "STOPPED"

	// IngestionJobStatus
	IngestionInProgress       = "IN_PROGRESS"
	IngestionSuccess          = "SUCCESS"
	IngestionFailed           = "FAILED"
	IngestionImportInProgress = "IMPORT_IN_PROGRESS"

	// LabelRating
	RatingAnomaly   = "ANOMALY"
	RatingNoAnomaly = "NO_ANOMALY"
	RatingNeutral   = "NEUTRAL"

	// LatestInferenceResult
	ResultAnomalous = "ANOMALOUS"
	ResultNormal    = "NORMAL"

	// ModelPromoteMode
	PromoteManaged = "MANAGED"
	PromoteManual  = "MANUAL"

	// ModelQuality
	QualityThresholdMet    = "QUALITY_THRESHOLD_MET"
	CannotDetermineQuality = "CANNOT_DETERMINE_QUALITY"
	PoorQualityDetected    = "POOR_QUALITY_DETECTED"

	// ModelStatus
	ModelInProgress       = "IN_PROGRESS"
	ModelSuccess          = "SUCCESS"
	ModelFailed           = "FAILED"
	ModelImportInProgress = "IMPORT_IN_PROGRESS"

	// ModelVersionSourceType
	SourceTraining   = "TRAINING"
	SourceRetraining = "RETRAINING"
	SourceImport     = "IMPORT"

	// ModelVersionStatus
	VersionInProgress       = "IN_PROGRESS"
	VersionSuccess          = "SUCCESS"
	VersionFailed           = "FAILED"
	VersionImportInProgress = "IMPORT_IN_PROGRESS"
	VersionCanceled         = "CANCELED"

	// Monotonicity
	Decreasing = "DECREASING"
	Increasing = "INCREASING"
	Static     = "STATIC"

	// StatisticalIssueStatus
	PotentialIssueDetected = "POTENTIAL_ISSUE_DETECTED"
	NoIssueDetected        = "NO_ISSUE_DETECTED"
)
