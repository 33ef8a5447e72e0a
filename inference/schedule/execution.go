package schedule

import (
	"context"
	"errors"
	"time"

	"millwright/inference/detect"
	"millwright/inference/detect/frame"
	"millwright/internal/event"
	"millwright/internal/objstore"
	"millwright/internal/window"
)

// Execution is one run of a scheduler: what its record says from the wake-up on.
type Execution struct {
	Scheduler string // its id
	Start     int64  // S, Unix ns; rows S < t <= S+F are taken
	Frequency time.Duration
	Model     string // its id
	Version   int64  // active at the wake-up
	// FalseAlarms is the target a week that the version's limit was for then; 0: as it
	// is. The version may be activated again, with another one, between two attempts.
	FalseAlarms float64
	Input       Input
	Output      Place
}

// End is the window's end, Unix ns.
func (e Execution) End() int64 { return e.Start + int64(e.Frequency) }

// Input says where a scheduler's files are, and how they are named.
type Input struct {
	Bucket string
	Naming window.Naming
}

// Place is a bucket and a prefix, "" or ending in "/".
type Place struct{ Bucket, Prefix string }

// Fence is one attempt of a job at an execution. What an attempt records counts
// only while the execution is its own.
type Fence struct {
	Work         string
	Job, Attempt int64
}

// What a Record's methods may return.
var (
	ErrFenced = errors.New("the execution was given to another attempt") // stop without writing anything
	ErrOver   = errors.New("the execution has ended already")            // there is nothing left to do
	ErrStale  = errors.New("another execution ended meanwhile")          // of Finish: look at Past again
)

// Record is what a Runner needs of the record of executions. Each method is one
// transaction, and may be called again after an error.
type Record interface {
	// Fix keeps what an execution reads, once: it gives what the first call with
	// found gave it, nil before that. The error is ErrFenced or ErrOver, or
	// another one.
	Fix(ctx context.Context, f Fence, e Execution, found *Inputs) (*Inputs, error)
	// Past gives what events around the execution follow from.
	Past(ctx context.Context, e Execution) (Past, error)
	// Finish ends the execution, and keeps everything in Outcome. The error is
	// ErrFenced, ErrOver, ErrStale when Past would not give Outcome.Past any more,
	// or another one; nothing was kept then.
	Finish(ctx context.Context, f Fence, e Execution, o Outcome) error
}

// Models gives models. The error wraps ErrNoModel when it is gone; any other may
// pass. It should keep those that were asked for lately.
type Models interface {
	Model(ctx context.Context, model string, version int64) (*detect.Model, error)
}

// ErrNoModel is returned by Models for what is not there and will not be.
var ErrNoModel = errors.New("the model version is not there any more")

// History is the rows that successful executions took, which Outcome.Rows were.
type History interface {
	// Rows gives those of a model with from < label <= to, oldest first. Rows that
	// were given once stay as they are.
	Rows(ctx context.Context, model string, from, to int64) (*frame.Frame, error)
}

// Store is what a Runner needs of S3; *objstore.Client is one.
type Store interface {
	List(ctx context.Context, bucket, prefix, startAfter string, fn func(page []objstore.Info) (bool, error)) error
	Get(ctx context.Context, bucket, key string, limit int64) ([]byte, objstore.Info, error)
	Put(ctx context.Context, o objstore.Object) (objstore.Info, error)
}

// Inputs is what an execution reads. It is found once, and every attempt uses
// exactly this.
type Inputs struct {
	Files   []File    // of the window, by key
	Context []File    // of windows before it that History has not, by key; not needed after the end
	From    int64     // context rows are those with From < label <= Start
	Past    []Stretch // of them, those in here are History's, the others the files'
}

// File is an object in the input bucket, in the version that was read first.
type File struct {
	Component string
	Key, ETag string
	Size      int64
	Stamp     int64 // in its name, Unix ns
}

// Status is how an execution ended.
type Status string

// Both ends. FAILED is final.
const (
	Success Status = "SUCCESS"
	Failed  Status = "FAILED"
)

// Outcome is what is to be recorded of an execution.
type Outcome struct {
	Status Status
	Reason string   // of FAILED, at most 5000 characters
	Notes  []string // for people, not in the result: unseen modes, missing sensors
	Inputs *Inputs  // what was read, without Context; nil when it did not come to that

	// The rest is of SUCCESS only.
	Result    Object
	Anomalous bool         // LatestInferenceResult, if no later window has succeeded
	Rows      *frame.Frame // what was taken of the window, for History and retraining
	Past      Past         // what Events and States follow from
	Events    []event.Event
	Since     int64   // Events replace all that began at Since or after it, Unix ns
	States    []State // of this window, and of each in Past.Later
}

// Object is an object in a bucket.
type Object struct{ Bucket, Key string }

// State is what events remember after a window. It is needed as long as a window
// after it may be made up, and the newest one always.
type State struct {
	Start int64 // the window's
	JSON  []byte
}

// Past is what the successful executions of the same scheduler left.
type Past struct {
	State []byte  // after the newest window before the execution's, nil for none
	Later []Later // windows after it, oldest first
}

// Later is a window after the execution's own.
type Later struct {
	Start  int64
	Result Object
}
