package results

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
