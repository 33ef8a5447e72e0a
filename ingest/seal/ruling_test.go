package seal

import (
	"context"
	"strings"
	"testing"
	"time"

	"millwright/internal/series"
)

// bg stands in for t.Context, which property tests have none of.
var bg = context.Background() //nolint:gochecknoglobals // tests only

func memoryRig(t *testing.T, now string, streams ...Stream) *rig {
	t.Helper()
	return newRig(t, t.TempDir(), newMemory(), clock(t, now), streams...)
}

func pump(t *testing.T, path, from, to string, first float64) file {
	t.Helper()
	return file{path: path, component: "pump", sensors: []string{"flow"}, rows: rowsOf(clock(t, from), clock(t, to), time.Minute, 1, first)}
}

func TestWatermarkSealsAWindowAsSoonAsItIsWhole(t *testing.T) {
	t.Parallel()
	r := memoryRig(t, "10:00:30", stream())
	r.take(pump(t, "a.csv", "10:00:00", "10:04:00", 1))
	if r.seal() != 0 {
		t.Fatal("sealed before a row at its end came")
	}
	r.now = clock(t, "10:05:02")
	r.take(pump(t, "b.csv", "10:04:00", "10:05:00", 5))
	if r.seal() != 1 {
		t.Fatal("a row at S+F completes the window")
	}
	rec := r.record("s", "pump", ns(t, "10:00:00"))
	want := "Timestamp,flow\n2026-01-05T10:01:00.000000,1\n2026-01-05T10:02:00.000000,2\n2026-01-05T10:03:00.000000,3\n" +
		"2026-01-05T10:04:00.000000,4\n2026-01-05T10:05:00.000000,5\n"
	if got := r.csv("s", "pump", rec.Start); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if rec.Key != "in/pump_20260105100000.csv" || rec.Bucket != "plant" || rec.Generation != 1 || rec.RealRows != 5 ||
		rec.Overdue || rec.SealedSeq != 2 || !rec.Wake.Equal(clock(t, "10:07:00")) || rec.End != ns(t, "10:05:00") ||
		!strings.HasSuffix(rec.Path, "spool/windows/s/pump_20260105T100000Z.g1.csv") {
		t.Errorf("record %+v", rec)
	}
}

func TestAStoppedSensorHoldsNothingBackAfterTwoWindows(t *testing.T) {
	t.Parallel()
	r := memoryRig(t, "10:00:30", stream(func(s *Stream) { s.Cadence.Delay = time.Hour }))
	r.take(file{path: "other.csv", component: "pump", sensors: []string{"speed"}, rows: rowsOf(clock(t, "10:00:00"), clock(t, "10:02:00"), time.Minute, 1, 0)})
	r.take(pump(t, "a.csv", "10:00:00", "10:11:00", 1))
	r.now = clock(t, "10:11:30")
	if n := r.seal(); n != 0 {
		t.Fatalf("sealed %d windows over a sensor that is 9 minutes behind", n)
	}
	r.take(pump(t, "b.csv", "10:11:00", "10:12:00", 12))
	if n := r.seal(); n != 2 {
		t.Fatalf("sealed %d windows, want 2: the sensor is two windows behind", n)
	}
}

func TestForcedAtTheLatestTimeAndNeverOverAnUnreadDrop(t *testing.T) {
	t.Parallel()
	r := memoryRig(t, "10:00:30", stream())
	r.take(pump(t, "a.csv", "10:00:00", "10:03:00", 1))
	r.seal()
	if got, want := r.sealer.Due(r.now), clock(t, "10:05:30"); got.After(want) {
		t.Errorf("next pass at %s, want at most the idle time", got)
	}
	r.now = clock(t, "10:06:00")
	if r.seal() != 0 || !r.sealer.Due(r.now).Equal(clock(t, "10:06:30")) {
		t.Fatalf("due at %s, want the latest time", r.sealer.Due(r.now))
	}
	r.now = clock(t, "10:06:30")
	r.wait.Components = map[string]bool{"pump": true}
	if r.seal() != 0 {
		t.Fatal("sealed while a settled drop is unread")
	}
	r.wait = Waiting{ClockSettled: true, All: true}
	if r.seal() != 0 {
		t.Fatal("sealed while a settled drop of an unknown component is unread")
	}
	r.wait = Waiting{ClockSettled: true}
	if r.seal() != 1 {
		t.Fatal("not sealed at the latest time")
	}
}

func TestResealIsCoalescedAndEndsAtTheCutoff(t *testing.T) {
	t.Parallel()
	r := memoryRig(t, "10:04:00", stream())
	s := ns(t, "10:00:00")
	r.take(pump(t, "a.csv", "10:00:00", "10:05:00", 1))
	r.at(clock(t, "10:05:01"))
	late := func(at, stamp string) {
		t.Helper()
		r.now = clock(t, at)
		x := clock(t, stamp)
		r.take(file{path: stamp, component: "pump", sensors: []string{"flow"}, rows: []row{{at: x.UnixNano(), values: []float64{100}}}})
	}
	late("10:05:03", "10:01:30")
	if r.seal() != 0 || !r.sealer.Due(r.now).Equal(clock(t, "10:05:11")) {
		t.Fatalf("a second sealing within ten seconds; due %s", r.sealer.Due(r.now))
	}
	late("10:05:09", "10:02:30")
	r.at(clock(t, "10:05:11"))
	if rec := r.record("s", "pump", s); rec.Generation != 2 || rec.SealedSeq != 3 {
		t.Fatalf("two rows make one generation: %+v", rec)
	}
	late("10:06:25", "10:03:30")
	r.at(clock(t, "10:06:25")) // ten seconds are long over
	late("10:06:29", "10:03:40")
	r.seal()
	r.at(clock(t, "10:06:30"))
	if rec := r.record("s", "pump", s); rec.Generation != 4 {
		t.Fatalf("one sealing at the latest time: generation %d, want 4", rec.Generation)
	}
	late("10:06:54.9", "10:04:30")
	r.at(clock(t, "10:06:54.9"))
	if rec := r.record("s", "pump", s); rec.Generation != 5 {
		t.Fatalf("the last sealing before the cut-off did not happen: generation %d", rec.Generation)
	}
	late("10:06:55.1", "10:04:40")
	r.at(clock(t, "10:06:55.1"))
	r.at(clock(t, "10:07:00"))
	rec := r.record("s", "pump", s)
	if rec.Generation != 5 || !rec.Closed || rec.Late != 1 {
		t.Fatalf("a row after the cut-off is late: %+v", rec)
	}
	want := "timestamp,sensor,value,drop,line\n2026-01-05T10:04:40.000000,flow,100,10:04:40,2\n"
	if got := r.text("late/pump/20260105.csv"); got != want {
		t.Errorf("late file\n%s", got)
	}
	// the two spool files of the window are gone, and nothing of it is in memory
	if files := r.files("spool/windows"); len(files) != 0 {
		t.Errorf("left in the spool: %v", files)
	}
	late("10:08:00", "10:04:50")
	r.at(clock(t, "10:08:00"))
	if rec := r.record("s", "pump", s); rec.Late != 2 || rec.Generation != 5 {
		t.Fatalf("a row for a closed window: %+v", rec)
	}
	if got := r.text("late/pump/20260105.csv"); strings.Count(got, "\n") != 3 {
		t.Errorf("late file\n%s", got)
	}
}

func TestSlowUploadsMoveTheCutoff(t *testing.T) {
	t.Parallel()
	r := memoryRig(t, "10:04:00", stream())
	r.wait.Slowest = 40 * time.Second // the cut-off is 10:05:40
	r.take(pump(t, "a.csv", "10:00:00", "10:05:00", 1))
	r.at(clock(t, "10:05:01"))
	r.now = clock(t, "10:05:45")
	r.take(pump(t, "b.csv", "10:01:00", "10:02:00", 9))
	r.seal()
	if rec := r.record("s", "pump", ns(t, "10:00:00")); rec.SealedSeq != 1 {
		t.Error("sealed anew after the cut-off")
	}
}

func TestSameBytesAreNoNewGeneration(t *testing.T) {
	t.Parallel()
	r := memoryRig(t, "10:04:00", stream())
	r.take(pump(t, "a.csv", "10:00:00", "10:05:00", 1))
	r.at(clock(t, "10:05:01"))
	r.now = clock(t, "10:05:20")
	r.take(pump(t, "again.csv", "10:00:00", "10:05:00", 1))
	r.at(r.now)
	rec := r.record("s", "pump", ns(t, "10:00:00"))
	if rec.Generation != 1 || rec.SealedSeq != 2 || r.puts["plant/"+rec.Key] != 1 {
		t.Errorf("generation %d, seq %d, puts %v", rec.Generation, rec.SealedSeq, r.puts)
	}
	if files := r.files("spool/windows"); len(files) != 1 {
		t.Errorf("spool holds %v", files)
	}
	r.at(clock(t, "10:07:01"))
	if d := r.drop(2); d.Counts.Same != 5 || d.Counts.Repeated != 0 || d.Counts.Windowed != 5 {
		t.Errorf("counts %+v", d.Counts)
	}
}

func TestSilentIsSaidAtOnceAndRowsMayComeAfterAll(t *testing.T) {
	t.Parallel()
	r := memoryRig(t, "10:00:00", stream())
	r.at(clock(t, "10:00:01"))
	r.at(clock(t, "10:05:01"))
	if r.has("s", "pump", ns(t, "10:00:00")) {
		t.Fatal("the window that was under way at the first start is no whole window")
	}
	r.at(clock(t, "10:11:29"))
	if r.has("s", "pump", ns(t, "10:05:00")) {
		t.Fatal("silent before the latest time")
	}
	r.at(clock(t, "10:11:30"))
	rec := r.record("s", "pump", ns(t, "10:05:00"))
	if !rec.Silent || rec.Generation != 0 || rec.Path != "" || rec.Closed {
		t.Fatalf("record %+v", rec)
	}
	r.now = clock(t, "10:11:40") // before W: sealed at once
	r.take(pump(t, "a.csv", "10:05:00", "10:07:00", 1))
	r.at(r.now)
	if rec := r.record("s", "pump", ns(t, "10:05:00")); rec.Generation != 1 || rec.Silent || rec.Overdue {
		t.Fatalf("record %+v", rec)
	}
	r.at(clock(t, "10:17:01")) // 10:10 is silent, W past
	if rec := r.record("s", "pump", ns(t, "10:10:00")); !rec.Silent || rec.Closed {
		t.Fatalf("record %+v", rec)
	}
	r.now = clock(t, "10:20:00")
	r.take(pump(t, "b.csv", "10:10:00", "10:12:00", 1))
	r.at(clock(t, "10:24:59"))
	if rec := r.record("s", "pump", ns(t, "10:10:00")); rec.Generation != 0 {
		t.Fatal("an overdue window waits until no row came for F")
	}
	r.at(clock(t, "10:25:00"))
	if rec := r.record("s", "pump", ns(t, "10:10:00")); rec.Generation != 1 || !rec.Overdue || !rec.Closed {
		t.Fatalf("record %+v", rec)
	}
	if d := r.drop(2); d.Counts.Windowed != 2 || d.Counts.Late != 0 {
		t.Errorf("counts %+v", d.Counts)
	}
}

func TestOverdueWindowsTakeRowsUntilTheyAreInTheBucket(t *testing.T) {
	t.Parallel()
	r := memoryRig(t, "12:00:00", stream())
	s := ns(t, "10:00:00")
	r.take(pump(t, "a.csv", "10:00:00", "10:02:00", 1))
	r.seal()
	r.now = clock(t, "12:03:00")
	r.take(pump(t, "b.csv", "10:02:00", "10:03:00", 3))
	r.seal()
	r.now = clock(t, "12:05:00")
	r.seal()
	if r.has("s", "pump", s) {
		t.Fatal("a row came two minutes ago")
	}
	r.now = clock(t, "12:08:00")
	r.seal()
	if rec := r.record("s", "pump", s); !rec.Overdue || rec.Generation != 1 {
		t.Fatalf("record %+v", rec)
	}
	r.now = clock(t, "12:09:00") // the store is away: not uploaded yet
	r.take(pump(t, "c.csv", "10:03:00", "10:04:00", 4))
	r.seal()
	if rec := r.record("s", "pump", s); rec.Generation != 2 || rec.RealRows != 4 {
		t.Fatalf("record %+v", rec)
	}
	r.upload()
	r.now = clock(t, "12:10:00")
	r.take(pump(t, "d.csv", "10:04:00", "10:05:00", 5))
	r.at(r.now)
	if rec := r.record("s", "pump", s); rec.Generation != 2 || rec.Late != 1 || !rec.Closed {
		t.Fatalf("after the upload rows are late: %+v", rec)
	}
	if d := r.drop(4); d.Counts.Late != 1 || d.Counts.Open != 0 {
		t.Errorf("counts %+v", d.Counts)
	}
}

func TestWindowsBetweenFirstDataAndNowAreMade(t *testing.T) {
	t.Parallel()
	hold := stream(func(s *Stream) { s.Spec.MaxGap = series.NoMaxGap })
	r := memoryRig(t, "12:00:00", hold)
	r.take(pump(t, "a.csv", "10:00:00", "10:01:00", 7))
	r.at(clock(t, "12:00:01"))
	r.at(clock(t, "12:05:01"))
	for s := ns(t, "10:00:00"); s < ns(t, "11:55:00"); s += int64(5 * time.Minute) {
		rec := r.record("s", "pump", s)
		if want := s != ns(t, "10:00:00"); rec.HeldOnly != want || rec.Generation != 1 || !rec.Overdue {
			t.Fatalf("window %s: %+v", time.Unix(0, s).UTC(), rec)
		}
	}
	if r.has("s", "pump", ns(t, "09:55:00")) {
		t.Error("a window before the first data")
	}
}

func TestOverdueMaxBoundsWindowsWithoutRows(t *testing.T) {
	t.Parallel()
	r := memoryRig(t, "12:00:00", stream(func(s *Stream) { s.OverdueMax = time.Hour }))
	r.take(pump(t, "a.csv", "09:00:00", "09:01:00", 7))
	r.at(clock(t, "12:00:01"))
	r.at(clock(t, "12:06:00"))
	if !r.has("s", "pump", ns(t, "09:00:00")) || r.has("s", "pump", ns(t, "09:05:00")) || !r.has("s", "pump", ns(t, "11:05:00")) {
		t.Error("windows older than overdue_max come only from rows")
	}
}

func TestRequireRealRowsRefusesHeldOnly(t *testing.T) {
	t.Parallel()
	r := memoryRig(t, "10:00:00", stream(func(s *Stream) { s.Spec.MaxGap = series.NoMaxGap; s.RequireRealRows = true }))
	r.take(pump(t, "a.csv", "10:00:00", "10:05:00", 1))
	r.at(clock(t, "10:05:01"))
	r.at(clock(t, "10:11:30"))
	if rec := r.record("s", "pump", ns(t, "10:05:00")); rec.Generation != 0 || !rec.Silent || !rec.HeldOnly {
		t.Fatalf("record %+v", rec)
	}
}

func TestUnsettledClockLeavesOnlyTheWatermark(t *testing.T) {
	t.Parallel()
	r := memoryRig(t, "10:00:00", stream())
	r.wait.ClockSettled = false
	r.take(pump(t, "a.csv", "10:00:00", "10:07:00", 1))
	r.at(clock(t, "19:00:00")) // a jump: W looks past
	if rec := r.record("s", "pump", ns(t, "10:00:00")); rec.Generation != 1 || rec.Closed {
		t.Fatalf("record %+v", rec)
	}
	if r.has("s", "pump", ns(t, "10:05:00")) || r.has("s", "pump", ns(t, "10:10:00")) {
		t.Fatal("forced sealing while the clock is unsettled")
	}
	r.take(pump(t, "b.csv", "10:00:00", "10:01:00", 9))
	r.at(clock(t, "19:00:20"))
	if rec := r.record("s", "pump", ns(t, "10:00:00")); rec.Late != 0 || rec.Closed {
		t.Fatal("lateness was decided while the clock is unsettled")
	}
	if n := len(r.sealer.components[0].lanes[0].windows); n > 3 {
		t.Fatalf("%d windows were made up to a time that is not known", n)
	}
	r.wait.ClockSettled = true
	r.at(clock(t, "10:07:10"))
	if rec := r.record("s", "pump", ns(t, "10:00:00")); !rec.Closed || rec.Late != 1 {
		t.Fatalf("record %+v", rec)
	}
}

func TestAClockThatWasSetBackStopsNothing(t *testing.T) {
	t.Parallel()
	r := memoryRig(t, "10:00:00", stream())
	r.take(pump(t, "a.csv", "10:00:00", "10:05:00", 1))
	r.at(clock(t, "10:05:01"))
	r.at(clock(t, "16:00:00")) // wrong, but thought settled
	r.now = clock(t, "10:13:10")
	r.take(pump(t, "b.csv", "10:10:00", "10:13:00", 6))
	r.at(clock(t, "10:16:30"))
	if rec := r.record("s", "pump", ns(t, "10:10:00")); rec.Generation != 1 || rec.RealRows != 3 || rec.Overdue {
		t.Fatalf("record %+v", rec)
	}
	r.at(clock(t, "10:21:30"))
	if rec := r.record("s", "pump", ns(t, "10:15:00")); !rec.HeldOnly {
		t.Fatalf("record %+v", rec)
	}
	r.at(clock(t, "10:26:30"))
	if rec := r.record("s", "pump", ns(t, "10:20:00")); !rec.Silent {
		t.Fatalf("record %+v", rec)
	}
}

func TestOffsetZeroSealsAtTheWindowsEnd(t *testing.T) {
	t.Parallel()
	r := memoryRig(t, "10:00:00", stream(func(s *Stream) { s.Cadence.Delay = 0 }))
	r.take(pump(t, "a.csv", "10:00:00", "10:04:00", 1))
	r.at(clock(t, "10:05:00"))
	if rec := r.record("s", "pump", ns(t, "10:00:00")); rec.Generation != 1 || rec.RealRows != 4 {
		t.Fatalf("record %+v", rec)
	}
}
