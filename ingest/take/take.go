// Package take finds the files in drop folders that are whole, reads each once
// and makes its rows durable in segments, then in the ledger. It never decides
// whether a row is late, writes no windows and removes no drops.
package take

import (
	"context"
	"math"
	"sync"
	"time"

	"go.uber.org/zap"

	"millwright/internal/drop"
	"millwright/internal/fingerprint"
)

// Seen is the part of the ledger that knows earlier drops.
type Seen interface {
	// EachSeen calls fn for every path of a folder with the newest content that
	// was taken from it, or refused since.
	EachSeen(ctx context.Context, folder string, fn func(name string, size int64, mod time.Time, st drop.State) error) error
	// Path gives the newest version of a path.
	Path(ctx context.Context, folder, name string) (drop.Drop, bool, error)
	// ByIdentity gives the first drop with this identity whose rows were taken.
	ByIdentity(ctx context.Context, identity [32]byte) (drop.Drop, bool, error)
}

// Commits is the part of the ledger that is written.
type Commits interface {
	// CommitTaken makes the drops of a batch taken, all or none, and returns
	// them with their IDs in the order of the batch. One that it can never take
	// is refused instead and has ID 0.
	CommitTaken(ctx context.Context, batch []drop.Taking) ([]drop.Drop, error)
	// Refuse notes that a path's content is not taken, and why.
	Refuse(ctx context.Context, d drop.Drop) error
}

// Ledger is what a Taker needs of the ledger. Its methods are called on several
// goroutines.
type Ledger interface {
	Seen
	Commits
	// Sensors gives every sensor known for the component with its latest row, Unix ns.
	Sensors(ctx context.Context, component string) (map[string]int64, error)
}

// Horizon says which rows are wanted.
type Horizon interface {
	// Accept gives the bounds for rows of a component: rows with t <= oldest stay
	// in the drop, rows with t > newest go to quarantine. ok is false when no
	// scheduler has the component; then why says so and what to do.
	Accept(component string) (oldest, newest int64, ok bool, why string)
	// Unsure tells that the clock is not to be trusted now. A drop with a row
	// after newest waits: taken, the row would open windows and move its sensors'
	// watermarks for good, and in quarantine it might be missed.
	Unsure() bool
}

// Dirs are the folders that a Taker writes to or keeps out of, absolute paths, and
// what content that was taken into them is known again by.
type Dirs struct {
	Segments   string   // for segment files
	Quarantine string   // for what cannot be used
	Skip       []string // not listed although below a drop folder: archives, state_dir
	Prints     *fingerprint.Maker
}

// Limits bound what one drop may ask for. Zero means the default.
type Limits struct {
	File     int64 // bytes of a file, also when decompressed; default 5 GiB
	Row      int   // bytes of a row; default 1 MiB
	Columns  int   // default 3001
	Memory   int64 // bytes of the whole process, of which taking uses a quarter; default 64 MiB
	Faults   int64 // bytes of rows and cells in quarantine per drop; default 64 MiB
	NotAfter int64 // Unix ns: rows after it stay in the drop as those do that are too old; 0: none do
}

func (l Limits) withDefaults() Limits {
	if l.File <= 0 {
		l.File = 5 << 30
	}
	if l.Row <= 0 {
		l.Row = 1 << 20
	}
	if l.Columns <= 0 {
		l.Columns = 3001
	}
	if l.Memory <= 0 {
		l.Memory = 64 << 20
	}
	if l.Faults <= 0 {
		l.Faults = 64 << 20
	}
	return l
}

// Taker watches drop folders and takes drops. List and Take are called on one
// goroutine, Watch on another.
type Taker struct {
	// Refusals is shared with the Takers before and after this one; New sets one
	// of its own.
	Refusals *Refusals

	folders []*Folder
	ledger  Ledger
	horizon Horizon
	dirs    Dirs
	limits  Limits
	now     func() time.Time // business time
	wall    func() time.Time // real time: settling, pace of listing
	log     *zap.Logger

	files   *files // what is known of each file
	loaded  bool   // files holds what the ledger knows
	lastMu  sync.Mutex
	last    map[lane]int64   // newest stamp taken per source, Unix ns, where the zone has repeated hours
	faults  map[string]fault // by path: what keeps a folder or a file from being read
	workers [workers]*worker
	watch   watch
	pace    pace
}

// workers is how many drops are read at a time.
const workers = 2

// New makes a Taker for folders. It touches no disk.
func New(folders []Folder, ledger Ledger, horizon Horizon, dirs Dirs, limits Limits, now func() time.Time, log *zap.Logger) *Taker {
	t := &Taker{
		ledger: ledger, horizon: horizon, dirs: dirs, limits: limits.withDefaults(), now: now, wall: time.Now, log: log,
		Refusals: &Refusals{}, files: newFiles(), last: map[lane]int64{}, faults: map[string]fault{},
		watch: newWatch(),
	}
	for i := range folders {
		f := folders[i].withDefaults(i)
		t.folders = append(t.folders, &f)
	}
	for i := range t.workers {
		t.workers[i] = &worker{t: t}
	}
	return t
}

// bounds is an answer of the Horizon.
type bounds struct {
	oldest, newest int64
	until          int64 // rows after it stay in the drop
	unsure         bool  // whether newest is right
	ok             bool
	why            string
}

func (t *Taker) bounds(component string) bounds {
	unsure := t.horizon.Unsure() // asked first: what is said of a trusted clock is right
	oldest, newest, ok, why := t.horizon.Accept(component)
	until := t.limits.NotAfter
	if until == 0 {
		until = math.MaxInt64
	}
	return bounds{oldest, newest, until, unsure, ok, why}
}
