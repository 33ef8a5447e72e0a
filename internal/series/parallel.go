package series

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// parallel reads the rows of a file on several goroutines and hands them on in
// the order of the file. Whoever has finished the chunk that is next hands it
// on, and with it those behind it that are finished too: nobody waits for a
// turn while there is something to read.
type parallel struct {
	in    *io.SectionReader
	size  int64              // of a chunk
	start int64              // of the first row
	add   func(*Batch) error // called in the order of the file, by one goroutine at a time

	claim atomic.Int64 // the next chunk to be read
	ended atomic.Bool  // nothing more is to be read
	free  chan *chunk

	mu      sync.Mutex
	waiting map[int64]*chunk // read, not yet handed on
	busy    bool             // somebody hands on

	// Of whoever hands on:
	next   int64 // the chunk to be handed on next
	report Report
	lines  int64 // before the next chunk
	before int64 // time of the row before
	odd    int64 // where the file has to be read in order from; -1: nowhere
	err    error
}

// splits tells whether the rows of a file can be read independently of each
// other. Line ends must be line ends, stamps must not lean on the row before,
// and what counts as a fault must not depend on earlier rows.
func (r *Reader) splits(size int64) bool {
	d := &r.dialect
	utc := r.set.Zone == nil || r.set.Zone == time.UTC
	return r.Resumable() && d.LineEnd != "cr" && d.Layout == Wide && utc && len(d.Text) == 0 && r.delim != ' ' &&
		r.set.OnFault == nil && !r.set.WholeLines && (r.set.MaxBytes < 0 || size <= r.set.MaxBytes)
}

// newParallel reads on after r, which has read no row yet.
func newParallel(r *Reader, in *io.SectionReader, jobs int, size int64, add func(*Batch) error) (*parallel, error) {
	start, lines := r.Consumed()
	p := &parallel{
		in: in, size: size, start: start, add: add, free: make(chan *chunk, jobs+2), waiting: map[int64]*chunk{},
		report: Report{Bad: map[FaultKind]int64{}, Warnings: r.Report().Warnings}, lines: lines, before: noStamp, odd: -1,
	}
	for range jobs + 2 {
		c, err := newChunk(r, size)
		if err != nil {
			return nil, err
		}
		p.free <- c
	}
	return p, nil
}

// run reads to the end of the file, or to where odd says.
func (p *parallel) run(ctx context.Context, jobs int) error {
	var workers sync.WaitGroup
	for range jobs {
		workers.Go(func() { p.work(ctx) })
	}
	workers.Wait()
	return errors.Join(p.err, ctx.Err())
}

// work reads chunks until there are no more. A chunk's place in the file is
// claimed by who has the memory for it: so the chunk that is next is never one
// that waits for memory.
func (p *parallel) work(ctx context.Context) {
	size := p.in.Size()
	for ctx.Err() == nil && !p.ended.Load() {
		c := <-p.free
		c.index = p.claim.Add(1) - 1
		from := p.start + c.index*p.size
		if from >= size {
			p.ended.Store(true)
			p.free <- c
			return
		}
		c.read(p.in, p.start, from, min(from+p.size, size), size)
		p.deliver(c)
	}
}

// deliver hands on what is next, unless somebody else is at it.
func (p *parallel) deliver(c *chunk) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting[c.index] = c
	for !p.busy {
		c, ok := p.waiting[p.next]
		if !ok {
			return
		}
		delete(p.waiting, p.next)
		p.busy = true
		p.mu.Unlock()
		p.take(c)
		p.free <- c
		p.mu.Lock()
		p.next++
		p.busy = false
	}
}

// take hands one chunk on.
func (p *parallel) take(c *chunk) {
	if p.err != nil || p.odd >= 0 {
		return
	}
	if p.err = c.err; p.err == nil && c.odd {
		p.odd = c.offset
	} else if p.err == nil {
		p.report.add(c.report, p.lines)
		p.lines += c.lines
		if c.batch != nil {
			if c.first < p.before {
				p.report.OutOfOrder++
			}
			p.before = c.last
			p.err = p.add(c.batch)
		}
	}
	if p.err != nil || p.odd >= 0 {
		p.ended.Store(true)
	}
}

// inOrder reads what is left from odd on.
func (p *parallel) inOrder(ctx context.Context, r *Reader) error {
	o := r.set.Options
	o.Resume = &Resume{Dialect: r.dialect, Offset: p.odd, Line: p.lines}
	rest, err := NewReader(io.NewSectionReader(p.in, p.odd, p.in.Size()-p.odd), o)
	if err != nil {
		return err
	}
	defer rest.Close()
	rest.head, rest.last = r.head, p.before
	err = Each(ctx, rest, p.add)
	p.report.add(rest.Report(), 0)
	return err
}

// hopeless is the error of a file without a usable row.
func (p *parallel) hopeless() error {
	if p.report.Used > 0 || p.report.Rows == 0 {
		return nil
	}
	f := p.report.Faults[0]
	return &HopelessError{Reason: "none of the rows can be used: " + f.Reason, Line: f.Line, Text: f.Text}
}
