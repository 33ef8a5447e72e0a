package results

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"millwright/internal/objstore"
	"millwright/internal/window"
)

func TestManyAtOnceCostOneListing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for i := range 100 {
		r.uploaded(i)
		if i != 50 {
			r.put(i, r.lines(i, 0.1))
		}
	}
	r.clock.now = r.clock.now.Add(wake + 100*5*time.Minute)
	r.pass()
	for i := range 100 {
		if i != 50 {
			r.is(i, window.Delivered)
		}
	}
	r.is(50, window.Missing)
	if l, g := r.store.lists.Load(), r.store.gets.Load(); l > 2 || g != 99 {
		t.Errorf("%d listings, %d gets", l, g)
	}
	if r.f.state.Fed != r.start(99) {
		t.Errorf("fed up to %s", stamp(r.f.state.Fed))
	}
}

func TestOutageIsNoReasonToCallAResultMissing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.uploaded(0)
	down := error(syscall.ECONNREFUSED)
	r.store.fail.Store(&down)
	r.until(5 * time.Hour)
	r.is(0, window.Awaited)
	if !strings.Contains(r.notes["pump results"], "cannot be looked for") {
		t.Errorf("notes: %v", r.notes)
	}
	if n := r.store.requests(); n > 5*60+10 {
		t.Errorf("%d requests in five hours of outage", n)
	}
	r.store.fail.Store(nil)
	r.put(0, r.lines(0, 0.1))
	r.until(5*time.Hour + 2*time.Minute)
	r.is(0, window.Delivered)
	if len(r.notes) != 0 {
		t.Errorf("notes: %v", r.notes)
	}
}

func TestPolicyWithoutListing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.store.noList.Store(true)
	for i := range 3 {
		r.uploaded(i)
	}
	r.put(0, r.lines(0, 0.1))
	r.until(wake + time.Minute)
	r.is(0, window.Delivered)
	r.put(2, r.lines(2, 0.1))
	r.until(wake + 12*time.Minute)
	r.is(2, window.Delivered)
}

// TestAbsentLooksForbidden: without s3:ListBucket S3 answers 403 for what is not there.
func TestAbsentLooksForbidden(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.store.noList.Store(true)
	r.store.hides.Store(true)
	const windows = 3 * maxSingle
	for i := range windows {
		r.uploaded(i)
	}
	r.put(0, r.lines(0, 0.1))
	r.until(wake + time.Minute)
	r.is(0, window.Delivered)
	r.until(wake + 11*time.Minute)
	if note := r.notes["pump results"]; !strings.Contains(note, "may not be listed") {
		t.Errorf("notes: %v", r.notes)
	}
	r.clock.now = r.clock.now.Add(windows * 5 * time.Minute) // all of them at once
	before := r.store.requests()
	r.until(wake + windows*10*time.Minute)
	for i := 1; i < windows; i++ {
		if o := r.is(i, window.Missing); !strings.Contains(o.Reason, "403") || !strings.Contains(o.Remedy, "s3:ListBucket") {
			t.Fatalf("%+v", o)
		}
	}
	// Hourly a listing and a few keys.
	if n := r.store.requests() - before; n > windows+5*(maxSingle+1) {
		t.Errorf("%d requests for %d windows", n, windows)
	}
	r.store.noList.Store(false)
	r.store.hides.Store(false)
	r.put(1, r.lines(1, 0.1))
	r.until(wake + windows*10*time.Minute + 2*time.Hour)
	r.is(1, window.Delivered)
	if note := r.notes["pump results"]; note != "" {
		t.Errorf("it still stands: %s", note)
	}
}

// TestForbiddenThatIsThere: what is listed and may not be read is not missing.
func TestForbiddenThatIsThere(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.uploaded(0)
	r.uploaded(1)
	denied := error(objstore.ErrForbidden)
	r.store.failGet.Store(&denied)
	r.put(0, r.lines(0, 0.1))
	r.until(wake + time.Hour)
	r.is(0, window.Awaited)
	if note := r.notes["pump results"]; !strings.Contains(note, "cannot be looked for") {
		t.Errorf("notes: %v", r.notes)
	}
	r.store.failGet.Store(nil)
	r.until(wake + time.Hour + 2*time.Minute)
	r.is(0, window.Delivered)
}

// TestCrowdedPrefix: what a listing did not come to is not missing.
func TestCrowdedPrefix(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for i := range 3 {
		r.uploaded(i)
	}
	r.put(2, r.lines(2, 0.1))
	r.store.crowd.Store(true)
	r.clock.now = r.clock.now.Add(24 * time.Hour)
	r.pass()
	r.is(0, window.Missing)
	r.is(2, window.Delivered)
}

// TestUnusableIsNotFetchedAgain after a restart, but for other rules.
func TestUnusableIsNotFetchedAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.set.Limits.Bytes = 600
	r.restart()
	long := r.lines(0, 0.1, 0.2, 0.3, 0.4, 0.5)
	r.uploaded(0)
	r.uploaded(1)
	r.put(0, long)
	r.put(1, r.lines(1, 0.1))
	r.until(wake + 11*time.Minute)
	r.is(0, window.Missing)
	r.is(1, window.Delivered)
	r.put(1, r.lines(1, 0.2)[:20]) // torn: what is on site stays
	r.until(3 * time.Hour)
	if o := r.is(1, window.Delivered); o.Generation != 1 || o.Refused == "" {
		t.Errorf("%+v", o)
	}
	gets := r.store.gets.Load()
	for range 3 {
		r.restart()
		r.pass()
	}
	if n := r.store.gets.Load() - gets; n != 0 {
		t.Errorf("fetched %d times again", n)
	}
	r.set.Limits.Bytes = 60000
	r.restart()
	r.pass()
	if o := r.is(0, window.Delivered); o.Refused != "" {
		t.Errorf("%+v", o)
	}
	r.onSite(0, long)
}
