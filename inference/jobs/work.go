package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"millwright/inference/store"
)

// register says who does what.
func (j *Jobs) register(all *river.Workers) {
	register(all, j.run)
	register(all, j.list)
	register(all, j.file)
	register(all, j.remove)
	register(all, j.longWork)
}

// longArgs are long work of a kind on something.
type longArgs struct {
	What     string `json:"what" river:"unique"`
	ID       string `json:"id" river:"unique"`
	Number   int64  `json:"number,omitempty" river:"unique"` // version, or day
	Strategy string `json:"strategy,omitempty"`
}

func (longArgs) Kind() string { return "long" }

// What long work is.
const (
	summarize     = "summary"
	importDataset = "import dataset"
	train         = "train"
	importModel   = "import model"
	compact       = "compact"
)

func (j *Jobs) longWork(ctx context.Context, job *river.Job[longArgs]) error {
	a := job.Args
	k := task{name: fmt.Sprintf("%s %s %d", a.What, a.ID, a.Number)}
	switch a.What {
	case summarize, importDataset:
		j.ofIngestion(&k, a)
	case train, importModel:
		if err := j.ofVersion(ctx, &k, a); err != nil {
			return err
		}
	case compact:
		j.ofCompaction(&k, a)
	default:
		return river.JobCancel(fmt.Errorf("nobody knows the work %q", a.What))
	}
	return j.watch(ctx, job.JobRow, k)
}

func (j *Jobs) insertLong(ctx context.Context, t *store.Tx, a longArgs) error {
	queue := queueLong
	if a.What == train {
		queue = queueTrain
	}
	return j.insert(ctx, t, a, river.InsertOpts{Queue: queue, MaxAttempts: longTrials})
}

// Ingest implements backend.Work.
func (j *Jobs) Ingest(ctx context.Context, t *store.Tx, job string) error {
	return j.insert(ctx, t, listArgs{job}, river.InsertOpts{Queue: queueData})
}

// ImportDataset implements backend.Work.
func (j *Jobs) ImportDataset(ctx context.Context, t *store.Tx, job string) error {
	return j.insertLong(ctx, t, longArgs{What: importDataset, ID: job})
}

// Train implements backend.Work.
func (j *Jobs) Train(ctx context.Context, t *store.Tx, model string, version int64) error {
	return j.insertLong(ctx, t, longArgs{What: train, ID: model, Number: version})
}

// ImportModel implements backend.Work.
func (j *Jobs) ImportModel(ctx context.Context, t *store.Tx, model string, version int64, strategy string) error {
	return j.insertLong(ctx, t, longArgs{What: importModel, ID: model, Number: version, Strategy: strategy})
}

// Schedule implements backend.Work. Schedulers are read anew shortly, when the
// transaction is there, and every half minute on other nodes.
func (j *Jobs) Schedule(context.Context, *store.Tx, string) error {
	time.AfterFunc(100*time.Millisecond, j.loop.Nudge)
	return nil
}
