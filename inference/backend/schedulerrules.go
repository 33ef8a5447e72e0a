package backend

import (
	"context"
	"strings"

	"millwright/inference/api"
	"millwright/inference/api/wire"
	"millwright/inference/store"
	"millwright/internal/window"
)

// ready finds a model that can be used, with its active version.
func ready(ctx context.Context, r store.Reader, c api.Caller, name string) (store.Model, store.ModelVersion, error) {
	m, err := r.Model(ctx, c.Account, name)
	if err != nil {
		return m, store.ModelVersion{}, err
	}
	if m.ActiveVersion == 0 {
		return m, store.ModelVersion{}, api.Conflict("model %s is %s: it has no active version yet", name, m.Status)
	}
	v, err := r.ModelVersion(ctx, m.ID, m.ActiveVersion)
	return m, v, err
}

// frequencyRule wants whole rows in a window.
func frequencyRule(frequency, rate string) error {
	if rate == "" {
		return nil
	}
	f, err := window.ParseFrequency(frequency)
	if err != nil {
		return api.Invalid("DataUploadFrequency", "%v", err)
	}
	r, err := window.ParseRate(rate)
	if err != nil {
		return err // it was checked when it was kept
	}
	if f%r != 0 {
		return api.Invalid("DataUploadFrequency", "Member must be a multiple of the model's sampling rate %s", rate)
	}
	return nil
}

// inputRule checks what the pattern of a member lets through by mistake, and what
// the API lets be left out.
func inputRule(in store.InferenceInput) error {
	if in.S3InputConfiguration == nil {
		return api.Invalid("DataInputConfiguration.S3InputConfiguration", "Member must not be null: there is nothing else to read")
	}
	if _, err := window.ParseOffset(in.InputTimeZoneOffset); err != nil {
		return api.Invalid("DataInputConfiguration.InputTimeZoneOffset", "%v", err)
	}
	names := in.InferenceInputNameConfiguration
	if names == nil {
		return nil
	}
	const at = "DataInputConfiguration.InferenceInputNameConfiguration."
	switch window.Format(names.TimestampFormat) {
	case "", window.FormatCompact, window.FormatDashed, window.FormatEpoch:
	default:
		return api.Invalid(at+"TimestampFormat", "Member must be %s, %s or %s", window.FormatEpoch, window.FormatDashed, window.FormatCompact)
	}
	if d := names.ComponentTimestampDelimiter; d != nil && !strings.Contains("-_ ", *d) {
		return api.Invalid(at+"ComponentTimestampDelimiter", "Member must be -, _, a blank or empty")
	}
	return nil
}

func inferenceInput(in wire.InferenceInputConfiguration) store.InferenceInput {
	return store.InferenceInput{
		S3InputConfiguration: (*store.S3Location)(in.S3InputConfiguration), InputTimeZoneOffset: in.InputTimeZoneOffset,
		InferenceInputNameConfiguration: (*store.InputNames)(in.InferenceInputNameConfiguration),
	}
}

func inferenceInputs(in store.InferenceInput) *wire.InferenceInputConfiguration {
	return &wire.InferenceInputConfiguration{
		S3InputConfiguration: (*wire.S3Location)(in.S3InputConfiguration), InputTimeZoneOffset: in.InputTimeZoneOffset,
		InferenceInputNameConfiguration: (*wire.InferenceInputNameConfiguration)(in.InferenceInputNameConfiguration),
	}
}
