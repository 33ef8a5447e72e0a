package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"millwright/inference/backend"
	"millwright/inference/store"
)

// Activate implements backend.Work: the target of false alarms that the model's tags
// say now is frozen with the version, and its limit follows from that whenever it is
// loaded. A version that was imported keeps the target that it came with as long as no
// tag says another.
func (j *Jobs) Activate(ctx context.Context, t *store.Tx, model string, version int64) error {
	if j.o.Freeze == nil {
		return nil
	}
	v, err := t.ModelVersion(ctx, model, version)
	if err != nil {
		return err
	}
	m, err := t.ModelByID(ctx, model)
	if err != nil {
		return err
	}
	text, err := j.o.Freeze(ctx, t.Reader, m.ARN)
	if err != nil {
		return err
	}
	if v.Source == store.SourceImport {
		tags, err := t.Tags(ctx, m.ARN)
		if err != nil || !slices.ContainsFunc(tags, func(g store.Tag) bool { return g.Key == backend.TagFalseAlarms }) {
			return err
		}
	}
	then, err := settingsOf(v.Settings)
	if err != nil {
		return err
	}
	now, err := settingsOf(text)
	if err != nil || then.FalseAlarmsPerWeek == now.FalseAlarmsPerWeek {
		return err
	}
	if len(v.Settings) > 0 {
		then.FalseAlarmsPerWeek = now.FalseAlarmsPerWeek
		if text, err = json.Marshal(then); err != nil {
			return err
		}
	}
	_, err = t.UpdateModelVersion(ctx, model, version, j.now(), func(v *store.ModelVersion) { v.Settings = text })
	return err
}

// targetOf is how many false alarms a week a version's limit is for; 0: nothing says so.
func targetOf(v store.ModelVersion) float64 {
	s, err := settingsOf(v.Settings)
	if err != nil || len(v.Settings) == 0 {
		return 0
	}
	return s.FalseAlarmsPerWeek
}

// settingsOf reads settings that were frozen with a version.
func settingsOf(frozen json.RawMessage) (s backend.Settings, err error) {
	if len(frozen) > 0 {
		err = json.Unmarshal(frozen, &s)
	}
	if err != nil {
		return s, fmt.Errorf("read the settings of a version: %w", err)
	}
	if s.FalseAlarmsPerWeek == 0 {
		s.FalseAlarmsPerWeek = 1
	}
	return s, nil
}
