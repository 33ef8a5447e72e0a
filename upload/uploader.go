// Package upload sends sealed windows to their buckets: which goes first, how
// often again, and until the store is known to hold it. It seals nothing and
// deletes nothing.
package upload

import (
	"context"
	"io"
	"sync"
	"time"

	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"millwright/internal/objstore"
	"millwright/internal/shelf"
	"millwright/internal/window"
)

// Queue is the part of the ledger an Uploader needs.
type Queue interface {
	// Pending gives all windows whose newest generation is not known to be in
	// the bucket, in no order.
	Pending(ctx context.Context, limit int) ([]window.Sealed, error)
	// Uploaded enters results, all or none. It is called again with the same
	// ones after an error.
	Uploaded(ctx context.Context, results []window.Result) error
}

// Store is the part of objstore.Client an Uploader needs. Errors are told apart
// with objstore.KindOf.
type Store interface {
	Put(ctx context.Context, o objstore.Object) (objstore.Info, error)
	Head(ctx context.Context, bucket, key string) (objstore.Info, error)
	List(ctx context.Context, bucket, prefix, startAfter string, fn func(page []objstore.Info) (bool, error)) error
}

// Reader reads objects back. Download writes one of at most limit bytes to w;
// known is "".
type Reader interface {
	Download(ctx context.Context, bucket, key, known string, limit int64, w io.Writer) (objstore.Info, error)
}

// Deriver makes a window anew from its rows, under the same generation if the
// bytes come out the same, and then offers it. It is called from several
// goroutines, again and again while the window is not at hand; a generation that
// is not the newest any more needs nothing.
type Deriver interface {
	Derive(ctx context.Context, s window.Sealed, why string) error
}

// Settings of an Uploader. Instance is required.
type Settings struct {
	Instance  string        // written into every object's metadata; keys that another one wrote are left alone
	Dir       string        // where relative paths of windows begin
	Shelf     *shelf.Shelf  // windows that are in memory; those without a path are nowhere else. nil: all have files
	Slots     int           // uploads at a time, at least 2. Default 8, and 16 while many small windows wait
	RateLimit int64         // bytes per second over all uploads; 0: no limit
	Poll      time.Duration // Pending is read at least so often. Default 30 s
	Grace     time.Duration // what is under way at the end may take so long. Default 5 s
	Deriver   Deriver       // nil: windows that are not at hand are reported and tried again
	Reader    Reader        // nil: a window that is neither at hand nor known by its ETag is made again, even if the bucket has it
	Existing  Existing      // what happens to objects of other content. Default: one's own are replaced
	// Lost is when the ledger was begun although there had been one before, in
	// business time; zero: never. Objects that this instance wrote for windows
	// that began earlier are not replaced: what was lost with the ledger may be
	// in them.
	Lost time.Time
	// Left is told of a window that is given up for an object that is left alone.
	// It is called from several goroutines.
	Left func(s window.Sealed, what, remedy string)
	// Differs is told of an object of other content that Keep leaves alone; what
	// is not known of it is zero. The window's result is an error. It is called
	// from several goroutines.
	Differs func(s window.Sealed, found objstore.Info)
	// Before has ended, and its counts go on in the new one; nil: they begin at 0.
	Before *Uploader
}

// Existing says what happens to objects of other content at windows' keys.
type Existing uint8

const (
	ReplaceOwn Existing = iota // those that this instance wrote are replaced, others are a conflict
	ReplaceAny                 // all are replaced
	Keep                       // none is
)

// Uploader is made by New and runs once.
type Uploader struct {
	queue   Queue
	store   Store
	now     func() time.Time
	set     Settings
	log     *zap.Logger
	limit   objstore.Limit
	hint    chan struct{}
	plain   sync.Map // bucket -> struct{}: its store has no conditional writes
	trusts  sync.Map // bucket -> trust
	hidden  sync.Map // place -> *atomic.Int32: refusals in a row to look at objects
	pace    pace
	earlier Status // counts of Settings.Before

	buffers buffers

	mu      sync.Mutex
	status  Status
	offered []window.Sealed
	stale   bool // Pending is to be read
}

// New makes an Uploader and starts nothing. now is business time: it decides
// what is ahead and what is overdue. Pauses between attempts are real time.
func New(q Queue, s Store, now func() time.Time, set Settings, log *zap.Logger) *Uploader {
	if set.Poll <= 0 {
		set.Poll = 30 * time.Second
	}
	if set.Grace <= 0 {
		set.Grace = 5 * time.Second
	}
	if set.Slots > 0 {
		set.Slots = max(set.Slots, 2) // the last free slot is never an overdue window's
	}
	u := &Uploader{queue: q, store: s, now: now, set: set, log: log, hint: make(chan struct{}, 1)}
	if set.Before != nil {
		b := set.Before.Status()
		u.earlier = Status{Sent: b.Sent, Bytes: b.Bytes, Adopted: b.Adopted, Failed: b.Failed, Causes: b.Causes}
		u.status = u.earlier
		u.set.Before = nil // it may go, and those before it
	}
	if set.RateLimit > 0 {
		l := rate.NewLimiter(rate.Limit(set.RateLimit), int(max(set.RateLimit/4, 16<<10)))
		u.limit = l.WaitN
	}
	return u
}

// Offer tells of windows that were sealed and committed, or made again. It
// never blocks.
func (u *Uploader) Offer(windows []window.Sealed) {
	u.mu.Lock()
	u.offered = append(u.offered, windows...)
	u.mu.Unlock()
	u.nudge()
}

// Wake tells that Pending has changed. It never blocks.
func (u *Uploader) Wake() {
	u.mu.Lock()
	u.stale = true
	u.mu.Unlock()
	u.nudge()
}

func (u *Uploader) nudge() {
	select {
	case u.hint <- struct{}{}:
	default:
	}
}

// news gives what Offer and Wake told since the last call.
func (u *Uploader) news() (offered []window.Sealed, stale bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	offered, stale = u.offered, u.stale
	u.offered, u.stale = nil, false
	return offered, stale
}

// Slowest is how long the slowest of the recent uploads took, from the first
// request to the answer of the PUT: the last 64 within 15 minutes; 0 for none.
func (u *Uploader) Slowest() time.Duration { return u.pace.slowest(time.Now()) }

// Status is what an Uploader is doing.
type Status struct {
	Pending int                   // windows not yet known to be in the bucket
	Flying  int                   // PUTs under way
	Sent    int64                 // objects put since the start, and by Settings.Before
	Bytes   int64                 // in them
	Adopted int64                 // objects that were already there
	Failed  int64                 // attempts that failed
	Causes  [objstore.Kinds]int64 // of Failed, by objstore.Kind
	Trouble []Trouble
}

// Trouble is a condition that stands between many windows and their bucket.
type Trouble struct {
	Where  string // "store", or bucket/prefix
	What   string
	Remedy string
	Since  time.Time // real time
}

// Status may be called at any time.
func (u *Uploader) Status() Status {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.status
}

// Run uploads until ctx ends; then it lets what is under way finish for
// Settings.Grace. It returns only ctx's error.
func (u *Uploader) Run(ctx context.Context) error {
	return newLoop(u).run(ctx, false)
}

// Drain uploads until nothing is pending, or ctx ends. It keeps trying what
// fails: give ctx a limit. It is for one-shot verbs, instead of Run.
func (u *Uploader) Drain(ctx context.Context) error {
	return newLoop(u).run(ctx, true)
}
