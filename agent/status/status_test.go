package status

import (
	"context"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"

	"millwright/config"
	"millwright/ingest/seal"
	"millwright/internal/drop"
	"millwright/internal/ledger"
	"millwright/internal/segment"
	"millwright/internal/window"
)

// gateway is the ledger of a daemon that is not running, and where it is read from.
func gateway(t *testing.T) (Source, *ledger.Ledger, time.Time) {
	t.Helper()
	dir := t.TempDir()
	cfg, _, err := config.Parse("test.yaml", []byte(`
instance: gw-17
state_dir: `+dir+`
drops: [{path: /srv/drop}]
schedulers:
  - name: pump-7
    data_upload_frequency: PT5M
    data_delay_offset_in_minutes: 2
    target_sampling_rate: PT1M
    input: {bucket: plant, prefix: in/}
    output: {bucket: plant, prefix: out/}
`))
	if err != nil {
		t.Fatal(err)
	}
	led, err := ledger.Open(t.Context(), dir, zaptest.NewLogger(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { led.Close() })
	now := time.Date(2026, 1, 5, 10, 20, 0, 0, time.UTC)
	if _, err := led.FirstStart(t.Context(), now.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	st := seal.Stream{Scheduler: "pump-7", Component: "pump-7", Cadence: cfg.Schedulers[0].Cadence()}
	disk := func(context.Context) (Disk, error) {
		return Disk{Used: 1 << 20, Quota: 1 << 30, Total: 1 << 34, Free: 1 << 33, Keep: 1 << 29}, nil
	}
	return Source{
		Config: cfg, Streams: []seal.Stream{st}, Schedulers: []Pipe{{Name: "pump-7", Cadence: st.Cadence, Streams: []seal.Stream{st}}}, Ledger: led, Disk: disk,
	}, led, now
}

// took commits a drop with two rows in the slot that begins at 10:05.
func took(t *testing.T, led *ledger.Ledger, now time.Time) drop.Drop {
	t.Helper()
	slot := time.Date(2026, 1, 5, 10, 5, 0, 0, time.UTC).UnixNano()
	last := slot + int64(2*time.Minute)
	ref := segment.Ref{
		Component: "pump-7", Slot: slot, File: "a.seg", Length: 1, Rows: 2, Values: 2, First: slot + int64(time.Minute), Last: last,
		Tails: []segment.Tail{{Sensor: "flow", Time: last, Value: 1}},
	}
	d := drop.Drop{
		Folder: "/srv/drop", Name: "pump-7/a.csv", Component: "pump-7", Size: 10, ModTime: now, Identity: [32]byte{1}, State: drop.Taken, TakenAt: now,
		Segment: "a.seg", Counts: drop.Counts{Rows: 3, Open: 2, Bad: 1, Values: 2}, First: ref.First, Last: last,
	}
	drops, err := led.CommitTaken(t.Context(), []drop.Taking{{Drop: d, Blocks: []segment.Ref{ref}, Latest: map[string]map[string]int64{"pump-7": {"flow": last}}}})
	if err != nil {
		t.Fatal(err)
	}
	return drops[0]
}

func TestASnapshotAccountsForEveryRow(t *testing.T) {
	t.Parallel()
	src, led, now := gateway(t)
	took(t, led, now)
	s, err := src.Take(t.Context(), now)
	if err != nil {
		t.Fatal(err)
	}
	r := s.Rows
	if s.Running || r.Read != 3 || r.Read != r.Windowed+r.Open+r.Late+r.Older+r.Quarantined || r.Quarantined != 1 {
		t.Errorf("%+v", s)
	}
	if len(s.Schedulers) != 1 || !s.Schedulers[0].NextWake.Equal(now.Add(2*time.Minute)) || s.Schedulers[0].Components[0].Name != "pump-7" {
		t.Errorf("schedulers %+v", s.Schedulers)
	}
}

func TestASilentWindowNeedsAttention(t *testing.T) {
	t.Parallel()
	src, led, now := gateway(t)
	start := now.Add(-15 * time.Minute).UnixNano()
	rec := window.Record{Sealed: window.Sealed{ID: window.ID{Scheduler: "pump-7", Component: "pump-7", Start: start}, Wake: now.Add(-8 * time.Minute)}, End: start + int64(5*time.Minute), Silent: true}
	if err := led.CommitSealed(t.Context(), []window.Record{rec}); err != nil {
		t.Fatal(err)
	}
	s, err := src.Take(t.Context(), now)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Attention) != 2 || !strings.Contains(s.Attention[0].What, "not running") || !strings.Contains(s.Attention[1].What, "fails") || s.Attention[1].Remedy == "" {
		t.Errorf("attention %+v", s.Attention)
	}
	w, err := src.WhyWindow(t.Context(), now.Add(-13*time.Minute), now)
	if err != nil || len(w) != 1 || w[0].State != "silent" {
		t.Errorf("window %+v, %v", w, err)
	}
}

func TestWhyAWindowIsNotThere(t *testing.T) {
	t.Parallel()
	src, led, now := gateway(t)
	took(t, led, now)
	for _, tt := range []struct {
		at          time.Time
		state, says string
	}{
		{now.Add(-13 * time.Minute), "overdue", "2 rows"},
		{now.Add(-time.Minute), "open", "rows of all sensors"},
		{now.Add(2 * time.Minute), "open", "has not ended"},
		{now.Add(-40 * time.Minute), "unknown", "no row"},
	} {
		w, err := src.WhyWindow(t.Context(), tt.at, now)
		if err != nil || len(w) != 1 || w[0].State != tt.state || !strings.Contains(w[0].Why, tt.says) {
			t.Errorf("%s: %+v, %v", tt.at.Format(time.TimeOnly), w, err)
		}
	}
}

// TestOlderRowsComeWithACommandThatIsOneLine: a name that others gave to a file
// is one word of it.
func TestOlderRowsComeWithACommandThatIsOneLine(t *testing.T) {
	t.Parallel()
	why := fate(drop.Drop{Folder: "/srv/drop", Name: "pump 7/$(reboot).csv", State: drop.Kept, Counts: drop.Counts{Older: 2}})
	if want := "millwright backfill --config FILE '/srv/drop/pump 7/$(reboot).csv'"; !strings.HasSuffix(why, want) {
		t.Errorf("%q does not end with %q", why, want)
	}
}

func TestWhyADropIsNotTaken(t *testing.T) {
	t.Parallel()
	src, led, now := gateway(t)
	d := took(t, led, now)
	known, err := src.WhyDrop(t.Context(), "/srv/drop/"+d.Name, now)
	if err != nil || len(known) != 1 || known[0].State != drop.Taken || !strings.Contains(known[0].Why, "2 rows") {
		t.Errorf("known: %+v, %v", known, err)
	}
	for path, says := range map[string]string{"/elsewhere/a.csv": "none of the drop folders", "/srv/drop/pump-7/never.csv": "no such file"} {
		d, err := src.WhyDrop(t.Context(), path, now)
		if err != nil || len(d) != 1 || d[0].State != "unknown" || !strings.Contains(d[0].Why, says) {
			t.Errorf("%s: %+v, %v", path, d, err)
		}
	}
}

func TestFateOfAFileWithoutRows(t *testing.T) {
	t.Parallel()
	for rows, want := range map[int64]string{
		0: "nothing of it had to be taken; the file was deleted; the file is empty",
		2: "all rows are accounted for; the file was deleted; the file is empty",
	} {
		if why := fate(drop.Drop{State: drop.Deleted, Reason: "the file is empty", Counts: drop.Counts{Rows: rows}}); why != want {
			t.Errorf("%d rows: %s", rows, why)
		}
	}
}
