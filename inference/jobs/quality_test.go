package jobs_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"millwright/inference/detect"
	"millwright/inference/detect/frame"
	"millwright/inference/lake"
	"millwright/inference/store"
	"millwright/internal/simulate"
)

// repaired is the plant with a fault that was repaired.
func repaired(from, to float64) machine {
	bad := wearing(from, (to-from)/2)
	return func(component string, t time.Time) []float64 {
		if t.After(day(from)) && !t.After(day(to)) {
			return bad(component, t)
		}
		return healthy(component, t)
	}
}

// ingested has a node with a data set of so many days of a machine.
func (r *rig) ingested(m machine, days float64) lake.Schema {
	r.t.Helper()
	r.clock.set(day(days))
	r.open()
	r.start()
	for _, c := range simulate.Components() {
		r.put("train/"+c+"/1.csv", m.text(c, day(0), day(days)))
	}
	r.ingest("i")
	r.until("the ingestion", 2*time.Minute, func() bool { return r.ingestion("i").Status == store.IngestionSuccess })
	d, err := r.store.DatasetByID(r.t.Context(), "d")
	if err != nil {
		r.t.Fatal(err)
	}
	schema, err := lake.ParseSchema(d.Schema)
	if err != nil {
		r.t.Fatal(err)
	}
	return schema
}

// labelled has labels for a version.
func (r *rig) labelled(text string) func(*store.ModelVersion) {
	prefix := "labels/" + store.NewUUID() + "/"
	r.put(prefix+"labels.csv", text)
	return func(v *store.ModelVersion) {
		v.Labels = &store.LabelsInput{S3InputConfiguration: &store.S3Location{Bucket: r.bucket, Prefix: prefix}}
	}
}

// versions trains a version of model m for each change, and gives them when all are
// there. The first one is made with the model.
func (r *rig) versions(changes ...func(*store.ModelVersion)) []store.ModelVersion {
	r.t.Helper()
	r.train(changes[0])
	for _, change := range changes[1:] {
		r.do(func(ctx context.Context, t *store.Tx) error {
			d, err := t.DatasetByID(ctx, "d")
			if err != nil {
				return err
			}
			now := r.clock.Now()
			v := store.ModelVersion{ModelID: "m", Status: store.VersionTraining, Source: store.SourceTraining, DatasetID: "d", Schema: d.Schema, CreatedAt: now, UpdatedAt: now, StartedAt: now}
			v.SamplingRate, v.OffCondition = "PT5M", `pump-7\`+simulate.SpeedSensor+` < 10`
			change(&v)
			if v, err = t.CreateModelVersion(ctx, v, func(n int64) string { return "arn:m/" + string(rune('0'+n)) }); err != nil {
				return err
			}
			return r.jobs.Train(ctx, t, "m", v.Version)
		})
	}
	all := make([]store.ModelVersion, len(changes))
	for i := range all {
		r.until("a training", 2*time.Minute, func() (over bool) {
			v, err := r.store.ModelVersion(r.t.Context(), "m", int64(i+1))
			all[i] = v
			return err == nil && v.Status != store.VersionTraining
		})
		if all[i].Status != store.VersionSuccess {
			r.t.Fatalf("%+v", all[i])
		}
	}
	return all
}

func (r *rig) detector(v store.ModelVersion) *detect.Model {
	r.t.Helper()
	file, _, err := r.client.Get(r.t.Context(), r.bucket, v.Artifact, 1<<20)
	if err != nil {
		r.t.Fatal(err)
	}
	m, err := detect.ReadModel(bytes.NewReader(file))
	if err != nil {
		r.t.Fatal(err)
	}
	return m
}

func TestQualityIsThatOfTheHistoryWhereNothingIsEvaluated(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.ingested(repaired(8, 10), 20)
	fault := label(8.8, 10, "ANOMALY")
	evaluate := func(from, to float64, change func(*store.ModelVersion)) func(*store.ModelVersion) {
		return func(v *store.ModelVersion) {
			change(v)
			v.EvaluationStart, v.EvaluationEnd = day(from), day(to)
		}
	}
	want := []struct {
		what    string
		change  func(*store.ModelVersion)
		quality string
		metrics string // in ModelMetrics; "": there are none
	}{
		{"a fault that is labelled", r.labelled(fault), "QUALITY_THRESHOLD_MET", ""},
		{"labels where nothing happens", r.labelled(label(12, 13, "ANOMALY") + label(14, 15, "ANOMALY")), "POOR_QUALITY_DETECTED", ""},
		{"no anomaly among the labels", r.labelled(label(12, 13, "NO_ANOMALY")), "CANNOT_DETERMINE_QUALITY", ""},
		{"a label outside the data", r.labelled(label(100, 101, "ANOMALY")), "CANNOT_DETERMINE_QUALITY", ""},
		{"a fault within the evaluation", evaluate(7, 12, r.labelled(fault)), "QUALITY_THRESHOLD_MET", `"labels_present":true`},
		{"a fault outside the evaluation", evaluate(14, 18, r.labelled(fault)), "QUALITY_THRESHOLD_MET", `"labels_present":false`},
	}
	var changes []func(*store.ModelVersion)
	for _, w := range want {
		changes = append(changes, w.change)
	}
	for i, v := range r.versions(changes...) {
		if w := want[i]; v.Quality != w.quality || !strings.Contains(v.Metrics, w.metrics) || (v.Metrics == "") != (w.metrics == "") {
			t.Errorf("%s: %s, metrics %.200q", w.what, v.Quality, v.Metrics)
		}
		if !strings.Contains(strings.Join(v.Warnings, " "), "180 days") {
			t.Errorf("%q", v.Warnings)
		}
	}
}

// What is labelled within the evaluation changes nothing of a model, what reaches into
// it only what lies outside.
func TestLabelsWithinTheEvaluationAreNotKnownToTheTraining(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.ingested(repaired(8, 10), 20)
	evaluated := func(text string) func(*store.ModelVersion) {
		with := r.labelled(text)
		return func(v *store.ModelVersion) {
			with(v)
			v.EvaluationStart, v.EvaluationEnd = day(15), day(18)
		}
	}
	fault := label(8, 10, "ANOMALY")
	all := r.versions(
		evaluated(fault),
		evaluated(fault+label(15.5, 16, "ANOMALY")+label(16.5, 17, "NO_ANOMALY")+label(15, 15.1, "ANOMALY")),
		evaluated(fault+label(14.5, 15.5, "ANOMALY")),
		evaluated(fault+label(14.5, 16, "ANOMALY")+label(17, 18, "NO_ANOMALY")),
	)
	hash := func(i int) string { _, h, _ := strings.Cut(all[i].Artifact, "-"); return h }
	if hash(0) != hash(1) {
		t.Error("labels within the evaluation made another model")
	}
	if hash(2) == hash(0) || hash(2) != hash(3) {
		t.Error("of labels that reach into the evaluation not just what lies outside counts:", hash(0), hash(2), hash(3))
	}
	if all[0].Metrics == all[1].Metrics {
		t.Error("the metrics do not know the labels")
	}
}

func TestAnOffSensorOutsideTheSchemaOnlyTellsWhenTheMachineIsOff(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	whole := r.ingested(healthy, 20)
	motor, ok := whole.Component("motor-7")
	if !ok {
		t.Fatal(whole)
	}
	v := r.versions(func(v *store.ModelVersion) { v.Schema = lake.Schema{Components: []lake.Component{motor}}.JSON() })[0]
	m := r.detector(v)
	for _, n := range m.Sensors() {
		if n.Component != "motor-7" {
			t.Error("learnt:", n)
		}
	}
	off := frame.Name{Component: "pump-7", Sensor: simulate.SpeedSensor}
	if len(m.Sensors()) == 0 || m.Trained.Off == 0 || len(m.Trained.Dropped) != 1 || m.Trained.Dropped[0].Sensor != off {
		t.Errorf("%+v", m.Trained)
	}
}
