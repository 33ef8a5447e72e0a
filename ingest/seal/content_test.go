package seal

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"millwright/internal/series"
	"millwright/internal/window"
)

func TestSchemaGivesColumnsAndTheirOrder(t *testing.T) {
	t.Parallel()
	two := file{path: "a", component: "pump", sensors: []string{"b", "a"}, rows: rowsOf(clock(t, "10:00:00"), clock(t, "10:05:00"), time.Minute, 2, 1)}
	head := func(s Stream) string {
		r := memoryRig(t, "10:00:00", s)
		r.take(two)
		r.at(clock(t, "10:05:01"))
		h, _, _ := strings.Cut(r.csv("s", "pump", ns(t, "10:00:00")), "\n")
		return h
	}
	if got := head(stream()); got != "Timestamp,a,b" {
		t.Errorf("learnt columns are sorted: %s", got)
	}
	if got := head(stream(func(s *Stream) { s.Schema = []string{"z", "b", "a"} })); got != "Timestamp,z,b,a" {
		t.Errorf("the schema's columns in its order, silent ones too: %s", got)
	}
}

func TestANewSensorGetsAColumnInWindowsThatMayStillBeSealed(t *testing.T) {
	t.Parallel()
	r := memoryRig(t, "10:00:00", stream(func(s *Stream) { s.Cadence.Delay = 20 * time.Minute }))
	r.take(pump(t, "a.csv", "10:00:00", "10:05:00", 1))
	r.at(clock(t, "10:05:01"))
	r.now = clock(t, "10:06:00")
	r.take(file{path: "b", component: "pump", sensors: []string{"speed"}, rows: rowsOf(clock(t, "10:05:00"), clock(t, "10:06:00"), time.Minute, 1, 1)})
	r.at(r.now)
	h, _, _ := strings.Cut(r.csv("s", "pump", ns(t, "10:00:00")), "\n")
	if h != "Timestamp,flow,speed" {
		t.Errorf("header %s", h)
	}
}

func TestConflicts(t *testing.T) {
	t.Parallel()
	one := func(path string, v float64) file {
		return file{path: path, component: "pump", sensors: []string{"flow"}, rows: []row{{ns(t, "10:01:00"), []float64{v}}}}
	}
	for _, c := range []struct {
		name    string
		rule    string
		files   []file
		want    string
		repeats string // without stamp and sensor
	}{
		{"first path wins", "", []file{one("a", 1), one("b", 2)}, "1", "2,b,2,1,a,2"},
		{"last path wins", "last", []file{one("a", 1), one("b", 2)}, "2", "1,a,2,2,b,2"},
		{"a corrected version supersedes", "", []file{one("a", 1), one("a", 3)}, "3", "1,a,2,3,a,2"},
		{"a corrected version of the first path beats the second path", "", []file{one("a", 1), one("b", 2), one("a", 3)}, "3", "1,a,2,3,a,2;2,b,2,3,a,2"},
		{"a corrected version under last keeps its path's place", "last", []file{one("a", 1), one("b", 2), one("a", 3)}, "2", "3,a,2,2,b,2;1,a,2,2,b,2"},
		{"equal values are no conflict", "", []file{one("a", 1), one("b", 1)}, "1", ""},
		{"the first line of a drop wins", "", []file{{path: "a", component: "pump", sensors: []string{"flow"}, rows: []row{
			{ns(t, "10:01:00"), []float64{4}}, {ns(t, "10:01:00"), []float64{5}},
		}}}, "4", "5,a,3,4,a,2"},
		{"an empty cell wins against nothing", "", []file{one("a", nan), one("b", 2)}, "2", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := memoryRig(t, "10:00:00", stream(func(s *Stream) { s.OnConflict = c.rule }))
			for _, f := range c.files {
				r.take(f)
			}
			r.now = clock(t, "10:06:31")
			r.seal()
			if got := strings.Split(r.csv("s", "pump", ns(t, "10:00:00")), "\n")[1]; got != "2026-01-05T10:01:00.000000,"+c.want {
				t.Errorf("window has %s, want %s", got, c.want)
			}
			r.at(clock(t, "10:07:00"))
			var want string
			if c.repeats != "" {
				want = repeatsHeader
				for l := range strings.SplitSeq(c.repeats, ";") {
					want += "2026-01-05T10:01:00.000000,flow," + l + "\n"
				}
			}
			if got := r.text("repeats/pump/20260105.csv"); got != want {
				t.Errorf("repeats\n%swant\n%s", got, want)
			}
		})
	}
}

func TestHold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*Stream)
		window string
		want   string // cells, first to last; the only value is 9 at 10:01:20
	}{
		{"default: three bins", nil, "10:00:00", ",9,9,9,"}, // held while L - u <= 3m: L=10:04 is 2m40 away
		{"one minute", func(s *Stream) { s.Spec.MaxGap = time.Minute }, "10:00:00", ",9,,,"},
		{"none: for ever", func(s *Stream) { s.Spec.MaxGap = series.NoMaxGap }, "10:20:00", "9,9,9,9,9"},
		{"across windows", func(s *Stream) { s.Spec.MaxGap = 6 * time.Minute }, "10:05:00", "9,9,,,"},
		{"per sensor", func(s *Stream) { s.Sensors = map[string]series.Spec{"flow": {MaxGap: 4 * time.Minute}} }, "10:00:00", ",9,9,9,9"},
		{"fill none", func(s *Stream) { s.Spec.Fill = series.FillNone }, "10:00:00", ",9,,,"},
		{"sums are never held", func(s *Stream) { s.Spec.Aggregate = series.AggregateSum }, "10:00:00", ",9,,,"},
		{"label start", func(s *Stream) { s.Cadence.Label = window.LabelStart }, "10:00:00", ",9,9,9,"}, // bin ends 10:02 .. 10:04
		{"label start, one minute", func(s *Stream) { s.Cadence.Label = window.LabelStart; s.Spec.MaxGap = 100 * time.Second }, "10:00:00", ",9,9,,"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := stream(func(s *Stream) { s.Cadence.Delay = time.Hour })
			if c.change != nil {
				c.change(&s)
			}
			// another sensor keeps windows from being silent
			r := memoryRig(t, "10:00:00", s)
			r.take(file{path: "a", component: "pump", sensors: []string{"flow"}, rows: []row{{ns(t, "10:01:20"), []float64{9}}}})
			r.take(file{path: "b", component: "pump", sensors: []string{"other"}, rows: rowsOf(clock(t, "10:00:00"), clock(t, "10:30:00"), time.Minute, 1, 1)})
			r.now = clock(t, "11:30:00")
			r.seal()
			var cells []string
			for _, l := range strings.Split(strings.TrimSpace(r.csv("s", "pump", ns(t, c.window))), "\n")[1:] {
				cells = append(cells, strings.Split(l, ",")[1])
			}
			if got := strings.Join(cells, ","); got != c.want {
				t.Errorf("cells %s, want %s", got, c.want)
			}
		})
	}
}

func TestARowThatChangesAHeldValueSealsLaterWindowsAnew(t *testing.T) {
	t.Parallel()
	for _, restart := range []bool{false, true} {
		r := memoryRig(t, "10:00:00", stream(func(s *Stream) {
			s.Schema, s.Spec.MaxGap = []string{"flow"}, series.NoMaxGap
			s.Cadence.Delay = 30 * time.Minute
			s.Cadence.Margin = 15 * time.Minute
		}))
		r.take(pump(t, "a.csv", "10:00:00", "10:03:00", 1))
		r.at(clock(t, "10:31:00"))
		for _, s := range []string{"10:00:00", "10:05:00", "10:10:00"} {
			if got := strings.Count(r.csv("s", "pump", ns(t, s)), ",3\n"); got == 0 {
				t.Fatalf("window %s does not hold 3", s)
			}
		}
		r.now = clock(t, "10:32:00")
		refs := r.commit(pump(t, "b.csv", "10:03:00", "10:04:00", 44))
		if restart {
			r.restart()
		} else {
			r.sealer.Took(refs, r.now)
		}
		r.at(r.now)
		for _, s := range []string{"10:00:00", "10:05:00", "10:10:00"} {
			rec := r.record("s", "pump", ns(t, s))
			if !strings.HasSuffix(r.csv("s", "pump", rec.Start), ",44\n") || rec.Generation != 2 {
				t.Errorf("restart %v: window %s was not sealed anew: generation %d", restart, s, rec.Generation)
			}
		}
	}
}

// What is late for one window is still the last value before the next one, also
// when its block was released and the process began again.
func TestALateRowIsHeldInLaterWindows(t *testing.T) {
	t.Parallel()
	r := memoryRig(t, "10:00:00", stream(func(s *Stream) { s.Spec.MaxGap = series.NoMaxGap }))
	r.take(pump(t, "a.csv", "10:00:00", "10:04:00", 1))
	r.at(clock(t, "10:06:30"))
	r.at(clock(t, "10:07:00"))
	r.now = clock(t, "10:08:00")
	r.take(file{path: "b", component: "pump", sensors: []string{"flow"}, rows: []row{{ns(t, "10:04:30"), []float64{77}}}})
	r.at(r.now)
	if d := r.drop(2); d.Counts.Late != 1 || d.Counts.Open != 0 {
		t.Fatalf("counts %+v", d.Counts)
	}
	r.restart()
	r.now = clock(t, "10:11:30")
	r.seal()
	rec := r.record("s", "pump", ns(t, "10:05:00"))
	if !strings.HasSuffix(r.csv("s", "pump", rec.Start), ",77\n") || !rec.HeldOnly || rec.SealedSeq != 2 {
		t.Errorf("record %+v\n%s", rec, r.csv("s", "pump", rec.Start))
	}
}

func TestTwoStreamsReleaseOnlyWhenBothAreDone(t *testing.T) {
	t.Parallel()
	hour := stream(func(s *Stream) { s.Scheduler, s.Bucket, s.Cadence.Frequency = "hour", "other", time.Hour })
	r := memoryRig(t, "10:00:00", stream(), hour)
	r.take(pump(t, "a.csv", "10:00:00", "10:05:00", 1))
	r.at(clock(t, "10:05:01"))
	r.at(clock(t, "10:07:01"))
	if rec := r.record("s", "pump", ns(t, "10:00:00")); !rec.Closed {
		t.Fatal("the short window is not closed")
	}
	if d := r.drop(1); d.Counts.Open != 5 {
		t.Fatalf("released while the hour is open: %+v", d.Counts)
	}
	r.now = clock(t, "10:20:00") // late for the one, in time for the other
	r.take(pump(t, "b.csv", "10:00:30", "10:02:30", 50))
	r.at(r.now)
	r.restart()
	r.at(clock(t, "11:01:30"))
	r.at(clock(t, "11:02:01"))
	if rec := r.record("hour", "pump", ns(t, "10:00:00")); !rec.Closed || rec.Late != 0 || rec.RealRows != 5 {
		t.Fatalf("record %+v", rec)
	}
	if rec := r.record("s", "pump", ns(t, "10:00:00")); rec.Late != 2 {
		t.Fatalf("record %+v", rec)
	}
	if a, b := r.drop(1).Counts, r.drop(2).Counts; a.Open != 0 || a.Windowed != 5 || b.Open != 0 || b.Late != 0 || b.Windowed != 2 {
		t.Errorf("counts %+v, %+v", a, b)
	}
	if got := r.text("late/pump/20260105.csv"); strings.Count(got, "\n") != 3 {
		t.Errorf("late\n%s", got)
	}
}

func TestUnverifiedCountsAsArrived(t *testing.T) {
	t.Parallel()
	r := memoryRig(t, "10:00:00", stream())
	r.take(pump(t, "a.csv", "10:00:00", "10:05:00", 1))
	r.now = clock(t, "10:05:01")
	r.seal()
	r.now = clock(t, "10:08:00")
	if r.close() != 0 {
		t.Fatal("closed before it was in the bucket")
	}
	id := window.ID{Scheduler: "s", Component: "pump", Start: ns(t, "10:00:00")}
	if err := r.book.Uploaded(bg, []window.Result{{ID: id, Generation: 1, Unverified: true}}); err != nil {
		t.Fatal(err)
	}
	if r.close() != 1 {
		t.Fatal("not closed")
	}
}

// Data at the target rate is written as it was kept, without floats between:
// the text is the one that the values have.
func TestEvenDecimalsAreWrittenAsTheirValues(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(7, 8))
	for range 40 {
		s := stream(func(s *Stream) {
			s.Spec.Aggregate = series.Aggregates()[rng.IntN(len(series.Aggregates()))]
		})
		f := file{path: "a.csv", component: "pump", sensors: []string{"a", "b", "c", "d", "e", "f"}}
		for k := 1; k <= 10; k++ {
			x := row{at: clock(t, "10:00:00").Add(time.Duration(k) * time.Minute).UnixNano()}
			for c := range f.sensors {
				v := math.Round(rng.NormFloat64()*math.Pow10(1+rng.IntN(8))) / math.Pow10(c)
				switch rng.IntN(40) {
				case 0:
					v = nan
				case 1:
					v = rng.Float64()
				}
				if c == 5 && rng.IntN(2) == 0 {
					v = 4.5 // hardly moves
				}
				x.values = append(x.values, v+0) // never -0, which the reference would write
			}
			f.rows = append(f.rows, x)
		}
		r := memoryRig(t, "10:00:00", s)
		r.take(f)
		r.now = clock(t, "10:10:01")
		r.seal()
		for _, start := range []string{"10:00:00", "10:05:00"} {
			if got, want := r.csv("s", "pump", ns(t, start)), naive(s, ns(t, start), tell([]file{f})); got != want {
				t.Fatalf("%s of %s\ngot\n%swant\n%s", start, s.Spec.Aggregate, got, want)
			}
			if rec := r.record("s", "pump", ns(t, start)); rec.RealRows != 5 {
				t.Errorf("record %+v", rec)
			}
		}
	}
}
