package jobs

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"millwright/inference/api/wire"
	"millwright/inference/lake"
	"millwright/inference/store"
	"millwright/internal/objstore"
)

// copyDataset copies what another dataset has. As long as it is under way the other
// one stays.
func (j *Jobs) copyDataset(ctx context.Context, in store.Ingestion, d store.Dataset) (*ingested, error) {
	from, err := j.store.DatasetByARN(ctx, in.SourceARN)
	if errors.Is(err, store.ErrNotFound) {
		return nil, never("Dataset %s is not there any more.", in.SourceARN)
	}
	if err != nil {
		return nil, err
	}
	source, err := j.store.Ingestion(ctx, from.IngestionID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, never("Dataset %s has no data.", in.SourceARN)
	}
	if err != nil {
		return nil, err
	}
	r := &ingested{schema: from.Schema, start: source.DataStart, end: source.DataEnd, size: from.Size, quality: source.Quality, files: source.Files}
	if r.statistics, err = j.statistics(ctx, source.ID); err != nil {
		return nil, err
	}
	objects, err := j.store.Objects(ctx, store.ObjectDataset, from.ID, "", -allDays, allDays)
	if err != nil {
		return nil, err
	}
	r.objects, err = j.copyObjects(ctx, inLake(objects), lake.DatasetPrefix(from.ID), lake.DatasetPrefix(d.ID)+in.ID+"/")
	return r, err
}

func (j *Jobs) statistics(ctx context.Context, ingestion string) (all []store.SensorStatistics, err error) {
	for token := ""; ; {
		page, next, err := j.store.SensorStatistics(ctx, ingestion, store.Page{Limit: 500, Token: token})
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if token = next; token == "" {
			return all, nil
		}
	}
}

// copyObjects copies objects of the work bucket from under one prefix to another.
func (j *Jobs) copyObjects(ctx context.Context, objects []lake.Object, from, to string) ([]lake.Object, error) {
	copied := map[string]bool{}
	for i, o := range objects {
		rest, ok := strings.CutPrefix(o.Key, from)
		if !ok {
			return nil, fmt.Errorf("copy %s: it is not under %s", o.Key, from)
		}
		objects[i].Key = to + rest
		if copied[o.Key] {
			continue
		}
		copied[o.Key] = true
		b, _, err := j.o.S3.Get(ctx, j.o.Bucket, o.Key, o.Size)
		if err != nil {
			return nil, err
		}
		whole := objstore.Whole(j.o.Bucket, to+rest, b)
		whole.Type = lake.TypeParquet
		if _, err := j.o.S3.Put(ctx, whole); err != nil {
			return nil, err
		}
	}
	return objects, nil
}

// copyVersion makes a version of another one's file.
func (j *Jobs) copyVersion(ctx context.Context, lease store.Fence, v store.ModelVersion, strategy string) error {
	from, err := j.store.ModelVersionByARN(ctx, v.SourceARN)
	if errors.Is(err, store.ErrNotFound) || err == nil && from.Artifact == "" {
		return never("Model version %s is not there any more.", v.SourceARN)
	}
	if err != nil {
		return err
	}
	file, err := j.models.read(ctx, from.Artifact)
	if err != nil {
		return err
	}
	key, err := j.models.put(ctx, v.ModelID, v.Version, file)
	if err != nil {
		return err
	}
	seen, err := j.copySeen(ctx, from.ModelID, v, strategy)
	if err != nil {
		return err
	}
	return j.store.Tx(ctx, func(t *store.Tx) error {
		if seen != nil {
			if err := j.takeSeen(ctx, t, v.ModelID, seen, strategy); err != nil {
				return err
			}
		}
		return j.endVersion(ctx, t, lease, v, nil, func(v *store.ModelVersion) { v.Artifact, v.ImportedSize = key, int64(len(file)) })
	})
}

// takeSeen gives a model what was copied for it in place of what it has. With
// ADD_WHEN_EMPTY that is nothing: what executions brought meanwhile stays.
func (j *Jobs) takeSeen(ctx context.Context, t *store.Tx, model string, seen []lake.Object, strategy string) error {
	have, err := t.Objects(ctx, store.ObjectInference, model, "", -allDays, allDays)
	if err != nil {
		return err
	}
	copied := stored(store.ObjectInference, model, seen, j.now())
	if strategy == wire.AddWhenEmpty && len(have) > 0 {
		return j.removeLater(ctx, t, removeArgs{Keys: unnamed(copied, inLake(have))}, removeAfter)
	}
	if err := t.ReplaceObjects(ctx, store.ObjectInference, model, copied); err != nil {
		return err
	}
	return j.removeLater(ctx, t, removeArgs{Keys: unnamed(have, seen)}, removeAfter)
}

// unnamed are the keys of old objects that are not among the new ones.
func unnamed(old []store.Object, now []lake.Object) (keys []string) {
	kept := map[string]bool{}
	for _, o := range now {
		kept[o.Key] = true
	}
	for _, o := range old {
		if !kept[o.Key] {
			kept[o.Key] = true
			keys = append(keys, o.Key)
		}
	}
	return keys
}

// copySeen copies what schedulers of a model have seen for a version; nil when nothing
// is to change. Its place is the version's own: what an earlier import brought stays as
// it is until the new one is recorded.
func (j *Jobs) copySeen(ctx context.Context, from string, v store.ModelVersion, strategy string) ([]lake.Object, error) {
	switch strategy {
	case wire.AddWhenEmpty:
		if have, err := j.store.ObjectSpan(ctx, store.ObjectInference, v.ModelID); err != nil || have.Objects > 0 {
			return nil, err
		}
	case wire.Overwrite:
	default:
		return nil, nil
	}
	if from == v.ModelID {
		return nil, nil
	}
	objects, err := j.store.Objects(ctx, store.ObjectInference, from, "", -allDays, allDays)
	if err != nil {
		return nil, err
	}
	return j.copyObjects(ctx, inLake(objects), lake.InferencePrefix(from), fmt.Sprintf("%simported/%d/", lake.InferencePrefix(v.ModelID), v.Version))
}
