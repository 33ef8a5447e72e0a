package jobs

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"

	"millwright/inference/detect"
	"millwright/inference/lake"
	"millwright/inference/schedule"
	"millwright/inference/store"
	"millwright/internal/objstore"
)

const (
	keptModels = 64        // models in memory
	keptBytes  = 256 << 20 // of their files together, which are about as large
	modelLimit = 64 << 20  // bytes of a model's file
)

// Models are the schedule.Models of the work bucket. It keeps those that were asked
// for lately.
type Models struct {
	store  *store.Store
	s3     lake.Store
	bucket string

	mu    sync.Mutex
	clock int64
	bytes int64 // of the files of those that are kept
	kept  map[modelKey]*keptModel
}

var _ schedule.Models = (*Models)(nil)

type modelKey struct {
	id, artifact string
	weekly       float64 // target of false alarms; 0: the file's
}

type keptModel struct {
	model *detect.Model
	used  int64
	size  int64
}

// modelPrefix is what the keys of a model's files begin with.
func modelPrefix(model string) string { return "models/" + model + "/" }

// Model implements schedule.Models.
func (m *Models) Model(ctx context.Context, id string, version int64) (*detect.Model, error) {
	v, err := m.store.ModelVersion(ctx, id, version)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && v.Artifact == "":
		return nil, fmt.Errorf("%w: version %d", schedule.ErrNoModel, version)
	case err != nil:
		return nil, err
	}
	return m.file(ctx, modelKey{id, v.Artifact, targetOf(v)})
}

// file gives the model in a file, with the limit for a target. Another content has
// another key.
func (m *Models) file(ctx context.Context, key modelKey) (*detect.Model, error) {
	m.mu.Lock()
	m.clock++
	if k := m.kept[key]; k != nil {
		k.used = m.clock
		m.mu.Unlock()
		return k.model, nil
	}
	m.mu.Unlock()
	b, err := m.read(ctx, key.artifact)
	if err != nil {
		return nil, err
	}
	model := new(detect.Model)
	if err := model.UnmarshalBinary(b); err != nil {
		return nil, err
	}
	if key.weekly > 0 {
		switch other, err := model.WithFalseAlarms(key.weekly); {
		case err == nil:
			model = other
		case !errors.Is(err, detect.ErrNoSearch): // an older file has the one limit
			return nil, err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keep(key, &keptModel{model, m.clock, int64(len(b))})
	return model, nil
}

// keep keeps a model, and those that were asked for last as far as there is room.
func (m *Models) keep(key modelKey, model *keptModel) {
	if before := m.kept[key]; before != nil { // somebody else read it meanwhile
		m.bytes -= before.size
	}
	m.kept[key] = model
	m.bytes += model.size
	for len(m.kept) > 1 && (len(m.kept) > keptModels || m.bytes > keptBytes) {
		oldest := key
		for k, v := range m.kept {
			if v.used < m.kept[oldest].used {
				oldest = k
			}
		}
		m.bytes -= m.kept[oldest].size
		delete(m.kept, oldest)
	}
}

func (m *Models) read(ctx context.Context, artifact string) ([]byte, error) {
	b, _, err := m.s3.Get(ctx, m.bucket, artifact, modelLimit)
	if errors.Is(err, objstore.ErrNotFound) {
		return nil, fmt.Errorf("%w: %s is not in the work bucket", schedule.ErrNoModel, artifact)
	}
	return b, err
}

// put keeps a model's file and gives its key, which its content is in: attempts that
// come to other models do not replace each other's.
func (m *Models) put(ctx context.Context, id string, version int64, file []byte) (key string, err error) {
	sum := sha256.Sum256(file)
	key = fmt.Sprintf("%s%d-%x.model", modelPrefix(id), version, sum[:8])
	o := objstore.Whole(m.bucket, key, file)
	o.Type = "application/octet-stream"
	_, err = m.s3.Put(ctx, o)
	return key, err
}
