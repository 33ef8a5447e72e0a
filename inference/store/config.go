package store

// The types of this file carry the API's own member names, so that they can be
// decoded from a request and put into an answer as they are.

// S3Location is a bucket, or what is below a prefix of it.
type S3Location struct {
	Bucket string
	Prefix string `json:",omitempty"`
}

// S3Object is an object.
type S3Object struct {
	Bucket string
	Key    string
}

// IngestionInput says where the files of an ingestion are.
type IngestionInput struct {
	S3InputConfiguration struct {
		Bucket     string
		Prefix     string `json:",omitempty"`
		KeyPattern string `json:",omitempty"`
	}
}

// LabelsInput says where a training finds its labels: in one of the two.
type LabelsInput struct {
	S3InputConfiguration *S3Location `json:",omitempty"`
	LabelGroupName       string      `json:",omitempty"`
}

// Output says where results or diagnostics go.
type Output struct {
	S3OutputConfiguration S3Location
	KmsKeyID              string `json:"KmsKeyId,omitempty"`
}

// InferenceInput says where a scheduler finds its files, and how they are named.
type InferenceInput struct {
	S3InputConfiguration            *S3Location `json:",omitempty"`
	InputTimeZoneOffset             string      `json:",omitempty"`
	InferenceInputNameConfiguration *InputNames `json:",omitempty"`
}

// InputNames is how files of a scheduler are named. A delimiter may be given as
// empty, which is not the same as not given.
type InputNames struct {
	TimestampFormat             string  `json:",omitempty"`
	ComponentTimestampDelimiter *string `json:",omitempty"`
}
