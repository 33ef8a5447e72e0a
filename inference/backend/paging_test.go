package backend_test

import (
	"fmt"
	"testing"

	"millwright/inference/store"
)

func TestEveryListIsPagedThrough(t *testing.T) {
	t.Parallel()
	r := newRig(t, store.Quotas{})
	for i := range 3 {
		name := fmt.Sprintf("x%d", i)
		r.filled(name)
		r.trained(name, name)
		r.do("CreateInferenceScheduler", scheduler(name, name))
		r.do("CreateRetrainingScheduler", object{"ModelName": name, "RetrainingFrequency": "P30D", "LookbackWindow": "P180D", "ClientToken": nil})
		r.do("CreateLabelGroup", object{"LabelGroupName": name, "ClientToken": nil})
		r.do("CreateLabel", object{"LabelGroupName": "x0", "StartTime": i, "EndTime": i + 1, "Rating": "NEUTRAL", "ClientToken": nil})
		if i > 0 {
			r.another("x0")
		}
	}
	for operation, c := range map[string]struct {
		list   string
		filter object
		other  object // a filter that the token is not for
	}{
		"ListDataIngestionJobs":    {"DataIngestionJobSummaries", object{}, object{"Status": "SUCCESS"}},
		"ListModels":               {"ModelSummaries", object{"ModelNameBeginsWith": "x"}, object{}},
		"ListModelVersions":        {"ModelVersionSummaries", object{"ModelName": "x0"}, object{"ModelName": "x1"}},
		"ListInferenceSchedulers":  {"InferenceSchedulerSummaries", object{"InferenceSchedulerNameBeginsWith": "x", "Status": "RUNNING"}, object{"Status": "RUNNING"}},
		"ListRetrainingSchedulers": {"RetrainingSchedulerSummaries", object{}, object{"ModelNameBeginsWith": "x"}},
		"ListLabelGroups":          {"LabelGroupSummaries", object{"LabelGroupNameBeginsWith": "x"}, object{}},
		"ListLabels":               {"LabelSummaries", object{"LabelGroupName": "x0"}, object{"LabelGroupName": "x0", "Equipment": "e"}},
	} {
		whole := r.do(operation, c.filter)
		want := fmt.Sprint(whole[c.list])
		if len(whole[c.list].([]any)) != 3 || whole["NextToken"] != nil {
			t.Fatalf("%s: %v", operation, whole)
		}
		var got []any
		request := with(c.filter, object{"MaxResults": 1})
		for range 3 {
			answer := r.do(operation, request)
			got = append(got, answer[c.list].([]any)...)
			if request["NextToken"] = answer["NextToken"]; answer["NextToken"] == nil {
				break
			}
			r.refused(operation, with(c.other, object{"NextToken": answer["NextToken"]}), "ValidationException", "nextToken")
			r.open()
		}
		if fmt.Sprint(got) != want || request["NextToken"] != nil {
			t.Errorf("%s: page by page %v, at once %s", operation, got, want)
		}
	}
}
