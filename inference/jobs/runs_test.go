package jobs_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"millwright/inference/detect"
	"millwright/inference/detect/frame"
	"millwright/inference/store"
	"millwright/internal/simulate"
)

var history = time.Date(2025, 11, 3, 0, 0, 0, 0, time.UTC)

func plant() *simulate.Plant { return simulate.New(simulate.Options{Seed: 7, Rate: five}) }

// trained is the file of a model of the simulated plant at PT5M.
var trained = sync.OnceValues(func() ([]byte, error) {
	f := &frame.Frame{}
	for _, c := range simulate.Components() {
		for _, s := range simulate.Sensors(c) {
			f.Columns = append(f.Columns, frame.Name{Component: c, Sensor: s})
		}
	}
	p := plant()
	for t := history.Add(five); !t.After(history.AddDate(0, 0, 20)); t = t.Add(five) {
		var row []float64
		for _, c := range simulate.Components() {
			row = p.Row(row, c, t)
		}
		f.Append(t.UnixNano(), row)
	}
	off := frame.Off{Sensor: frame.Name{Component: "pump-7", Sensor: simulate.SpeedSensor}, Bound: simulate.OffBelow}
	m, err := detect.Train(context.Background(), f, detect.Settings{Rate: five, Off: off}, zap.NewNop())
	if err != nil {
		return nil, err
	}
	return m.MarshalBinary()
})

// ready is a model with an active version, and a running scheduler of it.
func (r *rig) ready() {
	r.t.Helper()
	r.do(func(ctx context.Context, t *store.Tx) error {
		now := r.clock.Now()
		return t.CreateDataset(ctx, store.Dataset{ID: "d", Account: account, Name: "d", ARN: "arn:d", Status: store.DatasetCreated, CreatedAt: now, UpdatedAt: now})
	})
	r.model("m")
	r.schedule()
}

// model makes one of dataset d with an active version.
func (r *rig) model(id string) {
	r.t.Helper()
	file, err := trained()
	if err != nil {
		r.t.Fatal(err)
	}
	r.modelOf(id, file)
}

func (r *rig) modelOf(id string, file []byte) {
	r.t.Helper()
	key := "models/" + id + "/1.model"
	r.put(key, string(file))
	now := r.clock.Now()
	r.do(func(ctx context.Context, t *store.Tx) error {
		if err := t.CreateModel(ctx, store.Model{ID: id, Account: account, Name: id, ARN: "arn:" + id, DatasetID: "d", DatasetName: "d", DatasetARN: "arn:d", Status: store.ModelTraining, CreatedAt: now, UpdatedAt: now}); err != nil {
			return err
		}
		if _, err := t.CreateModelVersion(ctx, store.ModelVersion{ModelID: id, Status: store.VersionTraining, Source: store.SourceTraining, DatasetID: "d", CreatedAt: now, UpdatedAt: now}, func(int64) string { return "arn:" + id + "/1" }); err != nil {
			return err
		}
		if _, err := t.MoveModelVersion(ctx, id, 1, store.VersionSuccess, now, func(v *store.ModelVersion) { v.Artifact = key }); err != nil {
			return err
		}
		_, err := t.Activate(ctx, id, 1, now)
		return err
	})
}

// schedule makes a running scheduler of model m.
func (r *rig) schedule() {
	r.t.Helper()
	r.scheduler("s", "m", "out/")
}

func (r *rig) scheduler(id, model, output string) {
	r.t.Helper()
	now := r.clock.Now()
	s := store.Scheduler{
		ID: id, Account: account, Name: id, ARN: "arn:" + id, ModelID: model, ModelName: model, ModelARN: "arn:" + model, Status: store.SchedulerPending,
		Frequency: "PT5M", CreatedAt: now, UpdatedAt: now,
	}
	s.Input.S3InputConfiguration = &store.S3Location{Bucket: r.bucket, Prefix: "in/"}
	s.Output.S3OutputConfiguration = store.S3Location{Bucket: r.bucket, Prefix: output}
	r.do(func(ctx context.Context, t *store.Tx) error {
		if err := t.CreateScheduler(ctx, s); err != nil {
			return err
		}
		if _, err := t.MoveScheduler(ctx, id, store.SchedulerRunning, now); err != nil {
			return err
		}
		return r.jobs.Schedule(ctx, t, id)
	})
}

// windows puts the files of n windows from start on.
func (r *rig) windows(p *simulate.Plant, start time.Time, n int) {
	for i := range n {
		from := start.Add(time.Duration(i) * five)
		for _, c := range simulate.Components() {
			r.put("in/"+c+"-"+from.Format("20060102150405")+".csv", csv(p, c, from, from.Add(five)))
		}
	}
}

// succeeded counts executions in SUCCESS, and wants no other end.
func (r *rig) succeeded() int {
	r.t.Helper()
	all, _, err := r.store.Executions(r.t.Context(), "s", store.ExecutionFilter{}, store.Page{Limit: 1000})
	if err != nil {
		r.t.Fatal(err)
	}
	n := 0
	for _, e := range all {
		switch e.Status {
		case store.ExecutionSuccess:
			n++
		case store.ExecutionFailed:
			r.t.Fatal(e.DataStart, e.FailedReason)
		}
	}
	return n
}

func TestExecutionsOfASchedulerAreMadeOnceOverRestarts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.open()
	r.ready()
	start := r.clock.Now()
	p := plant()
	r.windows(p, start, 12)
	for n := 1; n <= 4; n++ {
		if n > 1 {
			r.open()
		}
		r.start()
		r.clock.set(start.Add(time.Duration(3*n) * five).Add(time.Second))
		if n%2 == 0 { // killed in the middle of it
			r.until("some", time.Minute, func() bool { return r.succeeded() > 3*(n-1) })
		} else {
			r.until("all", time.Minute, func() bool { return r.succeeded() == 3*n })
		}
		r.kill()
	}
	r.open()
	r.start()
	r.until("all", time.Minute, func() bool { return r.succeeded() == 12 })
	if got := r.list("out/"); len(got) != 12 {
		t.Errorf("%d results: %v", len(got), got)
	}
	s, err := r.store.SchedulerByID(t.Context(), "s")
	if err != nil || s.LatestResult == "" || !s.LatestEnd.Equal(start.Add(12*five)) {
		t.Errorf("%+v %v", s, err)
	}
	seen, err := r.store.ObjectSpan(t.Context(), store.ObjectInference, "m")
	if err != nil || !seen.DataEnd.Equal(start.Add(12*five)) {
		t.Errorf("%+v %v", seen, err)
	}
}
