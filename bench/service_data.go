package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"millwright/internal/objstore"
)

const (
	bigSensors = 30 // at a second
	bigFile    = 1_000_000_000
	noRole     = "arn:aws:iam::000000000000:role/bench"

	lineSensors = 25 // at a minute
	lineDays    = 15
)

func lineBegin() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }
func lineEnd() time.Time   { return lineBegin().AddDate(0, 0, lineDays) }

// keep has write make a file, which is put at a key of the bucket that is kept,
// unless it is there.
func (s *served) keep(ctx context.Context, dir, key string, write func(path string) error) error {
	_, err := s.store.Head(ctx, keptBucket, key)
	if err == nil || !errors.Is(err, objstore.ErrNotFound) {
		return err
	}
	path := filepath.Join(dir, "part.csv")
	defer os.Remove(path)
	if err := write(path); err != nil {
		return err
	}
	return s.put(ctx, key, path)
}

func (s *served) put(ctx context.Context, key, path string) error {
	o, err := objstore.WholeFile(keptBucket, key, path)
	if err != nil {
		return err
	}
	_, err = s.store.PutFile(ctx, o)
	return err
}

// keepBig brings so many GB of 30 sensors at a second into the bucket and gives the
// prefix.
func (s *served) keepBig(ctx context.Context, b *bench) (prefix string, err error) {
	prefix = fmt.Sprintf("big-%d/", b.gb)
	at := time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)
	for n := range b.gb {
		write := func(path string) error { return writeBig(path, at, uint64(n)) }
		if err := s.keep(ctx, b.dir, fmt.Sprintf("%spump/%03d.csv", prefix, n), write); err != nil {
			return "", err
		}
		at = at.AddDate(0, 2, 0) // more than the seconds of a file
	}
	return prefix, nil
}

// writeBig writes a file as quickly as a disk takes it: its rows are drawn from 4096.
func writeBig(path string, at time.Time, seed uint64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	r := rand.New(rand.NewPCG(seed, 2))
	lines := make([][]byte, 4096)
	for i := range lines {
		for k := range bigSensors {
			lines[i] = strconv.AppendFloat(append(lines[i], ','), float64(10*k)+r.NormFloat64(), 'f', 3, 64)
		}
		lines[i] = append(lines[i], '\n')
	}
	row := []byte("Timestamp")
	for k := range bigSensors {
		row = fmt.Appendf(row, ",sensor%d", k)
	}
	row = append(row, '\n')
	for written := 0; written+len(row) <= bigFile; at = at.Add(time.Second) {
		if _, err := w.Write(row); err != nil {
			return err
		}
		written += len(row)
		row = append(at.AppendFormat(row[:0], "2006-01-02T15:04:05"), lines[r.IntN(len(lines))]...)
	}
	return w.Flush()
}

// keepHistory brings the history of 300 sensors into the bucket.
func (s *served) keepHistory(ctx context.Context, b *bench) (prefix string, err error) {
	dir, _, err := b.history()
	if err != nil {
		return "", err
	}
	prefix = filepath.Base(dir) + "/"
	files, err := filepath.Glob(filepath.Join(dir, "plant", "*.csv"))
	for _, file := range files {
		key := prefix + "plant/" + filepath.Base(file)
		if _, err := s.store.Head(ctx, keptBucket, key); err == nil {
			continue
		}
		if err := s.put(ctx, key, file); err != nil {
			return "", err
		}
	}
	return prefix, err
}

// line is rows of 25 sensors at a minute from a machine.
func line(m *machine, from, to time.Time) []byte {
	text := []byte("Timestamp")
	for j := range m.cells {
		text = fmt.Appendf(text, ",sensor_%02d", j)
	}
	for at := from.Add(time.Minute); !at.After(to); at = at.Add(time.Minute) {
		text = at.AppendFormat(append(text, '\n'), "2006-01-02T15:04:05")
		for j, v := range m.next() {
			text = strconv.AppendFloat(append(text, ','), v, 'f', 1+j%4, 64)
		}
	}
	return append(text, '\n')
}

// model has the service learn the line from its past, and gives the version's ARN and
// the machine as it is at the end of that.
func (s *served) model(ctx context.Context) (arn string, live *machine, err error) {
	live = newMachine(lineSensors, 7)
	text := line(live, lineBegin(), lineEnd())
	if err := s.drop(ctx, keptBucket, "line/line/past.csv", text); err != nil {
		return "", nil, err
	}
	if _, err := s.ingest(ctx, "line", "line/"); err != nil {
		return "", nil, err
	}
	if err := s.learn(ctx, "line", m{"DataPreProcessingConfiguration": m{"TargetSamplingRate": "PT1M"}}); err != nil {
		return "", nil, err
	}
	is, err := s.succeeds(ctx, "DescribeModel", m{"ModelName": "line"})
	return is.ActiveModelVersionArn, live, err
}

// drop puts a small object.
func (s *served) drop(ctx context.Context, bucket, key string, text []byte) error {
	_, err := s.store.Put(ctx, objstore.Whole(bucket, key, text))
	return err
}

// ingest has the service read everything below a prefix into a dataset of its own.
func (s *served) ingest(ctx context.Context, dataset, prefix string) (status, error) {
	job, err := s.beginIngest(ctx, dataset, prefix)
	if err != nil {
		return status{}, err
	}
	return s.succeeds(ctx, "DescribeDataIngestionJob", m{"JobId": job})
}

func (s *served) beginIngest(ctx context.Context, dataset, prefix string) (id string, err error) {
	if err := s.call(ctx, "CreateDataset", m{"DatasetName": dataset, "ClientToken": dataset}, nil); err != nil {
		return "", err
	}
	var job struct{ JobId string }
	err = s.call(ctx, "StartDataIngestionJob", m{
		"DatasetName": dataset, "RoleArn": noRole, "ClientToken": dataset,
		"IngestionInputConfiguration": m{"S3InputConfiguration": m{"Bucket": keptBucket, "Prefix": prefix}},
	}, &job)
	return job.JobId, err
}

// learn begins a training on all of a dataset, which gives the model its name.
func (s *served) learn(ctx context.Context, name string, more m) error {
	in := m{"ModelName": name, "DatasetName": name, "ClientToken": name}
	for key, v := range more {
		in[key] = v
	}
	return s.call(ctx, "CreateModel", in, nil)
}
