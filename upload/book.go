package upload

import (
	"context"
	"time"

	"millwright/internal/window"
)

const (
	batchSize  = 256
	batchAge   = 100 * time.Millisecond
	failureAge = 2 * time.Second // failures are told to the ledger no more often: each is a write to an SD card
	bookPause  = time.Second     // after the ledger refused
)

// book collects results and has them entered in the ledger, one batch at a
// time. Only the loop touches it; done brings the ledger's answers.
type book struct {
	u     *Uploader
	done  chan entered
	busy  bool
	retry time.Time // not before, after an error

	results  []window.Result
	since    time.Time // of the oldest in results
	failures map[window.ID]window.Result
	failed   time.Time // when failures were entered last
}

// entered is the ledger's answer to a batch.
type entered struct {
	results []window.Result
	err     error
}

func newBook(u *Uploader) book {
	return book{u: u, done: make(chan entered, 1), failures: map[window.ID]window.Result{}}
}

func (b *book) add(r window.Result, real time.Time) {
	if len(b.results) == 0 {
		b.since = real
	}
	b.results = append(b.results, r)
	delete(b.failures, r.ID)
}

// fail replaces an earlier failure of the window that was not entered yet.
func (b *book) fail(r window.Result, _ time.Time) { b.failures[r.ID] = r }

func (b *book) empty() bool { return !b.busy && len(b.results) == 0 && len(b.failures) == 0 }

// ready reports whether a batch should be entered; idle says that no further
// results are to be expected soon.
func (b *book) ready(real time.Time, idle bool) bool {
	if b.busy || real.Before(b.retry) {
		return false
	}
	if len(b.results) > 0 && (idle || len(b.results) >= batchSize || real.Sub(b.since) >= batchAge) {
		return true
	}
	return len(b.failures) > 0 && real.Sub(b.failed) >= failureAge
}

func (b *book) due() time.Time {
	if b.busy {
		return time.Time{}
	}
	var t time.Time
	if len(b.results) > 0 {
		t = b.since.Add(batchAge)
	}
	if f := b.failed.Add(failureAge); len(b.failures) > 0 && (t.IsZero() || f.Before(t)) {
		t = f
	}
	if !t.IsZero() && t.Before(b.retry) {
		t = b.retry
	}
	return t
}

// enter hands all that was collected to the ledger.
func (b *book) enter(ctx context.Context) {
	batch := b.results
	for _, r := range b.failures {
		batch = append(batch, r)
	}
	if len(b.failures) > 0 {
		b.failed = time.Now()
		clear(b.failures)
	}
	b.results, b.busy = nil, true
	go func() { b.done <- entered{batch, b.u.queue.Uploaded(ctx, batch)} }()
}

// finish takes a batch back that was not entered.
func (b *book) finish(e entered) {
	b.busy = false
	if e.err == nil {
		return
	}
	b.retry = time.Now().Add(bookPause)
	for _, r := range e.results {
		if r.Err == "" || r.Kept {
			b.results = append(b.results, r)
		} else if _, newer := b.failures[r.ID]; !newer {
			b.failures[r.ID] = r
		}
	}
	if len(b.results) > 0 {
		b.since = b.retry
	}
}
