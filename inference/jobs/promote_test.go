package jobs_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"millwright/inference/detect"
	"millwright/inference/detect/frame"
	"millwright/inference/store"
	"millwright/internal/resultline"
	"millwright/internal/simulate"
)

const lookBack = 40 // days of the histories of these tests; version 1 knows the first 20

// day is an instant so many days into the history.
func day(n float64) time.Time {
	return history.Add(time.Duration(n * 24 * float64(time.Hour)))
}

// machine gives a component's readings.
type machine func(component string, t time.Time) []float64

func healthy(component string, t time.Time) []float64 { return plant().Row(nil, component, t) }

// wearing is the plant with a bearing that wears out slowly.
func wearing(from, over float64) machine {
	p := simulate.New(simulate.Options{Seed: 7, Rate: five, Fault: simulate.Fault{From: day(from), Over: day(over).Sub(day(0))}})
	return func(component string, t time.Time) []float64 { return p.Row(nil, component, t) }
}

// overhauled is the plant with other pressures from an instant on.
func overhauled(from float64) machine {
	return func(component string, t time.Time) []float64 {
		row := healthy(component, t)
		for i, name := range simulate.Sensors(component) {
			if name == "seal_pressure" && t.After(day(from)) {
				row[i] += 0.4
			}
		}
		return row
	}
}

// text is a component's rows with from < t <= to.
func (m machine) text(component string, from, to time.Time) string {
	var b strings.Builder
	b.WriteString("Timestamp," + strings.Join(simulate.Sensors(component), ",") + "\n")
	for t := from.Add(five); !t.After(to); t = t.Add(five) {
		b.WriteString(t.Format("2006-01-02T15:04:05"))
		for _, v := range m(component, t) {
			fmt.Fprintf(&b, ",%g", v)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// retrained has a model that knows the first days of a healthy plant retrained on the
// days of a machine, and gives the version that comes of it.
func (r *rig) retrained(m machine, labels, mode string) store.ModelVersion {
	r.t.Helper()
	r.clock.set(day(lookBack))
	r.open()
	r.start()
	for _, c := range simulate.Components() {
		r.put("train/"+c+"/1.csv", m.text(c, day(0), day(lookBack)))
	}
	if labels != "" {
		r.put("labels/labels.csv", labels)
	}
	r.ingest("i")
	r.until("the ingestion", 2*time.Minute, func() bool { return r.ingestion("i").Status == store.IngestionSuccess })
	r.model("m")
	r.do(func(ctx context.Context, t *store.Tx) error {
		now := r.clock.Now()
		d, err := t.DatasetByID(ctx, "d")
		if err != nil {
			return err
		}
		if _, err := t.UpdateModelVersion(ctx, "m", 1, now, func(v *store.ModelVersion) { v.Schema = d.Schema }); err != nil {
			return err
		}
		if _, err := t.UpdateModel(ctx, "m", now, func(m *store.Model) {
			m.SamplingRate, m.OffCondition, m.Schema = "PT5M", `pump-7\`+simulate.SpeedSensor+` < 10`, d.Schema
			if labels != "" {
				m.Labels = &store.LabelsInput{S3InputConfiguration: &store.S3Location{Bucket: r.bucket, Prefix: "labels/"}}
			}
		}); err != nil {
			return err
		}
		s := store.Retraining{ModelID: "m", Account: account, ModelName: "m", ModelARN: "arn:m", Status: store.SchedulerPending, StartDate: now, Frequency: "P30D", Lookback: "P180D", Promote: mode, CreatedAt: now, UpdatedAt: now}
		if err := t.CreateRetraining(ctx, s); err != nil {
			return err
		}
		_, err = t.MoveRetraining(ctx, "m", store.SchedulerRunning, now, func(s *store.Retraining) { s.NextAt = now })
		return err
	})
	r.again() // which looks for retrainings that are due
	var v store.ModelVersion
	r.until("the retraining", 2*time.Minute, func() (ok bool) {
		var err error
		v, err = r.store.ModelVersion(r.t.Context(), "m", 2)
		return err == nil && v.Status != store.VersionTraining
	})
	if v.Status != store.VersionSuccess || v.PriorMetrics == "" || v.Metrics == "" || v.AvailableDays != lookBack {
		r.t.Fatalf("%+v", v)
	}
	return v
}

// active is the version in use, and the share of rows between two days for which it has
// an alarm.
func (r *rig) active(m machine, from, to float64) (version int64, alarms float64) {
	r.t.Helper()
	model, err := r.store.ModelByID(r.t.Context(), "m")
	if err != nil {
		r.t.Fatal(err)
	}
	v, err := r.store.ModelVersion(r.t.Context(), "m", model.ActiveVersion)
	if err != nil {
		r.t.Fatal(err)
	}
	file, _, err := r.client.Get(r.t.Context(), r.bucket, v.Artifact, 1<<20)
	if err != nil {
		r.t.Fatal(err)
	}
	d, err := detect.ReadModel(bytes.NewReader(file))
	if err != nil {
		r.t.Fatal(err)
	}
	var rows float64
	s := d.NewSession()
	for t := day(from - 3).Add(five); !t.After(day(to)); t = t.Add(five) {
		if err := s.Add(t.UnixNano(), cells(m, d.Columns(), t), func(row resultline.Row, _ detect.Remark) error {
			if row.Time > day(from).UnixNano() {
				rows++
				alarms += float64(row.Prediction)
			}
			return nil
		}); err != nil {
			r.t.Fatal(err)
		}
	}
	return model.ActiveVersion, alarms / rows
}

func cells(m machine, columns []frame.Name, t time.Time) (row []float64) {
	of := map[frame.Name]float64{}
	for _, c := range simulate.Components() {
		for i, v := range m(c, t) {
			of[frame.Name{Component: c, Sensor: simulate.Sensors(c)[i]}] = v
		}
	}
	for _, n := range columns {
		row = append(row, of[n])
	}
	return row
}

func label(from, to float64, rating string) string {
	const form = "2006-01-02T15:04:05.000000"
	return fmt.Sprintf("%s,%s,%s\n", day(from).Format(form), day(to).Format(form), rating)
}

func TestSlowWearThroughARetrainingStaysInAlarm(t *testing.T) {
	t.Parallel()
	for name, from := range map[string]float64{"within what is learnt": 22, "within what is tried on": 33} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, m := newRig(t), wearing(from, 25)
			v := r.retrained(m, "", "MANAGED")
			version, alarms := r.active(m, lookBack, lookBack+2)
			t.Logf("version %d alarms %.0f %% of the time; %s: %s", version, 100*alarms, v.Promotion, v.PromotionReason)
			if alarms < 0.5 {
				t.Error("it was learnt as normal")
			}
			if from == 22 && (v.Promotion != "MODEL_NOT_PROMOTED" || !strings.Contains(v.PromotionReason, "label that event first")) {
				t.Error(v.Promotion, v.PromotionReason)
			}
		})
	}
}

func TestABenignStepThatIsLabelledIsPromoted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		from   float64
		labels string
	}{
		"within what is learnt":   {24, label(24, 27, "NO_ANOMALY")},
		"within what is tried on": {34, label(34, lookBack, "NO_ANOMALY")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, m := newRig(t), overhauled(c.from)
			v := r.retrained(m, c.labels, "MANAGED")
			if v.Promotion != "MODEL_PROMOTED" || v.PromotionReason == "" {
				t.Error(v.Promotion, v.PromotionReason)
			}
			version, alarms := r.active(m, lookBack, lookBack+3)
			if version != 2 || alarms >= 0.05 {
				t.Errorf("version %d alarms %.1f %% of the time", version, 100*alarms)
			}
		})
	}
}

// The same step without a label is an event that goes on.
func TestAStepThatNobodyHasLabelledIsNotPromoted(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	v := r.retrained(overhauled(24), "", "MANAGED")
	if v.Promotion != "MODEL_NOT_PROMOTED" || !strings.Contains(v.PromotionReason, "label that event first") {
		t.Error(v.Promotion, v.PromotionReason)
	}
	if version, alarms := r.active(overhauled(24), lookBack, lookBack+1); version != 1 || alarms < 0.5 {
		t.Errorf("version %d alarms %.1f %% of the time", version, 100*alarms)
	}
}

func TestVersionsThatAreToBePromotedByHandAreNot(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	v := r.retrained(overhauled(24), label(24, 27, "NO_ANOMALY"), "MANUAL")
	if v.Promotion != "MODEL_NOT_PROMOTED" || !strings.Contains(v.PromotionReason, "by hand") {
		t.Error(v.Promotion, v.PromotionReason)
	}
	if version, _ := r.active(healthy, 1, 2); version != 1 {
		t.Error(version)
	}
}
