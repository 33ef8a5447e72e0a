package metrics

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"millwright/inference/detect/frame"
	"millwright/internal/resultline"
)

const hour = int64(time.Hour)

// TestMetricsByHand: 200 hours; labels at 20-30 (found after 3 h) and 60-70 (missed),
// a false event at 100-101.
func TestMetricsByHand(t *testing.T) {
	t.Parallel()
	c := New(time.Hour, []frame.Range{{Start: 20 * hour, End: 30 * hour}, {Start: 60 * hour, End: 70 * hour}, {Start: 900 * hour, End: 901 * hour}})
	for i := int64(1); i <= 200; i++ {
		r := resultline.Row{
			Time: i * hour, HasScore: true, Score: 0.1, Reason: resultline.NoAnomalyDetected,
			Diagnostics: []resultline.Share{{Name: `c\a`, Value: 0.25}, {Name: `c\b`, Value: 0.75}},
		}
		if i >= 23 && i <= 30 || i == 100 || i == 101 {
			r.Score, r.Prediction, r.Reason = 0.9, 1, resultline.AnomalyDetected
		}
		if i > 180 {
			r = resultline.Row{Time: i * hour, Reason: resultline.MachineOff}
		}
		c.Add(r, Condition{Restarting: i >= 98 && i <= 102 || i == 150, Unseen: i > 90 && i <= 120})
	}
	m := c.Metrics()
	near := func(what string, got, want float64) {
		if math.Abs(got-want) > 1e-9 {
			t.Errorf("%s: %v, not %v", what, got, want)
		}
	}
	near("labelled", float64(m.LabeledEvents.Labeled), 2)
	near("identified", float64(m.LabeledEvents.Identified), 1)
	near("warning", m.LabeledEvents.Warning, 7*3600)
	near("predicted", float64(len(m.Predicted)), 2)
	near("unknown", float64(m.UnknownEvents.Identified), 1)
	near("unknown time", m.UnknownEvents.Duration, 3600)
	near("precision", *m.Version.Precision, 0.5)
	near("recall", m.Version.Recall, 0.5)
	near("lead", *m.Version.Lead, 0.7)
	near("false alarms", m.FalseAlarms, 1/((180-22)/168.0))
	// 22 rows in labels, 8 of them high; 158 outside, 2 of them high
	near("auc", *m.Version.AUC, (8*156+8*2*0.5+14*156*0.5)/(22*158))
	near("restarts", float64(m.Restarts.Restarts), 2)
	near("alarms per restart", m.Restarts.Rate, 0.5)
	near("alarms per hour in unseen modes", m.UnseenModes.Rate, 1.0/30)
	near("share", m.Predicted[0].Diagnostics[1].Value, 0.75)
	if m.Predicted[0].Start != "1970-01-01T23:00:00.000000" {
		t.Error(m.Predicted[0].Start)
	}
	if _, err := json.Marshal(m); err != nil {
		t.Error(err)
	}
}

// TestMeasuresOfNothing has a label over all rows, none of which is anomalous.
func TestMeasuresOfNothing(t *testing.T) {
	t.Parallel()
	c := New(time.Hour, []frame.Range{{Start: 0, End: 1000 * hour}})
	for i := int64(1); i <= 200; i++ {
		c.Add(resultline.Row{Time: i * hour, HasScore: true, Score: 0.1, Reason: resultline.NoAnomalyDetected}, Condition{})
	}
	b, err := json.Marshal(c.Metrics().Version)
	if want := `{"precision":null,"recall":0,"mean_fractional_lead_time":null,"auc":null}`; err != nil || string(b) != want {
		t.Errorf("%s, %v", b, err)
	}
}

func TestNothingToMeasure(t *testing.T) {
	t.Parallel()
	m := New(time.Hour, nil).Metrics()
	if m.LabelsPresent || m.Version != nil || m.FalseAlarms != 0 {
		t.Errorf("%+v", m)
	}
	if _, err := json.Marshal(m); err != nil {
		t.Error(err)
	}
}
