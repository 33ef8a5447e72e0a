package api

import (
	"encoding/json"
	"strings"
	"testing"
)

// samples are good values of the shapes that a pattern is for.
func samples() map[string]string {
	const arn = "arn:aws:lookoutequipment:plant-1:000000000000:"
	return map[string]string{
		"AmazonResourceArn":            arn + "dataset/pumps/0f",
		"BoundedLengthString":          "größer als erlaubt\n",
		"Comments":                     "seal replaced, 油",
		"ComponentName":                "pump-7.a",
		"ComponentTimestampDelimiter":  "",
		"DatasetArn":                   arn + "dataset/pumps/0f",
		"DatasetIdentifier":            "pumps",
		"DatasetName":                  "pumps",
		"Equipment":                    "pump 7",
		"FaultCode":                    "bearing",
		"FileNameTimestampFormat":      "yyyyMMddHHmmss",
		"IamRoleArn":                   "arn:aws:iam::000000000000:role/any",
		"IdempotenceToken":             "0f-token ~",
		"InferenceSchedulerArn":        arn + "inference-scheduler/pumps/0f",
		"InferenceSchedulerIdentifier": "pumps-live",
		"InferenceSchedulerName":       "pumps-live",
		"IngestionJobId":               "0123456789abcdef0123456789ABCDEF",
		"KmsKeyArn":                    "arn:aws:kms:eu-west-1:000000000000:key/0f-1",
		"LabelGroupArn":                arn + "label-group/pumps/0f",
		"LabelGroupName":               "pumps",
		"LabelId":                      "0123456789abcdef0123456789abcdef",
		"LookbackWindow":               "P360D",
		"ModelArn":                     arn + "model/pumps/0f",
		"ModelName":                    "pumps",
		"ModelVersionArn":              arn + "model/pumps/0f/model-version/3",
		"NameOrArn":                    "alias/own",
		"NextToken":                    "eyJ4IjoxfQ==",
		"Policy":                       `{"Version":"2012-10-17"}`,
		"PolicyRevisionId":             "0F",
		"ResourceArn":                  arn + "model/pumps/0f",
		"RetrainingFrequency":          "P3M15D",
		"S3Bucket":                     "plant",
		"S3Key":                        "in/pump-7/a.csv",
		"S3Prefix":                     "in/",
		"SensorName":                   "flow:#$._-1",
		"TagKey":                       "millwright:restart",
		"TagValue":                     "1 h",
		"TimeZoneOffset":               "+05:30",
	}
}

// sample makes a good value of a shape with every member in it.
func sample(t testing.TB, s *Shape) any {
	t.Helper()
	switch s.Type {
	case Structure:
		object := map[string]any{}
		for _, m := range s.Members {
			object[m.Name] = sample(t, m.Shape)
		}
		return object
	case List:
		return []any{sample(t, s.Elem), sample(t, s.Elem)}
	case Boolean:
		return true
	case Timestamp:
		return json.Number("1767614400.125")
	case Float:
		return json.Number("12.5")
	case Integer, Long:
		return json.Number("7")
	}
	if len(s.Enum) > 0 {
		return s.Enum[len(s.Enum)-1]
	}
	text, ok := samples()[s.Name]
	if !ok {
		if s.Pattern != nil {
			t.Fatalf("no sample of %s", s.Name)
		}
		text = strings.Repeat("x", int(max(*s.Min, 5)))
	}
	return text
}

func object(t testing.TB, s *Shape) map[string]any {
	t.Helper()
	return sample(t, s).(map[string]any)
}

func loaded(t testing.TB) *Model {
	t.Helper()
	m, err := NewModel()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// silent is a Backend whose methods are there and never called.
type silent struct{ Backend }

// each goes through a shape and all below it, once.
func each(s *Shape, seen map[*Shape]bool, fn func(*Shape)) {
	if seen[s] {
		return
	}
	seen[s] = true
	fn(s)
	if s.Elem != nil {
		each(s.Elem, seen, fn)
	}
	for _, m := range s.Members {
		each(m.Shape, seen, fn)
	}
}

// requests goes through every shape that a request can hold.
func requests(m *Model, fn func(*Shape)) {
	seen := map[*Shape]bool{}
	for _, op := range m.Operations {
		each(op.Input, seen, fn)
	}
}

// everything goes through every shape of operations.
func everything(m *Model, fn func(*Shape)) {
	seen := map[*Shape]bool{}
	for _, op := range m.Operations {
		each(op.Input, seen, fn)
		if op.Output != nil {
			each(op.Output, seen, fn)
		}
	}
}
