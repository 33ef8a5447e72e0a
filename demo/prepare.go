//go:build !agent

package demo

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"millwright/inference"
	serve "millwright/inference/config"
	"millwright/internal/executions"
	"millwright/internal/objstore"
	"millwright/internal/simulate"
)

// openService makes the service with nothing configured but free ports.
func (s *stage) openService(ctx context.Context) error {
	cfg, _, err := serve.New(filepath.Join(s.o.Dir, "service"), "127.0.0.1:0", "127.0.0.1:0")
	if err != nil {
		return err
	}
	nothing := func(string) string { return "" } // keys in the environment are for elsewhere
	s.service, err = inference.Open(ctx, inference.Options{Config: cfg, Clock: s.clock, Getenv: nothing, Poll: poll}, s.o.Log.Named("service"))
	if err != nil {
		return err
	}
	s.store, err = objstore.New(ctx, objstore.Settings{Region: cfg.Region, Endpoint: s.service.S3, PathStyle: true, CredentialsFile: s.service.Credentials}, s.o.Log)
	if err == nil {
		s.api, err = s.store.Neighbour(s.service.API, executions.Service, cfg.Region)
	}
	if err != nil {
		return errors.Join(err, s.service.Close())
	}
	s.tale.tell("service", "API %s, S3 %s", s.service.API, s.service.S3)
	return nil
}

// m is a structure of the API.
type m = map[string]any

// role is required in requests; nobody is who the service does not know by its key.
const role = "arn:aws:iam::000000000000:role/demo"

// call asks the service as any client would.
func (s *stage) call(ctx context.Context, operation string, in m, out any) error {
	return executions.Do(ctx, s.api, operation, in, out)
}

// prepare brings the plant's past into the bucket, and has the service learn from it.
func (s *stage) prepare(ctx context.Context) error {
	if err := s.store.CreateBucket(ctx, bucket); err != nil {
		return err
	}
	rows, err := s.history(ctx)
	if err != nil {
		return err
	}
	days := int(s.o.story.history / (24 * time.Hour))
	s.tale.tell("history", "%d days of pump and motor are in the bucket: %d rows", days, rows)
	if err := s.ingest(ctx); err != nil {
		return err
	}
	if err := s.train(ctx); err != nil {
		return err
	}
	return s.schedule(ctx)
}

// schedule has the model score what comes from now on.
func (s *stage) schedule(ctx context.Context) error {
	in := m{
		"InferenceSchedulerName": name, "ModelName": name, "DataUploadFrequency": "PT30M", "DataDelayOffsetInMinutes": int(offset.Minutes()),
		"DataInputConfiguration": m{
			"S3InputConfiguration":            m{"Bucket": bucket, "Prefix": "in/"},
			"InferenceInputNameConfiguration": m{"TimestampFormat": "yyyyMMddHHmmss", "ComponentTimestampDelimiter": "_"},
		},
		"DataOutputConfiguration": m{"S3OutputConfiguration": m{"Bucket": bucket, "Prefix": "out/"}},
		"RoleArn":                 role, "ClientToken": name,
	}
	if err := s.call(ctx, "CreateInferenceScheduler", in, nil); err != nil {
		return err
	}
	var is struct{ Status, DataUploadFrequency string }
	if err := s.call(ctx, "DescribeInferenceScheduler", m{"InferenceSchedulerName": name}, &is); err != nil {
		return err
	}
	s.tale.tell("scheduler", "CreateInferenceScheduler: %s, every %s", is.Status, is.DataUploadFrequency)
	return nil
}

// history makes the past and puts it into the bucket, a file for each component and
// week. It gives the number of rows.
func (s *stage) history(ctx context.Context) (rows int64, err error) {
	past := filepath.Join(s.o.Dir, "history")
	fault := simulate.Fault{From: s.wears, Over: s.o.story.wear}
	s.plant = &simulate.Logger{Plant: simulate.New(simulate.Options{Rate: s.o.story.rows, Fault: fault}), Dir: past, Every: dropEvery}
	const week = 7 * 24 * time.Hour
	for t := begin(); t.Before(s.live); t = t.Add(week) {
		to := t.Add(week)
		if to.After(s.live) {
			to = s.live
		}
		files, err := s.plant.Write(t, to)
		if err != nil {
			return rows, err
		}
		for _, file := range files {
			if err := s.put(ctx, past, file); err != nil {
				return rows, err
			}
		}
		rows += int64(len(files)) * int64(to.Sub(t)/s.o.story.rows)
	}
	s.plant.Dir = filepath.Join(s.o.Dir, "drop")
	return rows, nil
}

func (s *stage) put(ctx context.Context, root, file string) error {
	key, err := filepath.Rel(root, file)
	if err != nil {
		return err
	}
	o, err := objstore.WholeFile(bucket, "train/"+filepath.ToSlash(key), file)
	if err != nil {
		return err
	}
	_, err = s.store.PutFile(ctx, o)
	return err
}

// ingest has the service read the history.
func (s *stage) ingest(ctx context.Context) error {
	if err := s.call(ctx, "CreateDataset", m{"DatasetName": name, "ClientToken": name}, nil); err != nil {
		return err
	}
	var job struct{ JobId string }
	in := m{
		"DatasetName": name, "RoleArn": role, "ClientToken": name,
		"IngestionInputConfiguration": m{"S3InputConfiguration": m{"Bucket": bucket, "Prefix": "train/"}},
	}
	if err := s.call(ctx, "StartDataIngestionJob", in, &job); err != nil {
		return err
	}
	now, err := executions.Await[described](ctx, s.api, "DescribeDataIngestionJob", m{"JobId": job.JobId}, poll)
	if err != nil {
		return err
	}
	s.tale.tell("ingestion", "StartDataIngestionJob: %s, %d of %d files, %.1f MB", now.Status,
		now.IngestedFilesSummary.IngestedNumberOfFiles, now.IngestedFilesSummary.TotalNumberOfFiles, float64(now.IngestedDataSize)/1e6)
	return nil
}

// train has the service make a model of it.
func (s *stage) train(ctx context.Context) error {
	in := m{
		"ModelName": name, "DatasetName": name, "ClientToken": name,
		"TrainingDataStartTime": begin().Unix(), "TrainingDataEndTime": s.live.Unix(),
		"DataPreProcessingConfiguration": m{"TargetSamplingRate": "PT5M"},
		"OffCondition":                   fmt.Sprintf(`pump-7\%s < %d`, simulate.SpeedSensor, simulate.OffBelow),
	}
	if err := s.call(ctx, "CreateModel", in, nil); err != nil {
		return err
	}
	now, err := executions.Await[described](ctx, s.api, "DescribeModel", m{"ModelName": name}, poll)
	if err != nil {
		return err
	}
	s.tale.tell("model", "CreateModel: %s, version %d; off while %s", now.Status, now.ActiveModelVersion, now.OffCondition)
	return nil
}

// described is what is told of an ingestion and of a model.
type described struct {
	executions.Outcome

	IngestedDataSize     int64
	IngestedFilesSummary struct{ IngestedNumberOfFiles, TotalNumberOfFiles int }

	ActiveModelVersion int
	OffCondition       string
}
