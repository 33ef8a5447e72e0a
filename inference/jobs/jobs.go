// Package jobs carries out what takes time: ingestions, trainings, executions of
// inference schedulers, imports, and the tidying up after them. It decides nothing
// about requests and serves none.
//
// # Which job may write
//
// Work is queued with River in the database of the store, in the transaction that
// makes it necessary. River has no heartbeat: a job of a node that died is given to
// another one two minutes after it was begun. So there are two kinds of jobs.
//
// Short ones (an execution, a stretch of a file) end within JobTimeout. Each attempt
// claims a fence, and what it writes counts only while the fence is its own. A file
// that takes longer is handed over to another job from its last checkpoint.
//
// Long ones (a training, the summary of an ingestion, an import) have a lease: a
// fence that its holder renews every 15 s and that anybody may take after 60 s of
// silence. Their job only watches over it: it begins the work where nobody holds the
// lease, waits for a minute and then looks again. Work whose node was lost begins
// anew on the next one that looks, with nothing half written, since all of it is
// recorded in one transaction at the end. The 60 s are those of the nodes' clocks,
// which may therefore differ by half a minute.
package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"go.uber.org/zap"

	"millwright/inference/backend"
	"millwright/inference/lake"
	"millwright/inference/schedule"
	"millwright/inference/store"
	"millwright/internal/clock"
)

// Options are what Jobs work with. The zero value of the later ones is the default
// that the comment names.
type Options struct {
	Store  *store.Store
	Bucket string     // the work bucket
	S3     lake.Store // all buckets

	Node      string        // this node's name in the queue, unlike all others'. Default: of host and time
	Alone     bool          // nobody else works on the store: jobs of a process that was killed are taken up at the start
	Clock     clock.Clock   // business time. Default: the machine's
	CatchUp   time.Duration // how far back missed runs are made up for. Default: 24 h; negative: not at all
	Workers   int           // jobs at a time beside executions. Default: the number of cores
	Memory    int64         // bytes that jobs may take together. Default: 1 GiB
	MinDays   int           // of data that a training needs. Default: 14
	Quotas    lake.Quotas   // of an ingestion
	Lake      lake.Options  // Bucket is filled in
	Runner    schedule.RunnerOptions
	Freeze    Freeze        // of a retraining's settings; Backend.Freeze. Default: those of the version before
	Stretch   time.Duration // how long a job reads on in a file before it hands over to another one. Default: 40 s, at most that
	Poll      time.Duration // how often queues are looked at. Default: 500 ms
	Keep      time.Duration // how long executions are listed after their data's end. Default: 400 days
	KeepState time.Duration // how long after CatchUp states of events are kept and days are left as they are. Default: 1 h
}

// Freeze gives the settings that a version that begins now is made with.
type Freeze func(ctx context.Context, r store.Reader, modelARN string) (json.RawMessage, error)

func (o Options) filled() Options {
	if o.Clock == nil {
		o.Clock = clock.Real{}
	}
	if o.CatchUp == 0 {
		o.CatchUp = 24 * time.Hour
	}
	if o.Workers <= 0 {
		o.Workers = runtime.NumCPU()
	}
	if o.Memory <= 0 {
		o.Memory = 1 << 30
	}
	if o.MinDays <= 0 {
		o.MinDays = 14
	}
	if o.Stretch <= 0 || o.Stretch > fileStretch {
		o.Stretch = fileStretch
	}
	if o.Poll <= 0 {
		o.Poll = 500 * time.Millisecond
	}
	if o.Keep <= 0 {
		o.Keep = 400 * 24 * time.Hour
	}
	if o.KeepState <= 0 {
		o.KeepState = time.Hour
	}
	o.Lake.Bucket = o.Bucket
	return o
}

// Jobs is a node's share of the work. It is a backend.Work.
type Jobs struct {
	o      Options
	store  *store.Store
	lake   *lake.Lake
	models *Models
	runner *schedule.Runner
	loop   *schedule.Loop
	queue  *river.Client[transaction]
	memory *memory
	gate   *gate
	log    *zap.Logger

	mu   sync.Mutex
	base context.Context // of long work, while Run runs
	long map[string]*working
	all  sync.WaitGroup // of long work
}

var _ backend.Work = (*Jobs)(nil)

// New makes a Jobs. It starts nothing; Run does. The store has to be opened with
// Migrate as its Options.Also.
func New(o Options, log *zap.Logger) (*Jobs, error) {
	if o.Store == nil || o.S3 == nil || o.Bucket == "" {
		return nil, errors.New("make jobs: no store, S3 client or work bucket")
	}
	o = o.filled()
	j := &Jobs{
		o: o, store: o.Store, lake: lake.New(o.S3, o.Lake, log), log: log,
		memory: newMemory(o.Memory), gate: newGate(), long: map[string]*working{},
	}
	j.models = &Models{store: o.Store, s3: o.S3, bucket: o.Bucket, kept: map[modelKey]*keptModel{}}
	history := &History{store: o.Store, lake: j.lake, models: j.models}
	o.Runner.Room = j.runRoom
	j.runner = schedule.NewRunner(&Record{store: o.Store, lake: j.lake, now: j.now}, j.models, history, o.S3, o.Runner, log)
	j.loop = schedule.NewLoop(&Book{jobs: j}, o.Clock, schedule.LoopOptions{CatchUp: o.CatchUp}, log)
	var err error
	j.queue, err = j.newQueue()
	return j, err
}

// now is business time, as finely as it is kept.
func (j *Jobs) now() time.Time { return j.o.Clock.Now().UTC().Truncate(time.Microsecond) }

// Run works until ctx ends. It returns only ctx's error, or one of the start.
func (j *Jobs) Run(ctx context.Context) error {
	base, cancel := context.WithCancel(ctx)
	defer cancel()
	j.mu.Lock()
	j.base = base
	j.mu.Unlock()
	if j.o.Alone {
		if err := j.takeUp(ctx); err != nil {
			return err
		}
	}
	// What ends ctx is to end jobs only after they had time to be given back.
	if err := j.queue.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start jobs: %w", err)
	}
	var loops sync.WaitGroup
	loops.Go(func() { _ = j.loop.Run(base) })
	loops.Go(func() { j.tidyUp(base) })
	<-ctx.Done()
	cancel()
	j.stop(context.WithoutCancel(ctx))
	loops.Wait()
	j.all.Wait()
	return ctx.Err()
}

// How long jobs have to end by themselves, and to give up.
const (
	stopGently = 5 * time.Second
	stopWithin = 10 * time.Second
)

func (j *Jobs) stop(ctx context.Context) {
	gently, done := context.WithTimeout(ctx, stopGently)
	defer done()
	if j.queue.Stop(gently) == nil {
		return
	}
	soon, done := context.WithTimeout(ctx, stopWithin)
	defer done()
	if err := j.queue.StopAndCancel(soon); err != nil {
		j.log.Error("stop jobs", zap.Error(err))
	}
}
