package wire

// TagResourceRequest is what TagResource is asked.
type TagResourceRequest struct {
	ResourceArn string `json:"ResourceArn"`
	Tags        []Tag  `json:"Tags"`
}

// TagResourceResponse is what TagResource answers.
type TagResourceResponse struct{}

// UntagResourceRequest is what UntagResource is asked.
type UntagResourceRequest struct {
	ResourceArn string   `json:"ResourceArn"`
	TagKeys     []string `json:"TagKeys"`
}

// UntagResourceResponse is what UntagResource answers.
type UntagResourceResponse struct{}

// ListTagsForResourceRequest is what ListTagsForResource is asked.
type ListTagsForResourceRequest struct {
	ResourceArn string `json:"ResourceArn"`
}

// ListTagsForResourceResponse is what ListTagsForResource answers.
type ListTagsForResourceResponse struct {
	Tags []Tag `json:"Tags,omitzero"`
}

// Tag is one tag.
type Tag struct {
	Key   string `json:"Key"`
	Value string `json:"Value"`
}
