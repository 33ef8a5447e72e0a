package agent

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"millwright/ingest"
	"millwright/ingest/take"
	"millwright/internal/drop"
	"millwright/internal/ledger"
	"millwright/internal/segment"
	"millwright/internal/window"
)

// pulse knows when each loop turned last. A supervisor is told that the process
// lives only while every loop does: one that hangs holds a part of the work up
// for ever while all others look healthy. Whether uploads succeed is not asked.
type pulse struct {
	mu    sync.Mutex
	beats map[string]*beat
}

// beat is one loop's promise to turn again in time. All methods may be called
// from any goroutine.
type beat struct {
	pulse  *pulse
	within time.Duration // real time between two turns
	until  time.Time     // real time by which it has to turn again
}

// turnWithin is the usual promise. Loops turn every 30 s at the latest; the rest
// is for slow disks and for requests that wait for their time-out.
const turnWithin = 5 * time.Minute

func newPulse() *pulse { return &pulse{beats: map[string]*beat{}} }

// beat begins a loop's promise, in place of an earlier one of that name.
func (p *pulse) beat(name string, within time.Duration) *beat {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := &beat{pulse: p, within: within, until: time.Now().Add(within)}
	p.beats[name] = b
	return b
}

// clear forgets all loops: they have been stopped.
func (p *pulse) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.beats)
}

// late names the loops that broke their promise, sorted.
func (p *pulse) late() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var names []string
	now := time.Now()
	for name, b := range p.beats {
		if now.After(b.until) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// end says that the loop has ended.
func (b *beat) end() {
	b.pulse.mu.Lock()
	defer b.pulse.mu.Unlock()
	for name, other := range b.pulse.beats {
		if other == b {
			delete(b.pulse.beats, name)
		}
	}
}

// turn says that the loop has turned.
func (b *beat) turn() { b.allow(0) }

// allow says that the loop has turned, and that its next turn may take longer by
// more: something bounded lies ahead, such as a large file.
func (b *beat) allow(more time.Duration) {
	b.pulse.mu.Lock()
	defer b.pulse.mu.Unlock()
	b.until = time.Now().Add(b.within + more)
}

// steps is the ledger as the loops see it that go through it: each of its
// answers is a step of a pass that may take long after an outage. A ledger that
// does not answer is a loop that hangs.
type steps struct {
	*ledger.Ledger
	beat *beat
}

// CommitTaken is a batch of drops that was read.
func (s steps) CommitTaken(ctx context.Context, batch []drop.Taking) ([]drop.Drop, error) {
	defer s.beat.turn()
	return s.Ledger.CommitTaken(ctx, batch)
}

// Blocks is asked for each window that is sealed.
func (s steps) Blocks(ctx context.Context, component string, from, to int64) ([]drop.Block, error) {
	defer s.beat.turn()
	return s.Ledger.Blocks(ctx, component, from, to)
}

// CommitSealed is a batch of windows.
func (s steps) CommitSealed(ctx context.Context, records []window.Record) error {
	defer s.beat.turn()
	return s.Ledger.CommitSealed(ctx, records)
}

// CommitClosed is a batch of windows.
func (s steps) CommitClosed(ctx context.Context, closing []window.Closing) error {
	defer s.beat.turn()
	return s.Ledger.CommitClosed(ctx, closing)
}

// Pending is read by the uploader's loop every 30 s at the latest, whether or
// not the store answers.
func (s steps) Pending(ctx context.Context, limit int) ([]window.Sealed, error) {
	defer s.beat.turn()
	return s.Ledger.Pending(ctx, limit)
}

// Uploaded is a batch of results.
func (s steps) Uploaded(ctx context.Context, results []window.Result) error {
	defer s.beat.turn()
	return s.Ledger.Uploaded(ctx, results)
}

// slowestRead is the slowest that files are read and their rows written, in bytes
// a second: on an SD card that others write to as well.
const slowestRead = 256 << 10

// turning lets the ingest loop beat at each listing, and gives it time for what
// it is about to read.
type turning struct {
	ingest.Taker
	beat    *beat
	largest int64  // bytes of a drop, decompressed
	listed  func() // after each listing
}

// List implements ingest.Taker.
func (t turning) List(ctx context.Context) (take.Listing, error) {
	t.beat.turn()
	defer t.listed()
	return t.Taker.List(ctx)
}

// Take implements ingest.Taker.
func (t turning) Take(ctx context.Context, batch []take.Candidate) ([]drop.Drop, []segment.Ref, error) {
	var bytes int64
	for _, c := range batch {
		if strings.HasSuffix(c.Name, ".gz") {
			c.Size = min(c.Size*1000, t.largest) // what gzip can make of it at most
		}
		bytes += c.Size
	}
	t.beat.allow(time.Duration(bytes/slowestRead) * time.Second)
	defer t.beat.turn()
	return t.Taker.Take(ctx, batch)
}
