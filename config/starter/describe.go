package starter

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"millwright/internal/window"
)

// schedulerAnswer is what DescribeInferenceScheduler says that matters here.
type schedulerAnswer struct {
	ModelName                string
	InferenceSchedulerName   string
	InferenceSchedulerArn    string
	DataUploadFrequency      string
	DataDelayOffsetInMinutes *int64
	DataInputConfiguration   *struct {
		S3InputConfiguration            location
		InputTimeZoneOffset             string
		InferenceInputNameConfiguration *struct {
			TimestampFormat             string
			ComponentTimestampDelimiter *string
		}
	}
	DataOutputConfiguration *struct {
		S3OutputConfiguration location
		KmsKeyID              string `json:"KmsKeyId"`
	}
}

type location struct{ Bucket, Prefix string }

// FromScheduler takes over a DescribeInferenceScheduler answer in JSON, as the
// command line tools print it.
func (s *Starter) FromScheduler(answer []byte) error {
	var a schedulerAnswer
	if err := json.Unmarshal(answer, &a); err != nil {
		return fmt.Errorf("read scheduler: %w: give the JSON that describe-inference-scheduler prints", err)
	}
	if a.InferenceSchedulerName == "" {
		return fmt.Errorf("read scheduler: it has no InferenceSchedulerName: give the JSON that describe-inference-scheduler prints")
	}
	if err := s.model(a.ModelName); err != nil {
		return err
	}
	s.Scheduler = a.InferenceSchedulerName
	if _, err := window.ParseFrequency(a.DataUploadFrequency); err == nil {
		s.Frequency = a.DataUploadFrequency
	} else if a.DataUploadFrequency != "" {
		s.note("the scheduler's frequency %q is not one of the service's", a.DataUploadFrequency)
	}
	// The service leaves out what was not given, and takes no offset then.
	s.Delay = "0"
	if a.DataDelayOffsetInMinutes != nil {
		s.Delay = strconv.FormatInt(*a.DataDelayOffsetInMinutes, 10)
	}
	s.input(a)
	if out := a.DataOutputConfiguration; out != nil {
		s.OutputBucket, s.OutputPrefix, s.OutputKnown = out.S3OutputConfiguration.Bucket, out.S3OutputConfiguration.Prefix, true
		if out.KmsKeyID != "" {
			s.note("results are encrypted with the KMS key %s: these credentials need kms:Decrypt on it", out.KmsKeyID)
		}
	}
	if part := strings.Split(a.InferenceSchedulerArn, ":"); len(part) > 3 && part[3] != "" {
		s.note("the scheduler is in region %s; set s3.region if the buckets are too", part[3])
	}
	return nil
}

func (s *Starter) input(a schedulerAnswer) {
	in := a.DataInputConfiguration
	if in == nil {
		return
	}
	s.InputBucket, s.InputPrefix, s.InputKnown = in.S3InputConfiguration.Bucket, in.S3InputConfiguration.Prefix, true
	if s.Offset = in.InputTimeZoneOffset; s.Offset == "" {
		s.Offset = "+00:00"
	}
	delimiter := window.DefaultDelimiter
	s.Delimiter = &delimiter
	if n := in.InferenceInputNameConfiguration; n != nil {
		s.Format = n.TimestampFormat
		if n.ComponentTimestampDelimiter != nil {
			s.Delimiter = n.ComponentTimestampDelimiter
		}
	}
	if s.Format == "" {
		s.note("the scheduler names no TimestampFormat, and the service's default is not documented: look at the names of existing inputs")
	}
}

// FromModel takes over a DescribeModel answer in JSON: schema, rate and off
// condition.
func (s *Starter) FromModel(answer []byte) error {
	var a struct {
		ModelName                      string
		Schema                         json.RawMessage
		OffCondition                   string
		DataPreProcessingConfiguration *struct{ TargetSamplingRate string }
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		return fmt.Errorf("read model: %w: give the JSON that describe-model prints", err)
	}
	if a.ModelName == "" {
		return fmt.Errorf("read model: it has no ModelName: give the JSON that describe-model prints")
	}
	if err := s.model(a.ModelName); err != nil {
		return err
	}
	if p := a.DataPreProcessingConfiguration; p != nil && p.TargetSamplingRate != "" {
		s.Rate = p.TargetSamplingRate
	} else {
		s.note("the model names no TargetSamplingRate: it was trained at the data's own rate")
	}
	if a.OffCondition != "" {
		s.note("the model is off while %s: upload these rows all the same, the service leaves them out", strconv.Quote(a.OffCondition))
	}
	return s.schema(a.Schema)
}

// schema reads the model's schema, which the service sends as JSON in a string.
func (s *Starter) schema(raw json.RawMessage) error {
	var inner string
	if json.Unmarshal(raw, &inner) == nil {
		raw = json.RawMessage(inner)
	}
	if len(raw) == 0 {
		return nil
	}
	var schema struct {
		Components []struct {
			ComponentName string
			Columns       []struct{ Name, Type string }
		}
	}
	if err := json.Unmarshal(raw, &schema); err != nil {
		return fmt.Errorf("read the model's schema: %w", err)
	}
	s.Components, s.Schema = nil, map[string][]string{}
	for _, c := range schema.Components {
		s.Components = append(s.Components, c.ComponentName)
		for _, column := range c.Columns {
			if column.Type != "DATETIME" {
				s.Schema[c.ComponentName] = append(s.Schema[c.ComponentName], column.Name)
			}
		}
	}
	slices.Sort(s.Components)
	return nil
}

// model refuses answers about two models.
func (s *Starter) model(name string) error {
	if s.Model != "" && name != "" && s.Model != name {
		return fmt.Errorf("the scheduler and the model do not belong together: one is of %q, the other of %q", s.Model, name)
	}
	if name != "" {
		s.Model = name
	}
	return nil
}
