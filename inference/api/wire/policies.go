package wire

// PutResourcePolicyRequest is what PutResourcePolicy is asked.
type PutResourcePolicyRequest struct {
	ResourceArn      string `json:"ResourceArn"`
	ResourcePolicy   string `json:"ResourcePolicy"`
	PolicyRevisionId string `json:"PolicyRevisionId,omitzero"`
	ClientToken      string `json:"ClientToken"`
}

// PutResourcePolicyResponse is what PutResourcePolicy answers.
type PutResourcePolicyResponse struct {
	ResourceArn      string `json:"ResourceArn,omitzero"`
	PolicyRevisionId string `json:"PolicyRevisionId,omitzero"`
}

// DescribeResourcePolicyRequest is what DescribeResourcePolicy is asked.
type DescribeResourcePolicyRequest struct {
	ResourceArn string `json:"ResourceArn"`
}

// DescribeResourcePolicyResponse is what DescribeResourcePolicy answers.
type DescribeResourcePolicyResponse struct {
	PolicyRevisionId string `json:"PolicyRevisionId,omitzero"`
	ResourcePolicy   string `json:"ResourcePolicy,omitzero"`
	CreationTime     Time   `json:"CreationTime,omitzero"`
	LastModifiedTime Time   `json:"LastModifiedTime,omitzero"`
}

// DeleteResourcePolicyRequest is what DeleteResourcePolicy is asked.
type DeleteResourcePolicyRequest struct {
	ResourceArn string `json:"ResourceArn"`
}
