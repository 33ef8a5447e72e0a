package backend

import (
	"context"
	"strconv"
	"time"

	"millwright/inference/api"
	"millwright/inference/api/wire"
	"millwright/inference/detect/frame"
	"millwright/inference/lake"
	"millwright/inference/store"
)

// modelRequest checks what the members of a request say together.
func modelRequest(in *wire.CreateModelRequest) error {
	if err := labelsRule(in.LabelsInputConfiguration); err != nil {
		return err
	}
	if _, err := frame.ParseOff(in.OffCondition); err != nil {
		return api.Invalid("OffCondition", "%v", err)
	}
	train, err := span("TrainingData", in.TrainingDataStartTime, in.TrainingDataEndTime)
	if err != nil {
		return err
	}
	evaluate, err := span("EvaluationData", in.EvaluationDataStartTime, in.EvaluationDataEndTime)
	if err != nil {
		return err
	}
	if train.given() && evaluate.given() && train.start.Before(evaluate.end) && evaluate.start.Before(train.end) {
		return api.Invalid("EvaluationDataStartTime", "Member must not be within the range of the training data, nor the other way round: the ranges overlap")
	}
	return nil
}

// stretch is a range of time; zero when it is not given.
type stretch struct{ start, end time.Time }

func (s stretch) given() bool { return !s.end.IsZero() }

// span is a range that two members of a request give, or neither of them.
func span(name string, start, end wire.Time) (stretch, error) {
	switch {
	case start.IsZero() && !end.IsZero():
		return stretch{}, api.Invalid(name+"StartTime", "Member must be given where %sEndTime is", name)
	case !start.IsZero() && end.IsZero():
		return stretch{}, api.Invalid(name+"EndTime", "Member must be given where %sStartTime is", name)
	case !start.IsZero() && !end.After(start.Time):
		return stretch{}, api.Invalid(name+"EndTime", "Member must be after %sStartTime", name)
	}
	return stretch{start.Time, end.Time}, nil
}

// labelsRule wants labels from one place.
func labelsRule(in *wire.LabelsInputConfiguration) error {
	if in != nil && (in.S3InputConfiguration == nil) == (in.LabelGroupName == "") {
		return api.Invalid("LabelsInputConfiguration", "Member must have one of S3InputConfiguration and LabelGroupName")
	}
	return nil
}

// modelSchema is the schema that a model is made with: its own, which has to be
// within the dataset's, or all of that. The off sensor may be any of the dataset's.
func (b *Backend) modelSchema(own string, d store.Dataset, off string) (string, error) {
	whole, err := schemaOf(d.Schema)
	if err != nil {
		return "", err
	}
	text := d.Schema
	used := whole
	if own != "" {
		if used, err = lake.ParseSchema(own); err != nil {
			return "", err
		}
		if err := used.Within(whole); err != nil {
			return "", api.Invalid("DatasetSchema.InlineDataSchema", "%s", clipped(err.Error(), maxReason))
		}
		text = own
	}
	if n := len(used.Sensors()); b.o.SensorsPerModel > 0 && n > b.o.SensorsPerModel {
		return "", api.Quota("sensors of a model: at most %d, and the schema has %d: name fewer in DatasetSchema", b.o.SensorsPerModel, n)
	}
	return text, offSensor(off, whole)
}

// offSensor wants the sensor of an off condition among those of a schema.
func offSensor(condition string, known lake.Schema) error {
	off, err := frame.ParseOff(condition)
	if err != nil {
		return api.Invalid("OffCondition", "%v", err)
	}
	if !off.Set() {
		return nil
	}
	for _, name := range known.Sensors() {
		if name == off.Sensor {
			return nil
		}
	}
	return api.Invalid("OffCondition", "Member must name a sensor of the dataset; it has no %s", off.Sensor)
}

// within wants ranges in which the dataset has data, as far as that is known.
func within(ctx context.Context, r store.Reader, d store.Dataset, in *wire.CreateModelRequest) error {
	if d.IngestionID == "" {
		return nil
	}
	j, err := r.Ingestion(ctx, d.IngestionID)
	if err != nil || j.Status != store.IngestionSuccess || j.DataEnd.IsZero() {
		if missing(err) {
			return nil
		}
		return err
	}
	for _, at := range []struct {
		member     string
		start, end wire.Time
	}{
		{"TrainingDataStartTime", in.TrainingDataStartTime, in.TrainingDataEndTime},
		{"EvaluationDataStartTime", in.EvaluationDataStartTime, in.EvaluationDataEndTime},
	} {
		if !at.end.IsZero() && (at.end.Before(j.DataStart) || at.start.After(j.DataEnd)) {
			return api.Invalid(at.member, "Member must begin a range with data; dataset %s has data from %s to %s",
				d.Name, j.DataStart.Format(time.RFC3339), j.DataEnd.Format(time.RFC3339))
		}
	}
	return nil
}

func versionARN(model string, version int64) string {
	if version == 0 {
		return ""
	}
	return numbered(model)(version)
}

func numbered(model string) func(int64) string {
	return func(version int64) string { return model + "/model-version/" + strconv.FormatInt(version, 10) }
}

func labelsInput(in *wire.LabelsInputConfiguration) *store.LabelsInput {
	if in == nil {
		return nil
	}
	return &store.LabelsInput{S3InputConfiguration: (*store.S3Location)(in.S3InputConfiguration), LabelGroupName: in.LabelGroupName}
}

func labelsInputs(in *store.LabelsInput) *wire.LabelsInputConfiguration {
	if in == nil {
		return nil
	}
	return &wire.LabelsInputConfiguration{S3InputConfiguration: (*wire.S3Location)(in.S3InputConfiguration), LabelGroupName: in.LabelGroupName}
}

func output(o *wire.OutputConfiguration) *store.Output {
	if o == nil {
		return nil
	}
	return &store.Output{S3OutputConfiguration: store.S3Location(o.S3OutputConfiguration), KmsKeyID: o.KmsKeyId}
}

func outputs(o *store.Output) *wire.OutputConfiguration {
	if o == nil {
		return nil
	}
	return &wire.OutputConfiguration{S3OutputConfiguration: wire.S3Location(o.S3OutputConfiguration), KmsKeyId: o.KmsKeyID}
}

func sampling(rate string) *wire.DataPreProcessingConfiguration {
	if rate == "" {
		return nil
	}
	return &wire.DataPreProcessingConfiguration{TargetSamplingRate: rate}
}
