package backend_test

import (
	"fmt"
	"strings"
	"testing"

	"millwright/inference/store"
)

func policy(effect, account, action, arn string) string {
	return fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [{"Effect": %q, "Principal": {"AWS": ["arn:aws:iam::%s:root"]}, "Action": %q, "Resource": %q}]}`, effect, account, action, arn)
}

func TestPoliciesAreKept(t *testing.T) {
	t.Parallel()
	r := newRig(t, store.Quotas{})
	arn := r.filled("pumps")
	text := policy("Allow", other, "lookoutequipment:ImportDataset", arn)
	request := object{"ResourceArn": arn, "ResourcePolicy": text, "ClientToken": nil}
	r.refused("DescribeResourcePolicy", object{"ResourceArn": arn}, "ResourceNotFoundException")
	r.refused("DeleteResourcePolicy", object{"ResourceArn": arn}, "ResourceNotFoundException")
	first := r.do("PutResourcePolicy", request)["PolicyRevisionId"]
	if r.do("PutResourcePolicy", request)["PolicyRevisionId"] != first {
		t.Error("the same request made another revision")
	}
	second := r.do("PutResourcePolicy", with(request, object{"PolicyRevisionId": first, "ClientToken": nil}))["PolicyRevisionId"]
	r.refused("PutResourcePolicy", with(request, object{"PolicyRevisionId": first, "ClientToken": nil}), "ConflictException", "revision")
	if shown := r.do("DescribeResourcePolicy", object{"ResourceArn": arn}); shown["PolicyRevisionId"] != second || shown["ResourcePolicy"] != text || shown["CreationTime"] == shown["LastModifiedTime"] {
		t.Errorf("%v", shown)
	}
	for _, bad := range []string{
		"no JSON", "{}", `{"Statement": []}`, strings.Replace(text, "2012", "2011", 1), strings.Replace(text, "Allow", "allow", 1),
		strings.Replace(text, `"Action"`, `"NotAction"`, 1), strings.Replace(text, `"Effect"`, `"Condition": {"Bool": {}}, "Effect"`, 1),
		strings.Replace(text, ":root", ":role/x", 1), strings.Replace(text, `"AWS"`, `"Service"`, 1), text + "{}",
	} {
		r.refused("PutResourcePolicy", with(request, object{"ResourcePolicy": bad, "ClientToken": nil}), "ValidationException", "resourcePolicy")
	}
	group := r.do("CreateLabelGroup", object{"LabelGroupName": "g", "ClientToken": nil})["LabelGroupArn"]
	r.refused("PutResourcePolicy", with(request, object{"ResourceArn": group, "ClientToken": nil}), "ValidationException", "resourceArn")
	r.account = other
	r.refused("PutResourcePolicy", with(request, object{"ClientToken": nil}), "ResourceNotFoundException")
	r.refused("DescribeResourcePolicy", object{"ResourceArn": arn}, "ResourceNotFoundException")
	r.refused("DeleteResourcePolicy", object{"ResourceArn": arn}, "ResourceNotFoundException")
	r.account = own
	r.do("DeleteResourcePolicy", object{"ResourceArn": arn})
}

func TestImportOfADataset(t *testing.T) {
	t.Parallel()
	r := newRig(t, store.Quotas{})
	arn := r.filled("pumps")
	empty := r.dataset("empty")
	put := func(text string) {
		r.account = own
		r.do("PutResourcePolicy", object{"ResourceArn": arn, "ResourcePolicy": text, "ClientToken": nil})
		r.account = other
	}
	request := object{"SourceDatasetArn": arn, "ClientToken": nil}
	r.account = other
	r.refused("ImportDataset", request, "AccessDeniedException", arn)
	for _, no := range []string{
		policy("Allow", own, "lookoutequipment:ImportDataset", arn), policy("Allow", other, "lookoutequipment:ImportModelVersion", arn),
		policy("Allow", other, "lookoutequipment:ImportDataset", arn+"x"), policy("Deny", other, "*", "*"),
		`{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*"}, {"Effect": "Deny", "Principal": "*", "Action": "lookoutequipment:Import*"}]}`,
	} {
		put(no)
		r.refused("ImportDataset", with(request, object{"ClientToken": nil}), "AccessDeniedException")
	}
	put(policy("Allow", other, "lookoutequipment:Import*", "arn:aws:lookoutequipment:*:dataset/pumps/*"))
	answer := r.do("ImportDataset", request)
	job := answer["JobId"].(string)
	r.began("import dataset %s", job)
	if answer["DatasetName"] != "pumps" || answer["Status"] != "IMPORT_IN_PROGRESS" || !strings.Contains(answer["DatasetArn"].(string), other) {
		t.Errorf("%v", answer)
	}
	if shown := r.do("DescribeDataset", object{"DatasetName": "pumps"}); shown["SourceDatasetArn"] != arn || shown["Schema"] != schema {
		t.Errorf("%v", shown)
	}
	if shown := r.do("DescribeDataIngestionJob", object{"JobId": job}); shown["Status"] != "IMPORT_IN_PROGRESS" || shown["SourceDatasetArn"] != arn || shown["IngestionInputConfiguration"] != nil {
		t.Errorf("%v", shown)
	}
	r.refused("ImportDataset", with(request, object{"ClientToken": nil}), "ConflictException", "already")
	r.refused("StartDataIngestionJob", ingestion("pumps"), "ConflictException", "IMPORT_IN_PROGRESS")
	r.refused("DeleteDataset", object{"DatasetName": "pumps"}, "ConflictException", "IMPORT_IN_PROGRESS")
	r.ingested(job)
	if shown := r.do("DescribeDataset", object{"DatasetName": "pumps"}); shown["Status"] != "ACTIVE" {
		t.Errorf("%v", shown)
	}
	r.account = own
	r.refused("ImportDataset", object{"SourceDatasetArn": arn, "ClientToken": nil}, "ConflictException", "already")
	r.do("ImportDataset", object{"SourceDatasetArn": arn, "DatasetName": "copy", "ClientToken": nil})
	r.refused("DeleteDataset", object{"DatasetName": "pumps"}, "ConflictException", "imported")
	r.refused("ImportDataset", object{"SourceDatasetArn": empty, "DatasetName": "two", "ClientToken": nil}, "ConflictException", "CREATED")
	r.refused("ImportDataset", object{"SourceDatasetArn": arn + "0", "ClientToken": nil}, "ResourceNotFoundException")
}

func TestImportOfAModelVersion(t *testing.T) {
	t.Parallel()
	r := newRig(t, store.Quotas{})
	r.filled("pumps")
	arn := r.trained("m", "pumps")
	r.do("TagResource", object{"ResourceArn": arn, "Tags": []object{{"Key": "millwright:restart", "Value": "5m"}}})
	version := arn + "/model-version/1"
	request := object{"SourceModelVersionArn": version, "DatasetName": "here", "ClientToken": nil}
	r.account = other
	r.filled("here")
	r.refused("ImportModelVersion", request, "AccessDeniedException", version)
	r.account = own
	r.do("PutResourcePolicy", object{"ResourceArn": arn, "ResourcePolicy": policy("Allow", other, "lookoutequipment:ImportModelVersion", arn+"*"), "ClientToken": nil})
	r.account = other
	r.refused("ImportModelVersion", with(request, object{"DatasetName": "none", "ClientToken": nil}), "ResourceNotFoundException", "none")
	r.refused("ImportModelVersion", with(request, object{"LabelsInputConfiguration": object{"LabelGroupName": "none"}, "ClientToken": nil}), "ResourceNotFoundException", "none")
	r.refused("ImportModelVersion", with(request, object{"SourceModelVersionArn": arn + "/model-version/9", "ClientToken": nil}), "ResourceNotFoundException")
	r.do("CreateDataset", object{"DatasetName": "narrow", "ClientToken": nil, "DatasetSchema": object{"InlineDataSchema": strings.Replace(schema, "rpm", "noise", 1)}})
	r.refused("ImportModelVersion", with(request, object{"DatasetName": "narrow", "ClientToken": nil}), "ValidationException", "datasetName", "rpm")
	answer := r.do("ImportModelVersion", request)
	id := r.modelID("m")
	r.began("import model %s 1 NO_IMPORT", id)
	if answer["Status"] != "IMPORT_IN_PROGRESS" || answer["ModelName"] != "m" || answer["ModelVersion"] != 1.0 || r.do("ImportModelVersion", request)["ModelVersionArn"] != answer["ModelVersionArn"] {
		t.Errorf("%v", answer)
	}
	r.refused("ImportModelVersion", with(request, object{"ClientToken": nil}), "ConflictException", "IMPORT_IN_PROGRESS")
	r.account = own
	r.refused("DeleteModel", object{"ModelName": "m"}, "ConflictException", "imported")
	r.account = other
	r.made(id, 1)
	shown := r.do("DescribeModel", object{"ModelName": "m"})
	if shown["SourceModelVersionArn"] != version || shown["DataPreProcessingConfiguration"].(object)["TargetSamplingRate"] != "PT10M" || shown["ImportJobEndTime"] == nil || shown["DatasetName"] != "here" {
		t.Errorf("%v", shown)
	}
	if made := r.do("DescribeModelVersion", object{"ModelName": "m", "ModelVersion": 1}); made["SourceType"] != "IMPORT" || made["ImportedDataSizeInBytes"] != 0.0 {
		t.Errorf("%v", made)
	}
	if tags := r.do("ListTagsForResource", object{"ResourceArn": answer["ModelVersionArn"]})["Tags"].([]any); tags[2].(object)["Value"] != "1h0m0s" {
		t.Errorf("a version keeps what it was made with: %v", tags)
	}
	r.filled("elsewhere")
	r.refused("ImportModelVersion", with(request, object{"DatasetName": "elsewhere", "ClientToken": nil}), "ValidationException", "datasetName", "here")
	second := r.do("ImportModelVersion", with(request, object{"InferenceDataImportStrategy": "OVERWRITE", "ClientToken": nil}))
	r.began("import model %s 2 OVERWRITE", id)
	if second["ModelVersion"] != 2.0 {
		t.Errorf("%v", second)
	}
}
