package backend_test

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"millwright/inference/api"
	"millwright/inference/store"
)

// client does random things as one of two accounts.
type client struct {
	*rig
	accounts []string
	arns     []string // of all that was ever made
	jobs     []string
	labels   []string
}

// TestRandomCallsNeverMeetAMistake calls all operations at random, with work that
// ends in between. Answers and error types are held against the shapes, and what
// they do not allow is an InternalServerException.
func TestRandomCallsNeverMeetAMistake(t *testing.T) {
	t.Parallel()
	r := newRig(t, store.Quotas{Datasets: 3, Models: 3, LabelGroups: 2, PendingIngestions: 2, PendingModels: 2, LabelsPerGroup: 3, TagsPerResource: 4})
	run := 0
	met := map[string]bool{}
	property := func(rt *rapid.T) {
		run++
		c := &client{rig: r, accounts: []string{fmt.Sprintf("%012d", 2*run), fmt.Sprintf("%012d", 2*run+1)}}
		c.prepare(rt)
		steps := rapid.IntRange(10, 60).Draw(rt, "steps")
		for range steps {
			c.account = rapid.SampledFrom([]string{c.accounts[0], c.accounts[0], c.accounts[0], c.accounts[1]}).Draw(rt, "account")
			if rapid.IntRange(0, 3).Draw(rt, "work") == 0 {
				c.end(rt)
				continue
			}
			operation := rapid.SampledFrom(operations()).Draw(rt, "operation")
			c.call(rt, operation, met)
		}
		c.consistent(rt)
	}
	for range 3 { // it is chance which ones a hundred clients reach: from 43 on, mostly
		if rapid.Check(t, property); len(met) >= 40 {
			return
		}
	}
	t.Errorf("only %d operations ever succeeded: the test does not reach the others", len(met))
}

// prepare gives the first account something to begin with.
func (c *client) prepare(rt *rapid.T) {
	c.account = c.accounts[0]
	depth := rapid.SampledFrom([]int{0, 1, 2, 3, 4, 4, 4}).Draw(rt, "depth")
	steps := []func(){
		func() {
			group := object{"LabelGroupName": "a", "FaultCodes": []string{"x"}, "ClientToken": nil}
			c.arns = append(c.arns, c.do("CreateLabelGroup", group)["LabelGroupArn"].(string))
			c.labels = append(c.labels, c.do("CreateLabel", object{"LabelGroupName": "a", "StartTime": 1, "EndTime": 2, "Rating": "ANOMALY", "ClientToken": nil})["LabelId"].(string))
		},
		func() {
			arn := c.filled("a")
			c.arns = append(c.arns, arn)
			c.do("PutResourcePolicy", object{"ResourceArn": arn, "ResourcePolicy": policy("Allow", c.accounts[1], "*", "*"), "ClientToken": nil})
		},
		func() {
			arn := c.trained("a", "a")
			c.arns = append(c.arns, arn, arn+"/model-version/1")
		},
		func() {
			output := object{"S3OutputConfiguration": object{"Bucket": "plant", "Prefix": "out/" + c.account + "/"}}
			c.do("CreateInferenceScheduler", with(scheduler("a", "a"), object{"DataOutputConfiguration": output, "ClientToken": nil}))
			c.do("CreateRetrainingScheduler", object{"ModelName": "a", "RetrainingFrequency": "P30D", "LookbackWindow": "P180D", "ClientToken": nil})
		},
	}
	for _, step := range steps[:depth] {
		step()
	}
}

func operations() []string {
	var all []string
	for m := range reflect.TypeFor[api.Backend]().Methods() {
		all = append(all, m.Name)
	}
	return all
}

func (c *client) call(rt *rapid.T, operation string, met map[string]bool) {
	request := c.request(rt, operation)
	answer, errorType, message := c.try(operation, request)
	if errorType == "InternalServerException" || errorType != "" && message == "" {
		rt.Fatalf("%s %v: %s %s%v", operation, request, errorType, message, c.errors())
	}
	if errorType != "" {
		return
	}
	met[operation] = true
	for _, member := range slices.Sorted(maps.Keys(answer)) {
		text, _ := answer[member].(string)
		switch {
		case strings.HasSuffix(member, "Arn") && text != "":
			c.arns = append(c.arns, text)
		case member == "JobId":
			c.jobs = append(c.jobs, text)
		case member == "LabelId":
			c.labels = append(c.labels, text)
		}
	}
	if _, ok := request["ClientToken"]; !ok {
		return
	}
	if again, errorType, message := c.try(operation, request); !reflect.DeepEqual(again, answer) {
		rt.Fatalf("%s %v again: %v instead of %v (%s %s)", operation, request, again, answer, errorType, message)
	}
}

// request makes one that its shape allows, out of few names.
func (c *client) request(rt *rapid.T, operation string) object {
	name := rapid.SampledFrom([]string{"a", "a", "a", "b"})
	at := rapid.SampledFrom([]float64{-62135596800, 0, 0.001, seconds(dayOf(10)), seconds(dayOf(100)), seconds(dayOf(400)), 253402300799})
	in := object{}
	add := func(member string, value any) { in[member] = value }
	maybe := func(member string, value func() any) {
		if rapid.Bool().Draw(rt, member) {
			in[member] = value()
		}
	}
	pick := func(from ...string) func() any {
		return func() any { return rapid.SampledFrom(from).Draw(rt, "pick") }
	}
	when := func() any { return at.Draw(rt, "at") }
	known := func(from []string, or string) string {
		return rapid.SampledFrom(append(slices.Clone(from), or)).Draw(rt, "known")
	}
	arn := func() string { return known(c.arns, "arn:aws:lookoutequipment:plant-1:000000000000:dataset/x/y") }
	labels := func() any {
		return rapid.SampledFrom([]object{{"LabelGroupName": "a"}, {"S3InputConfiguration": object{"Bucket": "plant", "Prefix": "l/"}}, {}}).Draw(rt, "labels")
	}
	tags := func() any {
		return rapid.SampledFrom([][]object{{}, {{"Key": "site", "Value": "n"}}, {{"Key": "millwright:hold", "Value": "1h"}}, {{"Key": "a", "Value": ""}, {"Key": "b", "Value": ""}, {"Key": "c", "Value": ""}}}).Draw(rt, "tags")
	}
	output := object{"S3OutputConfiguration": object{"Bucket": "plant", "Prefix": "out/"}}
	input := func() any {
		return rapid.SampledFrom([]object{{}, {"S3InputConfiguration": object{"Bucket": "plant"}, "InputTimeZoneOffset": "-09:30"}}).Draw(rt, "input")
	}
	switch {
	case strings.HasPrefix(operation, "Create") || strings.HasPrefix(operation, "Import"), operation == "PutResourcePolicy", operation == "StartDataIngestionJob":
		if rapid.IntRange(0, 9).Draw(rt, "old token") == 0 {
			add("ClientToken", rapid.SampledFrom([]string{"old", " ~\x00"}).Draw(rt, "token"))
		} else {
			add("ClientToken", nil)
		}
	case strings.HasPrefix(operation, "List") && operation != "ListTagsForResource":
		maybe("MaxResults", func() any { return rapid.IntRange(1, 2).Draw(rt, "most") })
		maybe("NextToken", pick("", "AAAA", "bm90IGEgdG9rZW4gb2YgdGhpcyBsaXN0"))
	}
	switch operation {
	case "CreateDataset":
		add("DatasetName", name.Draw(rt, "name"))
		maybe("DatasetSchema", func() any { return object{"InlineDataSchema": schema} })
		maybe("Tags", tags)
		maybe("ServerSideKmsKeyId", pick("alias/own", "key:1"))
	case "ImportDataset":
		add("SourceDatasetArn", known(ofKind(c.arns, ":dataset/"), "arn:aws:lookoutequipment:plant-1:000000000000:dataset/x/y"))
		maybe("DatasetName", func() any { return name.Draw(rt, "name") })
	case "StartDataIngestionJob":
		maps.Copy(in, with(ingestion(name.Draw(rt, "name")), in))
	case "DescribeDataIngestionJob":
		add("JobId", known(c.jobs, ""))
	case "ListSensorStatistics":
		add("DatasetName", name.Draw(rt, "name"))
		maybe("IngestionJobId", func() any { return known(c.jobs, "") })
	case "ListDatasets":
		maybe("DatasetNameBeginsWith", pick("a", "b"))
	case "ListDataIngestionJobs":
		maybe("Status", pick("IN_PROGRESS", "SUCCESS", "FAILED", "IMPORT_IN_PROGRESS"))
	case "DescribeDataset", "DeleteDataset":
		add("DatasetName", name.Draw(rt, "name"))
	case "CreateLabelGroup", "UpdateLabelGroup", "DescribeLabelGroup", "DeleteLabelGroup", "ListLabels", "CreateLabel", "DescribeLabel", "DeleteLabel":
		add("LabelGroupName", name.Draw(rt, "name"))
		switch operation {
		case "CreateLabelGroup", "UpdateLabelGroup":
			maybe("FaultCodes", func() any { return rapid.SampledFrom([][]string{{}, {"x"}, {"x", "x"}}).Draw(rt, "codes") })
		case "ListLabels":
			maybe("IntervalStartTime", when)
			maybe("IntervalEndTime", when)
		case "CreateLabel":
			add("StartTime", when())
			add("EndTime", when())
			add("Rating", pick("ANOMALY", "NO_ANOMALY", "NEUTRAL")())
			maybe("FaultCode", pick("x", "y", "\x00"))
			maybe("Notes", pick("n", "\x00", "\u2028"))
			maybe("Equipment", pick("e", "\x00"))
		case "DescribeLabel", "DeleteLabel":
			add("LabelId", known(c.labels, ""))
		}
	case "CreateModel":
		maps.Copy(in, with(model(name.Draw(rt, "name"), name.Draw(rt, "dataset")), in))
		maybe("LabelsInputConfiguration", labels)
		maybe("Tags", tags)
		maybe("OffCondition", pick(`pump\rpm < 3`, `pump\none > 1`, "x", " "))
		for _, member := range []string{"TrainingDataStartTime", "TrainingDataEndTime", "EvaluationDataStartTime", "EvaluationDataEndTime"} {
			if rapid.IntRange(0, 3).Draw(rt, member) == 0 {
				add(member, when())
			}
		}
		maybe("ModelDiagnosticsOutputConfiguration", func() any { return output })
	case "ImportModelVersion":
		add("SourceModelVersionArn", known(ofKind(c.arns, "/model-version/"), "arn:aws:lookoutequipment:plant-1:000000000000:model/x/y/model-version/1"))
		add("DatasetName", name.Draw(rt, "dataset"))
		maybe("ModelName", func() any { return name.Draw(rt, "name") })
		maybe("LabelsInputConfiguration", labels)
	case "ListModels":
		maybe("Status", pick("IN_PROGRESS", "SUCCESS", "FAILED"))
	case "ListRetrainingSchedulers":
		maybe("Status", pick("RUNNING", "STOPPED"))
	case "ListLabelGroups":
	case "ListInferenceSchedulers":
		maybe("ModelName", func() any { return name.Draw(rt, "name") })
	case "CreateInferenceScheduler":
		maps.Copy(in, with(scheduler(name.Draw(rt, "name"), name.Draw(rt, "model")), in))
		maybe("DataInputConfiguration", input)
	case "UpdateInferenceScheduler":
		add("InferenceSchedulerName", name.Draw(rt, "name"))
		maybe("DataInputConfiguration", input)
		maybe("DataUploadFrequency", pick("PT5M", "PT1H"))
		maybe("DataOutputConfiguration", func() any { return output })
	case "ListInferenceEvents":
		add("InferenceSchedulerName", name.Draw(rt, "name"))
		add("IntervalStartTime", when())
		add("IntervalEndTime", when())
	case "ListInferenceExecutions":
		add("InferenceSchedulerName", name.Draw(rt, "name"))
		maybe("DataStartTimeAfter", when)
		maybe("DataEndTimeBefore", when)
		maybe("Status", pick("IN_PROGRESS", "FAILED"))
	case "TagResource", "UntagResource", "ListTagsForResource", "PutResourcePolicy", "DescribeResourcePolicy", "DeleteResourcePolicy":
		add("ResourceArn", arn())
		switch operation {
		case "TagResource":
			add("Tags", tags())
		case "UntagResource":
			add("TagKeys", []string{"site", "a"})
		case "PutResourcePolicy":
			add("ResourcePolicy", pick("{}", policy("Allow", c.accounts[0], "*", "*"), policy("Deny", c.accounts[1], "*", "*"))())
			maybe("PolicyRevisionId", pick("0F"))
		}
	default: // of a model or a scheduler that is named
		if strings.Contains(operation, "InferenceScheduler") {
			add("InferenceSchedulerName", name.Draw(rt, "name"))
			break
		}
		add("ModelName", name.Draw(rt, "name"))
		switch operation {
		case "DescribeModelVersion", "UpdateActiveModelVersion":
			add("ModelVersion", rapid.SampledFrom([]int64{1, 2, 1 << 62}).Draw(rt, "version"))
		case "ListModelVersions":
			maybe("CreatedAtStartTime", when)
			maybe("CreatedAtEndTime", when)
			maybe("MinModelVersion", func() any { return rapid.IntRange(1, 2).Draw(rt, "lowest") })
		case "UpdateModel":
			maybe("LabelsInputConfiguration", labels)
		case "CreateRetrainingScheduler", "UpdateRetrainingScheduler":
			add("RetrainingFrequency", pick("P30D", "P1Y", "P9Y", "P")())
			add("LookbackWindow", "P180D")
			maybe("RetrainingStartDate", when)
		}
	}
	return in
}

func ofKind(arns []string, kind string) []string {
	return slices.DeleteFunc(slices.Clone(arns), func(arn string) bool { return !strings.Contains(arn, kind) })
}

// end ends some work of the account that is under way.
func (c *client) end(rt *rapid.T) {
	good := rapid.IntRange(0, 4).Draw(rt, "good") > 0
	ctx := rt.Context()
	for _, status := range []store.IngestionStatus{store.IngestionRunning, store.IngestionImporting} {
		jobs, _, err := c.store.Ingestions(ctx, c.account, store.IngestionFilter{Status: status}, store.Page{})
		if err != nil {
			rt.Fatal(err)
		}
		for _, j := range jobs {
			if good {
				c.ingested(j.ID)
				continue
			}
			c.tx(func(ctx context.Context, t *store.Tx) error {
				if _, err := t.MoveIngestion(ctx, j.ID, store.IngestionFailed, c.tick(), nil); err != nil {
					return err
				}
				_, err := t.MoveDataset(ctx, j.DatasetID, store.DatasetCreated, c.tick(), nil)
				return err
			})
		}
	}
	models, _, err := c.store.Models(ctx, c.account, store.ModelFilter{}, store.Page{})
	if err != nil {
		rt.Fatal(err)
	}
	for _, m := range models {
		v, err := c.store.ModelVersion(ctx, m.ID, m.LastVersion)
		if err != nil || v.Status != store.VersionTraining && v.Status != store.VersionImporting {
			continue
		}
		if good {
			c.made(m.ID, v.Version)
			c.arns = append(c.arns, v.ARN)
			continue
		}
		c.tx(func(ctx context.Context, t *store.Tx) error {
			if _, err := t.MoveModelVersion(ctx, m.ID, v.Version, store.VersionFailed, c.tick(), nil); err != nil || m.ActiveVersion > 0 {
				return err
			}
			if m.Status == store.ModelFailed {
				return nil
			}
			_, err := t.MoveModel(ctx, m.ID, store.ModelFailed, c.tick())
			return err
		})
	}
}

// consistent wants everything that lists show to be there, in states that go
// together.
func (c *client) consistent(rt *rapid.T) {
	for _, c.account = range c.accounts {
		for _, item := range c.do("ListModels", object{})["ModelSummaries"].([]any) {
			m := c.do("DescribeModel", object{"ModelName": item.(object)["ModelName"]})
			if (m["Status"] == "SUCCESS") != (m["ActiveModelVersion"] != nil) {
				rt.Errorf("%v", m)
			}
		}
		for _, item := range c.do("ListDatasets", object{})["DatasetSummaries"].([]any) {
			d := c.do("DescribeDataset", object{"DatasetName": item.(object)["DatasetName"]})
			running := c.do("ListDataIngestionJobs", object{"DatasetName": d["DatasetName"], "Status": "IN_PROGRESS"})["DataIngestionJobSummaries"].([]any)
			if (d["Status"] == "INGESTION_IN_PROGRESS") != (len(running) == 1) {
				rt.Errorf("%v: %v", d, running)
			}
		}
		for _, item := range c.do("ListInferenceSchedulers", object{})["InferenceSchedulerSummaries"].([]any) {
			if s := item.(object)["Status"]; s != "RUNNING" && s != "STOPPED" {
				rt.Errorf("nothing is under way, and a scheduler is %v", s)
			}
		}
	}
}
