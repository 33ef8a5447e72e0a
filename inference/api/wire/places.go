package wire

// S3Location is where objects lie: those of a bucket whose keys begin with the prefix.
type S3Location struct {
	Bucket string `json:"Bucket"`
	Prefix string `json:"Prefix,omitzero"`
}

// OutputConfiguration is where the service writes. The key is kept and returned; objects are not encrypted with it.
type OutputConfiguration struct {
	S3OutputConfiguration S3Location `json:"S3OutputConfiguration"`
	KmsKeyId              string     `json:"KmsKeyId,omitzero"`
}

// S3Object is one object.
type S3Object struct {
	Bucket string `json:"Bucket"`
	Key    string `json:"Key"`
}
