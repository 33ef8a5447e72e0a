package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"millwright/inference/lake"
	"millwright/inference/store"
	"millwright/internal/objstore"
)

// listArgs are an ingestion whose files are to be found.
type listArgs struct {
	Job string `json:"job" river:"unique"`
}

func (listArgs) Kind() string { return "ingestion.list" }

// fileArgs are a file of an ingestion, from a part on.
type fileArgs struct {
	Job  string `json:"job" river:"unique"`
	Seq  int64  `json:"seq" river:"unique"`
	Part int    `json:"part" river:"unique"` // where the job began
}

func (fileArgs) Kind() string { return "ingestion.file" }

const (
	fileLanes   = 16               // files of an ingestion that are queued at a time
	fileMemory  = 96 << 20         // bytes that reading a file takes
	fileStretch = 40 * time.Second // and a part has to end within jobTimeout
)

var errHandedOver = errors.New("the rest is another job's")

// list finds the files of an ingestion, once, and queues the first of them.
func (j *Jobs) list(ctx context.Context, job *river.Job[listArgs]) error {
	in, d, ok, err := j.ingestion(ctx, job.Args.Job)
	if err != nil || !ok {
		return err
	}
	if have, err := j.store.IngestionFiles(ctx, in.ID, "", 0, 1); err != nil || len(have) > 0 {
		return err
	}
	files, err := j.find(ctx, in, d)
	if reason, final := whyNot(err, job.Attempt >= job.MaxAttempts); final {
		return j.failIngestion(ctx, nil, in.ID, reason)
	}
	if err != nil {
		return err
	}
	rows := make([]store.IngestionFile, len(files))
	for i, f := range files {
		rows[i] = store.IngestionFile{IngestionID: in.ID, Seq: f.Seq, Bucket: f.Bucket, Key: f.Key, ETag: f.ETag, Size: f.Size, Component: f.Component}
	}
	return j.store.Tx(ctx, func(t *store.Tx) error {
		if have, err := t.IngestionFiles(ctx, in.ID, "", 0, 1); err != nil || len(have) > 0 {
			return err
		}
		if err := t.AddIngestionFiles(ctx, rows); err != nil {
			return err
		}
		for seq := range min(len(rows), fileLanes) {
			if err := j.insert(ctx, t, fileArgs{Job: in.ID, Seq: int64(seq)}, river.InsertOpts{Queue: queueData}); err != nil {
				return err
			}
		}
		return nil
	})
}

// ingestion gives a job that is under way and its dataset.
func (j *Jobs) ingestion(ctx context.Context, id string) (in store.Ingestion, d store.Dataset, ok bool, err error) {
	in, err = j.store.Ingestion(ctx, id)
	if err != nil || in.Status != store.IngestionRunning && in.Status != store.IngestionImporting {
		return in, d, false, gone(err)
	}
	d, err = j.store.DatasetByID(ctx, in.DatasetID)
	return in, d, err == nil, gone(err)
}

func (j *Jobs) find(ctx context.Context, in store.Ingestion, d store.Dataset) ([]lake.File, error) {
	if in.Input == nil {
		return nil, never("The ingestion has no input.")
	}
	from := in.Input.S3InputConfiguration
	pattern, err := lake.ParseKeyPattern(from.KeyPattern)
	if err != nil {
		return nil, never("%v", err)
	}
	schema, err := schemaOf(d)
	if err != nil {
		return nil, err
	}
	files, err := j.lake.Find(ctx, from.Bucket, from.Prefix, pattern, schema)
	if err != nil {
		return nil, err
	}
	if err := j.o.Quotas.Files(files); err != nil {
		return nil, never("%v", err)
	}
	return files, nil
}

// schemaOf is a dataset's schema, nil when it is to be found.
func schemaOf(d store.Dataset) (*lake.Schema, error) {
	if d.Schema == "" {
		return nil, nil
	}
	s, err := lake.ParseSchema(d.Schema)
	if err != nil {
		return nil, never("The dataset's schema cannot be read: %v", err)
	}
	return &s, nil
}

// whyNot tells errors that end the work, with the reason for people, from those that
// may pass; last: there is no other attempt.
func whyNot(err error, last bool) (reason string, final bool) {
	var h *hopeless
	var refuse *lake.RefuseError
	var changed *lake.ChangedError
	switch {
	case err == nil:
		return "", false
	case errors.As(err, &h), errors.As(err, &refuse), errors.As(err, &changed):
		return err.Error(), true
	}
	switch objstore.KindOf(err) {
	case objstore.KindNoBucket, objstore.KindForbidden, objstore.KindRegion, objstore.KindKMS:
		what, remedy := objstore.Explain(err)
		return fmt.Sprintf("%s. To do: %s.", what, remedy), true
	}
	return fmt.Sprintf("It could not be carried out: %v", err), last && !errors.Is(err, context.Canceled) && !errors.Is(err, store.ErrFenced)
}

// file reads a file, or a stretch of it.
func (j *Jobs) file(ctx context.Context, job *river.Job[fileArgs]) error {
	in, d, ok, err := j.ingestion(ctx, job.Args.Job)
	if err != nil || !ok {
		return err
	}
	f, fence, checkpoint, err := j.claimFile(ctx, in.ID, job)
	if err != nil || f.Status != store.FilePending {
		return gone(err)
	}
	from, err := fileOf(f, d)
	if reason, final := whyNot(err, false); final {
		return j.failIngestion(ctx, &fence, in.ID, reason)
	}
	if err != nil {
		return err
	}
	give, err := j.room(ctx, fileMemory, false)
	if err != nil {
		return err
	}
	defer give()
	m, err := j.lake.Ingest(ctx, from, checkpoint, j.saver(fence, job.Args))
	var discard *lake.DiscardError
	switch {
	case errors.Is(err, errHandedOver):
		return nil
	case errors.As(err, &discard):
		return j.endFile(ctx, fence, f, store.FileDiscarded, store.IngestionFileDetail{Reason: discard.Reason})
	case err == nil:
		return j.endFile(ctx, fence, f, store.FileIngested, store.IngestionFileDetail{Rows: m.Rows})
	}
	if reason, final := whyNot(err, job.Attempt >= job.MaxAttempts); final {
		return j.failIngestion(ctx, &fence, in.ID, reason)
	}
	return err
}

// claimFile makes a file that is still to be read this attempt's.
func (j *Jobs) claimFile(ctx context.Context, ingestion string, job *river.Job[fileArgs]) (f store.IngestionFile, fence store.Fence, from lake.Checkpoint, err error) {
	fence = store.Fence{Work: fmt.Sprintf("file %s %d", ingestion, job.Args.Seq), Job: job.ID, Attempt: int64(job.Attempt)}
	err = j.store.Tx(ctx, func(t *store.Tx) (err error) {
		if f, err = t.IngestionFile(ctx, ingestion, job.Args.Seq); err != nil || f.Status != store.FilePending {
			return err
		}
		from = lake.Checkpoint{}
		text, err := t.Claim(ctx, fence, time.Now())
		if err != nil || text == nil {
			return err
		}
		return json.Unmarshal(text, &from)
	})
	return f, fence, from, err
}

// saver keeps checkpoints, and after a while hands the file over.
func (j *Jobs) saver(fence store.Fence, a fileArgs) func(context.Context, lake.Checkpoint) error {
	began := time.Now()
	return func(ctx context.Context, c lake.Checkpoint) error {
		text, err := json.Marshal(c)
		if err != nil {
			return err
		}
		over := time.Since(began) > j.o.Stretch
		if err := j.store.Tx(ctx, func(t *store.Tx) error {
			if err := t.Checkpoint(ctx, fence, text, time.Now()); err != nil || !over {
				return err
			}
			return j.insert(ctx, t, fileArgs{Job: a.Job, Seq: a.Seq, Part: c.Part}, river.InsertOpts{Queue: queueData})
		}); err != nil {
			return err
		}
		if over {
			return errHandedOver
		}
		return nil
	}
}

// fileOf is a file as the lake reads it.
func fileOf(f store.IngestionFile, d store.Dataset) (lake.File, error) {
	from := lake.File{Dataset: d.ID, Ingestion: f.IngestionID, Seq: f.Seq, Bucket: f.Bucket, Key: f.Key, ETag: f.ETag, Size: f.Size, Component: f.Component}
	schema, err := schemaOf(d)
	if err != nil || schema == nil {
		return from, err
	}
	c, _ := schema.Component(f.Component)
	from.Sensors = c.Sensors
	return from, nil
}

// endFile records what became of a file, and queues what comes next.
func (j *Jobs) endFile(ctx context.Context, fence store.Fence, f store.IngestionFile, to store.FileStatus, detail store.IngestionFileDetail) error {
	return j.store.Tx(ctx, func(t *store.Tx) error {
		if err := t.Holds(ctx, fence); err != nil {
			return err
		}
		if err := t.MoveIngestionFile(ctx, f.IngestionID, f.Seq, to, detail); err != nil {
			return gone(err)
		}
		if err := t.Release(ctx, fence); err != nil {
			return err
		}
		next, err := t.IngestionFiles(ctx, f.IngestionID, "", f.Seq+fileLanes, 1)
		if err != nil {
			return err
		}
		if len(next) > 0 {
			return j.insert(ctx, t, fileArgs{Job: f.IngestionID, Seq: next[0].Seq}, river.InsertOpts{Queue: queueData})
		}
		if left, err := t.PendingIngestionFiles(ctx, f.IngestionID); err != nil || left > 0 {
			return err
		}
		return j.insertLong(ctx, t, longArgs{What: summarize, ID: f.IngestionID})
	})
}

// failIngestion ends an ingestion or import, and takes its dataset back to where it
// was. The fence, if there is one, has to hold. An attempt whose time is over can
// still say so.
func (j *Jobs) failIngestion(ctx context.Context, fence *store.Fence, id, reason string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer cancel()
	return j.store.Tx(ctx, func(t *store.Tx) error {
		if fence != nil {
			if err := t.Release(ctx, *fence); err != nil {
				return err
			}
		}
		now := j.now()
		in, err := t.MoveIngestion(ctx, id, store.IngestionFailed, now, func(in *store.Ingestion) { in.FailedReason = clipped(reason) })
		if errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrNotFound) {
			return nil // it has ended already
		}
		if err != nil {
			return err
		}
		d, err := t.DatasetByID(ctx, in.DatasetID)
		if err != nil {
			return gone(err)
		}
		to := store.DatasetActive
		if d.IngestionID == "" || d.IngestionID == id {
			to = store.DatasetCreated
		}
		if _, err := t.MoveDataset(ctx, d.ID, to, now, nil); err != nil {
			return err
		}
		return j.removeLater(ctx, t, removeArgs{Dataset: d.ID, Ingestion: id}, 10*time.Minute)
	})
}

const maxReason = 5000 // bytes

func clipped(reason string) string {
	if len(reason) > maxReason {
		return reason[:maxReason-3] + "..."
	}
	return reason
}
