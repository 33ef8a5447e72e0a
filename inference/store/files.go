package store

import (
	"context"
	"fmt"
)

// FileStatus is what became of a file of an ingestion.
type FileStatus string

// The states of a file.
const (
	FilePending   FileStatus = "PENDING"
	FileIngested  FileStatus = "INGESTED"
	FileDiscarded FileStatus = "DISCARDED"
)

func (s FileStatus) leadsTo() []string {
	if s == FilePending {
		return []string{string(FileIngested), string(FileDiscarded)}
	}
	return nil
}

// IngestionFile is a file that an ingestion reads, in the version it was listed.
type IngestionFile struct {
	IngestionID         string
	Seq                 int64 // from 0, in the order of the listing
	Bucket, Key, ETag   string
	Size                int64 // bytes
	Component           string
	Status              FileStatus
	IngestionFileDetail // of one that is done
}

// IngestionFileDetail is what reading the file came to.
type IngestionFileDetail struct {
	Reason string `json:",omitempty"` // why it was discarded
	Rows   int64  `json:",omitempty"`
	Notes  []byte `json:",omitempty"` // whatever the ingestion sums up in the end
}

const fileColumns = `ingestion_id, seq, bucket, object_key, etag, size, component, status, body`

func scanFile(s scanner) (f IngestionFile, err error) {
	return f, s.Scan(&f.IngestionID, &f.Seq, &f.Bucket, &f.Key, &f.ETag, &f.Size, &f.Component, &f.Status, bodyOf{&f.IngestionFileDetail})
}

func (f *IngestionFile) values() ([]any, error) {
	detail, err := body(f.IngestionFileDetail)
	return []any{f.IngestionID, f.Seq, f.Bucket, f.Key, f.ETag, f.Size, f.Component, string(f.Status), detail}, err
}

// AddIngestionFiles adds files that are PENDING. One whose Seq is there already
// is left as it is, so that a listing can be added again after a crash.
func (t *Tx) AddIngestionFiles(ctx context.Context, files []IngestionFile) error {
	rows := make([][]any, len(files))
	for i := range files {
		files[i].Status = FilePending
		var err error
		if rows[i], err = files[i].values(); err != nil {
			return err
		}
	}
	if err := t.insertMany(ctx, "ingestion_files", fileColumns, onConflictNothing, rows); err != nil {
		return fmt.Errorf("add files: %w", err)
	}
	return nil
}

// IngestionFile finds one file of a job.
func (r Reader) IngestionFile(ctx context.Context, ingestion string, seq int64) (IngestionFile, error) {
	return one(ctx, r, scanFile, "ingestion file", fmt.Sprint(seq), `SELECT `+fileColumns+` FROM ingestion_files WHERE ingestion_id = $1 AND seq = $2`, ingestion, seq)
}

// IngestionFiles gives at most limit files of a job with the status ("": any)
// from a Seq on, in their order.
func (r Reader) IngestionFiles(ctx context.Context, ingestion string, status FileStatus, from int64, limit int) ([]IngestionFile, error) {
	var w where
	w.add(true, "ingestion_id = ?", ingestion)
	w.add(true, "seq >= ?", from)
	w.add(status != "", "status = ?", string(status))
	w.args = append(w.args, limit)
	files, err := many(ctx, r, scanFile, `SELECT `+fileColumns+` FROM ingestion_files`+w.String()+fmt.Sprintf(` ORDER BY seq LIMIT $%d`, len(w.args)), w.args...)
	if err != nil {
		return nil, fmt.Errorf("list files of ingestion job %s: %w", ingestion, err)
	}
	return files, nil
}

// PendingIngestionFiles counts what is still to be read.
func (r Reader) PendingIngestionFiles(ctx context.Context, ingestion string) (int64, error) {
	return r.count(ctx, `SELECT count(*) FROM ingestion_files WHERE ingestion_id = $1 AND status = 'PENDING'`, ingestion)
}

// MoveIngestionFile ends a file. A conflict names the present status.
func (t *Tx) MoveIngestionFile(ctx context.Context, ingestion string, seq int64, to FileStatus, detail IngestionFileDetail) error {
	f, err := t.IngestionFile(ctx, ingestion, seq)
	if err != nil {
		return err
	}
	if err := may("ingestion file", f.Key, f.Status, to); err != nil {
		return err
	}
	from := f.Status
	f.Status, f.IngestionFileDetail = to, detail
	values, err := f.values()
	if err != nil {
		return err
	}
	return t.swap(ctx, "ingestion_files", fileColumns, 2, values, "ingestion file", f.Key, string(from))
}
