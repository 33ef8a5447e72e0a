package main

import (
	"crypto/sha256"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"millwright/internal/event"
	"millwright/internal/ledger"
	"millwright/internal/outbox"
	"millwright/internal/resultline"
	"millwright/internal/window"
)

// resultsRig is a state folder as a daemon leaves it.
type resultsRig struct {
	t      *testing.T
	dir    string
	config string
	ledger *ledger.Ledger
	merge  map[string]*event.Merger // by scheduler
}

func newResultsRig(t *testing.T) *resultsRig {
	t.Helper()
	dir := t.TempDir()
	config := dropped(t, t.TempDir(), "agent.yaml", fmt.Sprintf(`instance: test
state_dir: %s
s3: {region: eu-west-1}
drops: [{path: %s}]
schedulers:
  - name: pump-7
    data_upload_frequency: PT5M
    target_sampling_rate: PT1M
    input: {bucket: plant, prefix: in/}
    output: {bucket: plant, prefix: out/}
  - name: mill
    components: [mill-1, mill-2]
    data_upload_frequency: PT1H
    target_sampling_rate: PT5M
    input: {bucket: plant, prefix: in2/}
    output: {bucket: plant, prefix: out2/}
`, dir, t.TempDir()))
	led, err := ledger.Open(t.Context(), dir, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = led.Close() })
	return &resultsRig{t, dir, config, led, map[string]*event.Merger{}}
}

// deliver puts a result on site; a score below 0 is a row of an off machine.
func (r *resultsRig) deliver(scheduler string, start time.Time, step time.Duration, scores ...float64) {
	r.t.Helper()
	o := window.Outcome{
		Scheduler: scheduler, Start: start.UnixNano(), Scoring: window.Delivered, Generation: 1, Peak: math.NaN(),
		Wake: start.Add(time.Duration(len(scores))*step + 2*time.Minute), Path: window.ResultPath(scheduler, start.UnixNano()), Rows: int64(len(scores)),
	}
	o.At = o.Wake.Add(20 * time.Second)
	if r.merge[scheduler] == nil {
		r.merge[scheduler] = event.New(event.RuleFor(5*time.Minute, step, 0))
	}
	var text []byte
	var events []outbox.Event
	for i, score := range scores {
		row := resultline.Row{Time: start.Add(time.Duration(i+1) * step).UnixNano(), Reason: resultline.NoAnomalyDetected, Score: score, HasScore: true}
		row.Diagnostics = []resultline.Share{{Name: scheduler + `\flow`, Value: score * 0.8}, {Name: scheduler + `\speed`, Value: 0.2}, {Name: scheduler + `\bearing-temperature`, Value: 0.8 - score*0.8}}
		switch {
		case score < 0:
			row.Reason, row.Score, row.HasScore, row.Diagnostics = resultline.MachineOff, 0, false, nil
			o.Off++
		case score > resultline.Threshold:
			row.Prediction, row.Reason = 1, resultline.AnomalyDetected
			o.Anomalous++
		}
		if row.HasScore && !(score <= o.Peak) {
			o.Peak, o.PeakAt = score, row.Time
		}
		text = resultline.Append(text, row)
		for _, e := range r.merge[scheduler].Add(row) {
			events = append(events, outbox.Event{Scheduler: scheduler, Event: e, Generation: 1})
		}
	}
	o.Size, o.SHA256 = int64(len(text)), sha256.Sum256(text)
	dropped(r.t, r.dir, o.Path, string(text))
	r.commit(outbox.Step{Scheduler: scheduler, Outcomes: []window.Outcome{o}, Events: events})
}

func (r *resultsRig) without(scheduler string, start time.Time, how window.Scoring, reason string) {
	r.t.Helper()
	wake := start.Add(7 * time.Minute)
	r.commit(outbox.Step{Scheduler: scheduler, Outcomes: []window.Outcome{{
		Scheduler: scheduler, Start: start.UnixNano(), Scoring: how, Reason: reason, Remedy: "look", Wake: wake, At: wake.Add(10 * time.Minute), Peak: math.NaN(),
	}}})
}

func (r *resultsRig) commit(s outbox.Step) {
	r.t.Helper()
	if err := r.ledger.CommitStep(r.t.Context(), s); err != nil {
		r.t.Fatal(err)
	}
}

var resultsDay = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)

// story is half a day of a pump: it stands still, runs, is not scored for a
// while, and something begins to go wrong; of a mill, an hour.
func (r *resultsRig) story() {
	r.t.Helper()
	at := resultsDay
	next := func() time.Time { at = at.Add(5 * time.Minute); return at.Add(-5 * time.Minute) }
	for range 6 {
		r.deliver("pump-7", next(), time.Minute, -1, -1, -1, -1, -1)
	}
	for i := range 90 {
		base := 0.2 + 0.1*math.Sin(float64(i)/9)
		r.deliver("pump-7", next(), time.Minute, base, base+0.02, base+0.05, base+0.01, base)
	}
	for range 3 {
		r.without("pump-7", next(), window.Missing, "no result 10m0s after the wake-up")
	}
	r.without("pump-7", next(), window.Failed, "the scheduler says: Failed to read s3://plant/in/pump-7_20260105081500.csv: the file has columns that the model does not know: "+strings.Repeat("sensor-with-a-long-name, ", 12)+"\x1b[31m")
	r.without("pump-7", next(), window.Unscored, "uploaded after its wake-up")
	for i := range 30 {
		up := math.Min(0.95, 0.3+float64(i)*0.03)
		r.deliver("pump-7", next(), time.Minute, up, up+0.01, up+0.03, up, up+0.02)
	}
	r.without("pump-7", next(), window.Awaited, "")
	mill := []float64{0.1, 0.2, 0.3, 0.4, -1, -1, -1, 0.5, 0.6, 0.7, 0.8, 1}
	r.deliver("mill", resultsDay.Add(10*time.Hour), 5*time.Minute, mill...)
}
