package backfill_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"millwright/backfill"
)

// rows makes a wide CSV with a row every step, give or take, from a time on.
func rows(rnd *rand.Rand, from time.Time, n int, step time.Duration, sensors ...string) string {
	var b strings.Builder
	b.WriteString("Timestamp," + strings.Join(sensors, ",") + "\n")
	at := from
	for range n {
		at = at.Add(step/2 + time.Duration(rnd.Int64N(int64(step)))).Truncate(time.Second)
		b.WriteString(at.Format(time.RFC3339))
		for i := range sensors {
			if i > 0 && rnd.IntN(8) == 0 {
				b.WriteString(",")
				continue
			}
			fmt.Fprintf(&b, ",%g", float64(rnd.IntN(400))/4)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func day(month, day, hour int) time.Time {
	return time.Date(2026, time.Month(month), day, hour, 0, 0, 0, time.UTC)
}

func TestWindowsAreThoseOfTheRulings(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			rnd := rand.New(rand.NewPCG(seed, 7))
			s, start := scheduler, seed%2 == 1
			if start {
				s += "    resample: {label: start}\n"
			}
			r := newRig(t, s, "")
			texts := []string{
				rows(rnd, day(3, 1, 6), 300, 20*time.Second, "flow", "speed"),
				rows(rnd, day(3, 1, 7), 200, 30*time.Second, "flow", "heat"),  // overlaps
				rows(rnd, day(3, 2, 0), 40, 4*time.Minute, "speed"),           // held over windows
				rows(rnd, day(3, 5, 23), 300, 25*time.Second, "flow", "heat"), // days later
			}
			var paths []string
			for i, text := range texts {
				paths = append(paths, r.file(fmt.Sprintf("pump/%d.csv", 9-i), text))
			}
			n := newNaive(t, texts...)
			n.labelStart = start
			sum := r.must(backfill.Options{Paths: paths})
			want := n.windows("pump", r.now)
			same(t, "windows", r.bucket("in/"), want)
			if sum.Windows.Sealed != int64(len(want)) || sum.Objects.Sent != int64(len(want)) || sum.Faulty() || sum.Rows.Read != 840 {
				t.Errorf("summary: %+v %+v %+v", sum.Windows, sum.Objects, sum.Rows)
			}
			again := r.must(backfill.Options{Paths: paths})
			if again.Objects.Adopted != int64(len(want)) || again.Objects.Sent != 0 {
				t.Errorf("again: %+v", again.Objects)
			}
		})
	}
}

func TestWindowsThatTheSchedulerHasStillToReadAreLeftToTheDaemon(t *testing.T) {
	t.Parallel()
	r := newRig(t, scheduler, "")
	r.now = day(3, 1, 7).Add(90 * time.Second)
	text := rows(rand.New(rand.NewPCG(1, 1)), day(3, 1, 6), 118, 30*time.Second, "flow")
	sum := r.must(backfill.Options{Paths: []string{r.file("pump/a.csv", text)}})
	same(t, "windows", r.bucket("in/"), newNaive(t, text).windows("pump", r.now))
	if sum.Windows.Ahead == 0 || len(sum.Notes) == 0 {
		t.Errorf("%+v %q", sum.Windows, sum.Notes)
	}
}

func TestOnlyWholeWindowsBetweenFromAndTo(t *testing.T) {
	t.Parallel()
	r := newRig(t, scheduler, "")
	text := rows(rand.New(rand.NewPCG(2, 1)), day(3, 1, 6), 600, 30*time.Second, "flow", "heat")
	n := newNaive(t, text)
	n.from, n.to = day(3, 1, 7).Add(time.Minute), day(3, 1, 9).Add(-time.Minute)
	sum := r.must(backfill.Options{Paths: []string{r.file("pump/a.csv", text)}, From: n.from, To: n.to})
	same(t, "windows", r.bucket("in/"), n.windows("pump", r.now))
	if sum.Windows.Outside == 0 || sum.Rows.Outside == 0 || sum.Rows.Ahead != 0 || sum.Faulty() {
		t.Errorf("%+v %+v", sum.Windows, sum.Rows)
	}
}

func TestOtherContentIsListedAndReplacedOnlyWhenTold(t *testing.T) {
	t.Parallel()
	r := newRig(t, scheduler, "")
	text := rows(rand.New(rand.NewPCG(3, 1)), day(3, 1, 6), 100, 30*time.Second, "flow")
	want := newNaive(t, text).windows("pump", r.now)
	const theirs, ours = "in/pump-20260301060500.csv", "in/pump-20260301061000.csv"
	r.put(theirs, "other")
	if _, err := r.store.Put(t.Context(), object(r.server.Bucket, ours, "older", "gw-1")); err != nil {
		t.Fatal(err)
	}
	o := backfill.Options{Paths: []string{r.file("pump/a.csv", text)}}
	dry := o
	dry.DryRun = true
	sum := r.must(dry)
	if len(sum.Differences) != 2 || sum.Coming() != int64(len(want)-2) || len(r.bucket("in/")) != 2 {
		t.Errorf("dry run: %+v", sum)
	}
	sum = r.must(o)
	if len(sum.Differences) != 2 || !sum.Faulty() || sum.Differences[0].Key != theirs || sum.Differences[0].TheirBytes != 5 ||
		sum.Differences[0].TheirInstance != "another" || sum.Differences[0].TheirHash == "" {
		t.Errorf("differences: %+v", sum.Differences)
	}
	if got := r.bucket("in/"); got[theirs] != "other" || got[ours] != "older" || len(got) != len(want) {
		t.Errorf("%d objects, %q %q", len(got), got[theirs], got[ours])
	}
	o.Replace = true
	if sum = r.must(o); sum.Objects.Sent != 2 || sum.Faulty() {
		t.Errorf("replaced: %+v", sum.Objects)
	}
	same(t, "windows", r.bucket("in/"), want)
}

func TestFaultsAreCountedWithFileAndLine(t *testing.T) {
	t.Parallel()
	for _, as := range []backfill.As{backfill.Inference, backfill.Training} {
		t.Run(string(as), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, scheduler, "")
			good := r.file("pump/a.csv", lines("Timestamp,flow", "2026-03-01T06:00:30Z,1", "yesterday,2", "2026-03-01T06:01:30Z,lots", "2026-03-01T06:02:30Z,3"))
			r.file("pump/b.csv", lines("Timestamp,flow", "yesterday,1", "the day before,2"))
			r.file("mill/c.csv", lines("Timestamp,flow", "2026-03-01T06:00:30Z,1"))
			sum := r.must(backfill.Options{Paths: []string{r.drop()}, As: as})
			if !sum.Faulty() || sum.Rows.Bad < 1 || sum.Rows.BadCells != 1 {
				t.Errorf("rows: %+v", sum.Rows)
			}
			found := map[int64]bool{}
			for _, f := range sum.Files {
				if f.Path == good {
					for _, x := range f.Faults {
						found[x.Line] = true
					}
				}
				if strings.HasSuffix(f.Path, "b.csv") && (f.State != "unusable" || f.Reason == "") {
					t.Errorf("hopeless file: %+v", f)
				}
			}
			if !found[3] || !found[4] {
				t.Errorf("faults: %+v", sum.Files)
			}
			if len(sum.Skipped) != 1 || !strings.Contains(sum.Skipped[0].Reason, "mill") {
				t.Errorf("skipped: %+v", sum.Skipped)
			}
		})
	}
}

func TestUnreachableStoreIsPartlyDoneAndGoesOn(t *testing.T) {
	t.Parallel()
	for _, as := range []backfill.As{backfill.Inference, backfill.Training} {
		t.Run(string(as), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, scheduler, "")
			text := rows(rand.New(rand.NewPCG(4, 1)), day(3, 1, 6), 100, 30*time.Second, "flow")
			o := backfill.Options{Paths: []string{r.file("pump/a.csv", text)}, As: as, Patience: time.Second}
			_, err := r.runOn(r.server.Client(t, "http://127.0.0.1:1"), o)
			if !errors.Is(err, backfill.ErrPartly) || !strings.Contains(err.Error(), "127.0.0.1") && !strings.Contains(err.Error(), "listen") {
				t.Fatalf("error: %v", err)
			}
			if _, err := os.Stat(r.state()); err != nil {
				t.Errorf("nothing is left to go on with: %v", err)
			}
			sum := r.must(o)
			if as == backfill.Inference {
				if !sum.Resumed {
					t.Error("the second run did not go on")
				}
				same(t, "windows", r.bucket("in/"), newNaive(t, text).windows("pump", r.now))
			} else {
				same(t, "months", r.bucket("train/"), newNaive(t, text).months("pump"))
			}
		})
	}
}

func TestFilesThatChangedBetweenTwoRunsAreReadAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t, scheduler, "")
	rnd := rand.New(rand.NewPCG(5, 1))
	o := backfill.Options{Paths: []string{r.file("pump/a.csv", rows(rnd, day(3, 1, 6), 50, 30*time.Second, "flow"))}, Patience: time.Second}
	if _, err := r.runOn(r.server.Client(t, "http://127.0.0.1:1"), o); !errors.Is(err, backfill.ErrPartly) {
		t.Fatal(err)
	}
	text := rows(rnd, day(3, 2, 6), 60, 30*time.Second, "flow")
	r.file("pump/a.csv", text)
	r.must(o)
	same(t, "windows", r.bucket("in/"), newNaive(t, text).windows("pump", r.now))
}

func TestDestinationAndUsage(t *testing.T) {
	t.Parallel()
	r := newRig(t, scheduler, "")
	path := r.file("pump/a.csv", rows(rand.New(rand.NewPCG(6, 1)), day(3, 1, 6), 20, 30*time.Second, "flow"))
	r.must(backfill.Options{Paths: []string{path}, Dest: &backfill.Place{Bucket: r.server.Bucket, Prefix: "there/"}})
	if len(r.bucket("there/")) == 0 || len(r.bucket("in/")) != 0 {
		t.Error("the destination is not where the windows are")
	}
	for name, o := range map[string]backfill.Options{
		"no paths":    {},
		"as":          {Paths: []string{path}, As: "both"},
		"scheduler":   {Paths: []string{path}, Scheduler: "pomp"},
		"from and to": {Paths: []string{path}, From: day(3, 2, 0), To: day(3, 1, 0)},
		"replace":     {Paths: []string{path}, As: backfill.Training, Replace: true},
		"component":   {Paths: []string{path}, Component: "{file}"},
	} {
		if _, err := r.run(o); !errors.Is(err, backfill.ErrUsage) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := r.run(backfill.Options{Paths: []string{path + "x"}}); err == nil || errors.Is(err, backfill.ErrUsage) || !strings.Contains(err.Error(), path+"x: there is no such file") {
		t.Errorf("no such path: %v", err)
	}
}

func TestDryRunSaysThatACopyWouldGoToQuarantine(t *testing.T) {
	t.Parallel()
	r := newRig(t, scheduler, "")
	path := r.file("pump/a.csv", "Timestamp;flow\n20.09.2026 00:00:00;1,5\n")
	for dry, want := range map[bool]string{true: "it would be copied to quarantine as ", false: "a copy is in quarantine as "} {
		sum := r.must(backfill.Options{Paths: []string{path}, DryRun: dry})
		if len(sum.Files) != 1 || !strings.Contains(sum.Files[0].Reason, want) {
			t.Errorf("dry %t: %+v", dry, sum.Files)
		}
	}
}
