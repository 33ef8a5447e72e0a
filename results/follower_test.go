package results

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"

	"millwright/internal/objstore"
	"millwright/internal/outbox"
	"millwright/internal/window"
)

// wake is the first window's wake-up after its start.
const wake = 7 * time.Minute

func TestResultComesHome(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.uploaded(0)
	body := r.lines(0, 0.1, 0.2, 0.9, 0.95, 0.3)
	r.put(0, body)
	r.until(wake - time.Second)
	if n := r.store.requests(); n != 0 {
		t.Errorf("%d requests before the wake-up", n)
	}
	r.until(wake + 10*time.Second)
	o := r.is(0, window.Delivered)
	r.onSite(0, body)
	if o.Generation != 1 || o.Rows != 5 || o.Anomalous != 2 || o.Peak != 0.95 || o.PeakAt != r.start(0)+4*int64(time.Minute) || o.Size != int64(len(body)) {
		t.Errorf("%+v", o)
	}
	if n := r.store.requests(); n != 1 {
		t.Errorf("%d requests for one result", n)
	}
	r.wantMessages(outbox.Result, "pump/20260105T080000Z/result/1")
	r.wantMessages(outbox.Change, "pump/20260105T080300Z/event/1")
	// Nothing is due any more.
	before := r.store.requests()
	r.until(8 * time.Hour)
	if n := r.store.requests() - before; n > 1 {
		t.Errorf("%d requests in eight hours in which nothing was due", n)
	}
}

func TestAwaitedIsLookedForWithGrowingPauses(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.uploaded(0)
	r.until(wake + time.Minute)
	r.is(0, window.Awaited)
	if n := r.store.requests(); n < 4 || n > 8 {
		t.Errorf("%d requests in the first minute", n)
	}
	before := r.store.requests()
	r.until(wake + 9*time.Minute)
	if n := r.store.requests() - before; n > 10 {
		t.Errorf("%d requests in eight further minutes", n)
	}
	r.put(0, r.lines(0, 0.1))
	r.until(wake + 10*time.Minute)
	r.is(0, window.Delivered)
	r.wantMessages(outbox.Alert)
}

func TestMissingInARowIsOneAlarm(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for i := range 30 {
		r.uploaded(i)
	}
	r.until(wake + 30*5*time.Minute + 10*time.Minute)
	for i := range 30 {
		o := r.is(i, window.Missing)
		if !strings.Contains(o.Reason, "nothing came within 10m0s") {
			t.Errorf("window %d: %s", i, o.Reason)
		}
	}
	if !strings.Contains(r.notes["pump no-result"], "30 windows from 2026-01-05T08:00:00Z") {
		t.Errorf("notes: %v", r.notes)
	}
	// 2.5 hours: raised, and told again twice.
	r.wantMessages(outbox.Alert, "pump/20260105T080000Z/alarm/1", "pump/20260105T080000Z/alarm/2", "pump/20260105T080000Z/alarm/3")
	r.uploaded(40)
	r.put(40, r.lines(40, 0.1))
	r.until(wake + 40*5*time.Minute + time.Minute)
	ids, all := r.messages(outbox.Alert)
	if len(ids) != 5 { // the rest of them is told before the end is
		t.Fatalf("alarms: %v", ids)
	}
	var a outbox.Alarm
	r.must(json.Unmarshal(all[4].Body, &a))
	if a.State != outbox.Cleared || a.Windows != 30 || a.Last != "2026-01-05T10:25:00Z" {
		t.Errorf("%+v", a)
	}
	if len(r.notes) != 0 {
		t.Errorf("notes: %v", r.notes)
	}
}

func TestLateResultChangesTheMark(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.uploaded(0)
	r.until(wake + 11*time.Minute)
	r.is(0, window.Missing)
	r.put(0, r.lines(0, 0.9))
	r.until(2 * time.Hour)
	r.is(0, window.Delivered)
	r.wantMessages(outbox.Change) // its turn has passed
	r.wantMessages(outbox.Alert, "pump/20260105T080000Z/alarm/1", "pump/20260105T080000Z/alarm/2")
	if len(r.notes) != 0 {
		t.Errorf("notes: %v", r.notes)
	}
}

func TestUploadedLate(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.sealed(0, "a", false)
	r.sealed(0, "b", false)
	r.until(3 * time.Hour) // the store is away
	o := r.is(0, window.Awaited)
	if !o.Uploaded.IsZero() {
		t.Errorf("%+v", o)
	}
	r.verified(0, "a")
	r.verified(0, "b")
	r.until(3*time.Hour + 9*time.Minute)
	r.is(0, window.Awaited)
	r.until(3*time.Hour + 11*time.Minute)
	if o := r.is(0, window.Missing); !strings.Contains(o.Reason, "uploaded 2h53m0s after the wake-up") {
		t.Error(o.Reason)
	}
}

// TestUploadedUnknown: a kill came between the PUT and the ledger.
func TestUploadedUnknown(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.sealed(0, "a", false)
	r.sealed(0, "b", false)
	r.uploaded(1)
	r.put(0, r.lines(0, 0.9))
	r.put(1, r.lines(1, 0.9))
	r.until(wake + 9*time.Minute)
	r.is(0, window.Awaited)
	r.is(1, window.Delivered)
	r.wantMessages(outbox.Change)
	r.until(wake + 11*time.Minute)
	r.is(0, window.Delivered)
	r.wantMessages(outbox.Change, "pump/20260105T080100Z/event/1")
}

func TestOverdueIsUnscoredAndNobodyIsAlarmed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.until(30 * time.Minute)
	r.sealed(0, "a", true)
	r.sealed(0, "b", false)
	r.until(2 * time.Hour)
	r.is(0, window.Unscored)
	r.wantMessages(outbox.Alert)
	body := r.lines(0, 0.2)
	r.put(0, body)
	r.until(4 * time.Hour)
	r.is(0, window.Delivered)
	r.onSite(0, body)
}

func TestSilentComponentIsNamed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.uploaded(0, "a")
	r.until(wake + 11*time.Minute)
	if o := r.is(0, window.Missing); !strings.Contains(o.Reason, "no file was uploaded for b") {
		t.Error(o.Reason)
	}
	if n := r.store.requests(); n > 3 {
		t.Errorf("%d requests for a result that cannot come", n)
	}
}

func TestDamagedIsKeptAsideAndFetchedOnceItIsAnother(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		body func(r *rig) []byte
		says string
	}{
		"torn":      {func(r *rig) []byte { b := r.lines(0, 0.1, 0.2); return b[:len(b)-10] }, "does not end"},
		"empty":     {func(*rig) []byte { return nil }, "no line"},
		"garbage":   {func(*rig) []byte { return []byte("<html>\n") }, "line 1"},
		"oversized": {func(r *rig) []byte { return append(r.lines(0, 0.1), make([]byte, 70<<10)...) }, "limit"},
		"foreign":   {func(r *rig) []byte { return r.lines(1, 0.1) }, "is not of the window"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.set.Limits.Bytes = 64 << 10
			r.restart()
			r.uploaded(0)
			r.put(0, tt.body(r))
			r.until(wake + time.Minute)
			o := r.is(0, window.Awaited)
			if !strings.Contains(o.Reason, tt.says) {
				t.Errorf("%q does not say %q", o.Reason, tt.says)
			}
			reason, err := os.ReadFile(filepath.Join(r.dir, "quarantine/results/pump/20260105T080000Z.reason.txt"))
			if err != nil || !strings.Contains(string(reason), tt.says) {
				t.Errorf("%s %v", reason, err)
			}
			if _, err := os.Stat(filepath.Join(r.dir, window.ResultPath("pump", r.start(0)))); err == nil {
				t.Error("it is on site")
			}
			r.until(wake + 11*time.Minute)
			if o := r.is(0, window.Missing); !strings.Contains(o.Reason, tt.says) {
				t.Error(o.Reason)
			}
			whole := r.lines(0, 0.1, 0.2)
			r.put(0, whole)
			r.until(3 * time.Hour)
			r.is(0, window.Delivered)
			r.onSite(0, whole)
		})
	}
}

func TestSameContentAgainAndOtherContent(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.uploaded(0)
	body := r.lines(0, 0.1, 0.2)
	r.put(0, body)
	r.until(wake + time.Minute)
	r.put(0, body)
	r.until(30 * time.Hour)
	if o := r.is(0, window.Delivered); o.Generation != 1 {
		t.Errorf("%+v", o)
	}
	other := r.lines(0, 0.3, 0.4)
	r.put(0, other)
	r.until(60 * time.Hour)
	if o := r.is(0, window.Delivered); o.Generation != 2 {
		t.Errorf("%+v", o)
	}
	r.onSite(0, other)
	r.wantMessages(outbox.Result, "pump/20260105T080000Z/result/1", "pump/20260105T080000Z/result/2")
}

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

// TestClockThatWasSetBack: a look by the wrong time is not the last one.
func TestClockThatWasSetBack(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	settled := true
	r.set.Settled = func() bool { return settled }
	r.restart()
	r.uploaded(0)
	r.until(wake + 65*time.Second)
	settled = false
	r.clock.now = r.clock.now.Add(24 * time.Hour)
	r.pass()
	r.clock.now = r.clock.now.Add(-24 * time.Hour)
	settled = true
	r.until(wake + 9*time.Minute + 50*time.Second)
	r.put(0, r.lines(0, 0.1))
	r.clock.now = time.Unix(0, monday).Add(wake + 10*time.Minute)
	r.pass()
	r.is(0, window.Delivered)
	r.wantMessages(outbox.Alert)
}

// TestClockThatBeginsInThePast: windows from long ago are paired once it is right.
func TestClockThatBeginsInThePast(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.uploaded(0)
	r.put(0, r.lines(0, 0.1))
	settled := false
	r.set.Settled = func() bool { return settled }
	r.restart()
	r.clock.now = time.Unix(1000, 0)
	r.pass()
	settled = true
	r.clock.now = time.Unix(0, monday).Add(10 * 24 * time.Hour)
	r.pass()
	r.is(0, window.Delivered)
}

// TestContradictoryStateHoldsNothingUp: no program has written it, a disk may have.
func TestContradictoryStateHoldsNothingUp(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.uploaded(0)
	r.put(0, r.lines(0, 0.9))
	r.must(r.ledger.CommitStep(t.Context(), outbox.Step{Scheduler: "pump", State: []byte(`{"fed_ns":0,"merger":{"event":{"rows":-1}},"events":{"x":3}}`)}))
	r.until(wake + time.Minute)
	r.is(0, window.Delivered)
	r.wantMessages(outbox.Change, "pump/20260105T080100Z/event/1")
}

func TestUnsettledClockLetsNoTimeOutPass(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	settled := false
	r.set.Settled = func() bool { return settled }
	r.restart()
	r.uploaded(0)
	r.until(2 * time.Hour)
	r.is(0, window.Awaited)
	settled = true
	r.until(2*time.Hour + 5*time.Minute)
	r.is(0, window.Missing)
}

func TestRestartAtAnyPointDeliversOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for i := range 5 {
		r.uploaded(i)
		r.put(i, r.lines(i, 0.9))
	}
	for i := range 60 {
		r.restart()
		r.until(time.Duration(i+1) * time.Minute)
	}
	r.wantMessages(outbox.Result, "pump/20260105T080000Z/result/1", "pump/20260105T080500Z/result/1",
		"pump/20260105T081000Z/result/1", "pump/20260105T081500Z/result/1", "pump/20260105T082000Z/result/1")
	r.wantMessages(outbox.Change, "pump/20260105T080100Z/event/1", "pump/20260105T080100Z/event/2",
		"pump/20260105T080100Z/event/3", "pump/20260105T080100Z/event/4", "pump/20260105T080100Z/event/5")
}

func TestWhatIsKeptLongEnoughGoes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.sched.Keep = 48 * time.Hour
	r.restart()
	r.uploaded(0)
	r.put(0, r.lines(0, 0.9))
	r.until(wake + time.Minute)
	r.is(0, window.Delivered)
	r.until(47 * time.Hour)
	r.f.r.prune(t.Context(), r.clock.Now())
	r.is(0, window.Delivered)
	r.until(72 * time.Hour)
	r.f.r.prune(t.Context(), r.clock.Now())
	if o := r.outcome(0); o.Scoring != "" {
		t.Errorf("%+v", o)
	}
	if days, _ := os.ReadDir(filepath.Join(r.dir, "results", "pump")); len(days) != 0 {
		t.Errorf("%v", days)
	}
	if ids, _ := r.messages(); len(ids) != 0 {
		t.Errorf("%v", ids)
	}
	r.until(80 * time.Hour)
	if o := r.outcome(0); o.Scoring != "" {
		t.Errorf("it came back: %+v", o)
	}
}

// TestFormerSchedulersAreForgottenToo: what they said last of how long holds.
func TestFormerSchedulersAreForgottenToo(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.sched.Keep = 48 * time.Hour
	r.restart()
	r.uploaded(0)
	r.put(0, r.lines(0, 0.9))
	r.until(wake + time.Minute)
	r.is(0, window.Delivered)
	other := r.sched
	other.Name, other.Keep = "other", 720*time.Hour
	left := New([]Scheduler{other}, r.ledger, r.store, r.notes, r.clock, r.set, zaptest.NewLogger(t))
	left.prune(t.Context(), r.clock.Now().Add(30*time.Hour))
	r.is(0, window.Delivered)
	left.prune(t.Context(), r.clock.Now().Add(72*time.Hour))
	if o := r.outcome(0); o.Scoring != "" {
		t.Errorf("%+v", o)
	}
	if days, _ := os.ReadDir(filepath.Join(r.dir, "results", "pump")); len(days) != 0 {
		t.Errorf("%v", days)
	}
}
