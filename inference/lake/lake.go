package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"go.uber.org/zap"

	"millwright/internal/objstore"
)

// Store is the part of an S3 client that a Lake needs. All of it may be called by
// several goroutines, and again after an error.
type Store interface {
	Head(ctx context.Context, bucket, key string) (objstore.Info, error)
	Get(ctx context.Context, bucket, key string, limit int64) ([]byte, objstore.Info, error)
	Download(ctx context.Context, bucket, key, known string, limit int64, w io.Writer) (objstore.Info, error)
	Put(ctx context.Context, o objstore.Object) (objstore.Info, error)
	PutFile(ctx context.Context, o objstore.Object) (objstore.Info, error)
	List(ctx context.Context, bucket, prefix, startAfter string, fn func(page []objstore.Info) (bool, error)) error
	Delete(ctx context.Context, bucket, key string) error
}

var (
	_ Store  = (*objstore.Client)(nil)
	_ Ranger = (*objstore.Client)(nil)
)

// Ranger is a Store that can begin in the middle of an object. Without it,
// reading on in a large file passes over what was read before.
type Ranger interface {
	// DownloadFrom is Download of what follows the first offset bytes. An object
	// that has another ETag is objstore.ErrExists.
	DownloadFrom(ctx context.Context, bucket, key, etag string, offset, limit int64, w io.Writer) (objstore.Info, error)
}

// Options are the settings of a Lake. The zero value of each is its default.
type Options struct {
	Bucket  string // the work bucket
	Scratch string // folder for scratch files; default: the system's
	// Part is how many bytes of a CSV (unpacked) are read between two checkpoints.
	// Default 64 MiB. It is part of what decides which objects a file becomes.
	Part int64
	// MaxFile is the most bytes that a CSV may have, unpacked. Default 5 GiB.
	MaxFile int64
	// MaxDays is on how many different days the rows of a part may lie: each is an
	// object. Default 20,000, which is 54 years.
	MaxDays int
	// Memory bounds what sorting rows takes. Default 8 MiB.
	Memory int
}

const (
	defaultPart    = 64 << 20
	defaultMaxFile = 5 << 30
	defaultMaxDays = 20_000
	maxManifest    = 512 << 20
)

// Lake reads and writes the service's data. It is safe for use by several
// goroutines and needs no closing.
type Lake struct {
	store Store
	o     Options
	log   *zap.Logger
}

// New makes a Lake. It touches nothing.
func New(store Store, o Options, log *zap.Logger) *Lake {
	if o.Part <= 0 {
		o.Part = defaultPart
	}
	if o.MaxFile <= 0 {
		o.MaxFile = defaultMaxFile
	}
	if o.MaxDays <= 0 {
		o.MaxDays = defaultMaxDays
	}
	return &Lake{store: store, o: o, log: log}
}

// getJSON reads a small object; false when it is not there.
func (l *Lake) getJSON(ctx context.Context, key string, v any) (bool, error) {
	text, _, err := l.store.Get(ctx, l.o.Bucket, key, maxManifest)
	switch {
	case errors.Is(err, objstore.ErrNotFound):
		return false, nil
	case err != nil:
		return false, err
	}
	if err := json.Unmarshal(text, v); err != nil {
		return false, fmt.Errorf("read %s: it is damaged: %w", key, err)
	}
	return true, nil
}

func (l *Lake) putJSON(ctx context.Context, key string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write %s: %w", key, err)
	}
	return l.putBytes(ctx, key, typeJSON, text)
}

// Remove deletes objects of the work bucket. What is not there is no error.
func (l *Lake) Remove(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		if err := l.store.Delete(ctx, l.o.Bucket, key); err != nil {
			return err
		}
	}
	return nil
}

// RemoveUnder deletes the objects whose keys begin with prefix, at most limit of
// them (0: all), and tells whether some are left.
func (l *Lake) RemoveUnder(ctx context.Context, prefix string, limit int) (more bool, err error) {
	if prefix == "" {
		return false, errors.New("remove objects: no prefix")
	}
	var keys []string
	err = l.store.List(ctx, l.o.Bucket, prefix, "", func(page []objstore.Info) (bool, error) {
		for _, o := range page {
			if limit > 0 && len(keys) == limit {
				more = true
				return false, nil
			}
			keys = append(keys, o.Key)
		}
		return true, nil
	})
	if err != nil {
		return false, err
	}
	return more, l.Remove(ctx, keys...)
}

// DatasetPrefix is what the keys of all objects of a dataset begin with.
func DatasetPrefix(dataset string) string { return "datasets/" + dataset + "/" }

// InferencePrefix is what the keys of a model's accumulated data begin with.
func InferencePrefix(model string) string { return "inference/" + model + "/" }
