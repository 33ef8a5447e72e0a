package wire

// CreateLabelGroupRequest is what CreateLabelGroup is asked.
type CreateLabelGroupRequest struct {
	LabelGroupName string   `json:"LabelGroupName"`
	FaultCodes     []string `json:"FaultCodes,omitzero"`
	ClientToken    string   `json:"ClientToken"`
	Tags           []Tag    `json:"Tags,omitzero"`
}

// CreateLabelGroupResponse is what CreateLabelGroup answers.
type CreateLabelGroupResponse struct {
	LabelGroupName string `json:"LabelGroupName,omitzero"`
	LabelGroupArn  string `json:"LabelGroupArn,omitzero"`
}

// UpdateLabelGroupRequest is what UpdateLabelGroup is asked.
type UpdateLabelGroupRequest struct {
	LabelGroupName string   `json:"LabelGroupName"`
	FaultCodes     []string `json:"FaultCodes,omitzero"`
}

// DescribeLabelGroupRequest is what DescribeLabelGroup is asked.
type DescribeLabelGroupRequest struct {
	LabelGroupName string `json:"LabelGroupName"`
}

// DescribeLabelGroupResponse is what DescribeLabelGroup answers.
type DescribeLabelGroupResponse struct {
	LabelGroupName string   `json:"LabelGroupName,omitzero"`
	LabelGroupArn  string   `json:"LabelGroupArn,omitzero"`
	FaultCodes     []string `json:"FaultCodes,omitzero"`
	CreatedAt      Time     `json:"CreatedAt,omitzero"`
	UpdatedAt      Time     `json:"UpdatedAt,omitzero"`
}

// ListLabelGroupsRequest is what ListLabelGroups is asked.
type ListLabelGroupsRequest struct {
	LabelGroupNameBeginsWith string `json:"LabelGroupNameBeginsWith,omitzero"`
	NextToken                string `json:"NextToken,omitzero"`
	MaxResults               int    `json:"MaxResults,omitzero"`
}

// ListLabelGroupsResponse is what ListLabelGroups answers.
type ListLabelGroupsResponse struct {
	NextToken           string              `json:"NextToken,omitzero"`
	LabelGroupSummaries []LabelGroupSummary `json:"LabelGroupSummaries,omitzero"`
}

// DeleteLabelGroupRequest is what DeleteLabelGroup is asked.
type DeleteLabelGroupRequest struct {
	LabelGroupName string `json:"LabelGroupName"`
}

// LabelGroupSummary is a label group in a list.
type LabelGroupSummary struct {
	LabelGroupName string `json:"LabelGroupName,omitzero"`
	LabelGroupArn  string `json:"LabelGroupArn,omitzero"`
	CreatedAt      Time   `json:"CreatedAt,omitzero"`
	UpdatedAt      Time   `json:"UpdatedAt,omitzero"`
}

// CreateLabelRequest is what CreateLabel is asked.
type CreateLabelRequest struct {
	LabelGroupName string `json:"LabelGroupName"`
	StartTime      Time   `json:"StartTime"`
	EndTime        Time   `json:"EndTime"`
	Rating         string `json:"Rating"`
	FaultCode      string `json:"FaultCode,omitzero"`
	Notes          string `json:"Notes,omitzero"`
	Equipment      string `json:"Equipment,omitzero"`
	ClientToken    string `json:"ClientToken"`
}

// CreateLabelResponse is what CreateLabel answers.
type CreateLabelResponse struct {
	LabelId string `json:"LabelId,omitzero"`
}

// DescribeLabelRequest is what DescribeLabel is asked.
type DescribeLabelRequest struct {
	LabelGroupName string `json:"LabelGroupName"`
	LabelId        string `json:"LabelId"`
}

// DescribeLabelResponse is what DescribeLabel answers.
type DescribeLabelResponse struct {
	LabelGroupName string `json:"LabelGroupName,omitzero"`
	LabelGroupArn  string `json:"LabelGroupArn,omitzero"`
	LabelId        string `json:"LabelId,omitzero"`
	StartTime      Time   `json:"StartTime,omitzero"`
	EndTime        Time   `json:"EndTime,omitzero"`
	Rating         string `json:"Rating,omitzero"`
	FaultCode      string `json:"FaultCode,omitzero"`
	Notes          string `json:"Notes,omitzero"`
	Equipment      string `json:"Equipment,omitzero"`
	CreatedAt      Time   `json:"CreatedAt,omitzero"`
}

// ListLabelsRequest is what ListLabels is asked.
type ListLabelsRequest struct {
	LabelGroupName    string `json:"LabelGroupName"`
	IntervalStartTime Time   `json:"IntervalStartTime,omitzero"`
	IntervalEndTime   Time   `json:"IntervalEndTime,omitzero"`
	FaultCode         string `json:"FaultCode,omitzero"`
	Equipment         string `json:"Equipment,omitzero"`
	NextToken         string `json:"NextToken,omitzero"`
	MaxResults        int    `json:"MaxResults,omitzero"`
}

// ListLabelsResponse is what ListLabels answers.
type ListLabelsResponse struct {
	NextToken      string         `json:"NextToken,omitzero"`
	LabelSummaries []LabelSummary `json:"LabelSummaries,omitzero"`
}

// DeleteLabelRequest is what DeleteLabel is asked.
type DeleteLabelRequest struct {
	LabelGroupName string `json:"LabelGroupName"`
	LabelId        string `json:"LabelId"`
}

// LabelSummary is a label in a list.
type LabelSummary struct {
	LabelGroupName string `json:"LabelGroupName,omitzero"`
	LabelId        string `json:"LabelId,omitzero"`
	LabelGroupArn  string `json:"LabelGroupArn,omitzero"`
	StartTime      Time   `json:"StartTime,omitzero"`
	EndTime        Time   `json:"EndTime,omitzero"`
	Rating         string `json:"Rating,omitzero"`
	FaultCode      string `json:"FaultCode,omitzero"`
	Equipment      string `json:"Equipment,omitzero"`
	CreatedAt      Time   `json:"CreatedAt,omitzero"`
}
