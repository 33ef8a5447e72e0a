// Package backend does what the operations of the service's API say: the rules of
// resources and their lifecycles, on the state that package store keeps. It moves no
// data and waits for nothing: what takes time it asks of a Work, in the transaction
// that changes the state.
//
// Members that mean something in a cloud only are accepted, kept and returned:
//
//	RoleArn             nobody takes a role: the service reads and writes with its own
//	                    credentials what the caller's principal may; it may be left out
//	                    wherever its shape does not require it
//	ServerSideKmsKeyId  nothing is encrypted with it; a name or an alias is returned as
//	                    the ARN of a key of the caller's account
//	KmsKeyId            of outputs: the same, returned as it was given
//
// States that a cloud takes minutes for are gone through in one transaction: a
// scheduler that is created or started is answered as PENDING and is RUNNING, one that
// is stopped is answered as STOPPING and is STOPPED once its executions are over.
package backend

import (
	"context"
	"time"

	"millwright/inference/api"
	"millwright/inference/store"
)

// Work starts what takes time. Its methods are called in the transaction that makes
// the work necessary, perhaps several times until one is committed: they may do
// nothing but write to the same database. Their names say what is to be done once
// the transaction is there.
type Work interface {
	// Ingest is to read the files of an ingestion job that is IN_PROGRESS into its
	// dataset, which is INGESTION_IN_PROGRESS, and to end both. A job that succeeds
	// becomes the one whose outcome the dataset shows.
	Ingest(ctx context.Context, tx *store.Tx, job string) error
	// ImportDataset is to copy the data of an ingestion job's SourceARN into its
	// dataset; both are IMPORT_IN_PROGRESS and are to be ended.
	ImportDataset(ctx context.Context, tx *store.Tx, job string) error
	// Train is to train a model version that is IN_PROGRESS, to end it and, if the
	// model is IN_PROGRESS too, to activate it or to end the model as FAILED.
	Train(ctx context.Context, tx *store.Tx, model string, version int64) error
	// ImportModel is to copy the version that SourceARN of this one names, which is
	// IMPORT_IN_PROGRESS, to end it and, if the model is IMPORT_IN_PROGRESS too, to
	// activate it or to end the model as FAILED. The strategy is one of
	// InferenceDataImportStrategy and says what becomes of accumulated inference data.
	ImportModel(ctx context.Context, tx *store.Tx, model string, version int64, strategy string) error
	// Activate is to derive the limit of a version that has become the active one
	// again, since the target may have changed.
	Activate(ctx context.Context, tx *store.Tx, model string, version int64) error
	// Schedule is told that an inference scheduler runs, with other settings perhaps,
	// or is to stop.
	Schedule(ctx context.Context, tx *store.Tx, scheduler string) error
}

// Options are what the configuration says. Zero values are the defaults that the
// comments name.
type Options struct {
	Region          string           // in ARNs. Default: plant-1
	SensorsPerModel int              // at most. Default: no limit
	Detector        Settings         // of models whose tags say nothing. Default: the zero Settings
	Now             func() time.Time // Default: time.Now
}

// Backend is an api.Backend.
type Backend struct {
	store *store.Store
	work  Work
	o     Options
}

var _ api.Backend = (*Backend)(nil)

// New makes a Backend on a store.
func New(s *store.Store, w Work, o Options) *Backend {
	if o.Region == "" {
		o.Region = "plant-1"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Detector = o.Detector.filled()
	return &Backend{store: s, work: w, o: o}
}

// now is the present, as finely as it is kept.
func (b *Backend) now() time.Time { return b.o.Now().UTC().Truncate(time.Microsecond) }

// arn makes the ARN of a new resource.
func (b *Backend) arn(c api.Caller, kind, name, id string) string {
	return "arn:aws:lookoutequipment:" + b.o.Region + ":" + c.Account + ":" + kind + "/" + name + "/" + id
}
