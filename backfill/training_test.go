package backfill_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"millwright/backfill"
)

func (r *rig) trains(n *naive, o backfill.Options) *backfill.Summary {
	r.t.Helper()
	o.As = backfill.Training
	sum := r.must(o)
	want := n.months("pump")
	same(r.t, "months", r.bucket("train/"), want)
	again := r.must(o)
	if again.Objects.Adopted != int64(len(want)) || again.Objects.Sent != 0 {
		r.t.Errorf("again: %+v", again.Objects)
	}
	return sum
}

func TestTrainingOfFilesInTimeOrder(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			s := scheduler
			if seed%2 == 1 {
				s += "    resample: {label: start}\n"
			}
			r := newRig(t, s, "")
			rnd := rand.New(rand.NewPCG(seed, 11))
			a := rows(rnd, day(1, 31, 22), 300, 25*time.Second, "flow", "speed") // over the month's end
			b := rows(rnd, day(2, 1, 6), 200, 90*time.Second, "speed", "flow")
			c := rows(rnd, day(2, 27, 6), 200, 40*time.Second, "heat", "flow")
			r.file("pump/2.csv", a)
			r.file("pump/1.csv", b) // the names are not in the order of time
			r.file("pump/3.csv", c)
			n := newNaive(t, b, a, c)
			n.labelStart = seed%2 == 1
			sum := r.trains(n, backfill.Options{Paths: []string{r.drop()}})
			if sum.Faulty() || sum.Rows.Read != 700 || len(sum.List) != 2 || sum.Objects.Sent != 2 {
				t.Errorf("%+v", sum)
			}
		})
	}
}

func TestTrainingOfOneFilePerSensor(t *testing.T) {
	t.Parallel()
	r := newRig(t, scheduler, "")
	rnd := rand.New(rand.NewPCG(1, 12))
	var texts []string
	for i, sensor := range []string{"flow", "heat", "speed"} {
		// They end at different times, and the one that ends first is held on.
		for k := range 2 {
			text := rows(rnd, day(1, 31, 23).Add(time.Duration(5*k)*time.Hour), 100+40*i, time.Duration(20+30*i)*time.Second, sensor)
			texts = append(texts, text)
			r.file(fmt.Sprintf("pump/%s/%d.csv", sensor, k), text)
		}
	}
	r.yaml = strings.Replace(r.yaml, "path: "+r.drop(), "path: "+r.drop()+"\n    component: pump", 1)
	r.trains(newNaive(t, texts...), backfill.Options{Paths: []string{r.drop()}})
}

func TestTrainingOfFilesThatOverlap(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, scheduler, "")
			rnd := rand.New(rand.NewPCG(seed, 13))
			var texts, paths []string
			for i := range 4 {
				text := rows(rnd, day(1, 31, 20+rnd.IntN(3)), 150+rnd.IntN(300), 30*time.Second, "flow", "speed")
				if rnd.IntN(2) == 0 { // newest first
					all := strings.Split(strings.TrimSpace(text), "\n")
					for a, b := 1, len(all)-1; a < b; a, b = a+1, b-1 {
						all[a], all[b] = all[b], all[a]
					}
					text = lines(all...)
				}
				texts = append(texts, text)
				paths = append(paths, r.file(fmt.Sprintf("pump/%d.csv", i), text))
			}
			rnd.Shuffle(len(paths), func(i, j int) {
				paths[i], paths[j] = paths[j], paths[i]
				texts[i], texts[j] = texts[j], texts[i]
			})
			sum := r.trains(newNaive(t, texts...), backfill.Options{Paths: paths}) // the first on the command line wins
			if sum.Rows.Repeated+sum.Rows.Same == 0 || sum.Rows.TooLate > 0 {
				t.Errorf("%+v", sum.Rows)
			}
		})
	}
}

func TestTrainingTakesRowsThatWereLate(t *testing.T) {
	t.Parallel()
	r := newRig(t, scheduler, "")
	text := rows(rand.New(rand.NewPCG(1, 14)), day(1, 31, 23), 300, 30*time.Second, "flow", "speed")
	late := filepath.Join(r.dir, "state", "late", "pump", "20260131.csv")
	if err := os.MkdirAll(filepath.Dir(late), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(late, []byte(lines("timestamp,sensor,value,drop,line",
		"2026-01-31T23:30:10.500000Z,flow,1000,/srv/drop/pump/x.csv,12", "2026-01-31T22:30:00Z,heat,7,/srv/drop/pump/x.csv,11")), 0o600); err != nil {
		t.Fatal(err)
	}
	n := newNaive(t, text, lines("Timestamp,flow", "2026-01-31T23:30:10.5Z,1000"), lines("Timestamp,heat", "2026-01-31T22:30:00Z,7"))
	r.trains(n, backfill.Options{Paths: []string{r.file("pump/a.csv", text)}})
}

func TestTrainingBetweenFromAndTo(t *testing.T) {
	t.Parallel()
	r := newRig(t, scheduler, "")
	text := rows(rand.New(rand.NewPCG(1, 15)), day(1, 31, 20), 900, 30*time.Second, "flow", "speed")
	n := newNaive(t, text)
	n.from, n.to = day(1, 31, 22).Add(30*time.Second), day(2, 1, 1)
	r.trains(n, backfill.Options{Paths: []string{r.file("pump/a.csv", text)}, From: n.from, To: n.to})
}

func TestTrainingObjectsOfOtherContentGetOneBeside(t *testing.T) {
	t.Parallel()
	r := newRig(t, scheduler, "")
	rnd := rand.New(rand.NewPCG(1, 16))
	r.put("train/pump/pump_202602.csv", "theirs")
	path := r.file("pump/a.csv", rows(rnd, day(2, 2, 20), 900, 30*time.Second, "flow"))
	n := newNaive(t, mustRead(t, path))
	content := n.months("pump")["train/pump/pump_202602.csv"]
	hash := sha256.Sum256([]byte(content))
	want := map[string]string{
		"train/pump/pump_202602.csv":                                      "theirs",
		"train/pump/pump_202602_" + hex.EncodeToString(hash[:4]) + ".csv": content,
	}
	o := backfill.Options{Paths: []string{path}, As: backfill.Training}
	for range 2 {
		if sum := r.must(o); len(sum.List) != 1 || len(r.bucket("train/")) != 2 {
			t.Errorf("%+v", sum)
		}
		same(t, "months", r.bucket("train/"), want)
	}
	r.file("pump/a.csv", rows(rnd, day(2, 3, 20), 100, 30*time.Second, "flow"))
	if r.must(o); len(r.bucket("train/")) != 3 {
		t.Error("a third content has no object of its own")
	}
}

func TestDryRunOfTrainingSendsNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, scheduler, "")
	path := r.file("pump/a.csv", rows(rand.New(rand.NewPCG(1, 17)), day(2, 2, 20), 90, 30*time.Second, "flow"))
	sum := r.must(backfill.Options{Paths: []string{path}, As: backfill.Training, DryRun: true})
	want := newNaive(t, mustRead(t, path)).months("pump")["train/pump/pump_202602.csv"]
	if len(r.bucket("train/")) != 0 || len(sum.List) != 1 || sum.List[0].State != "new" || sum.List[0].Bytes != int64(len(want)) || sum.Coming() != 1 {
		t.Errorf("%+v", sum)
	}
}

// Files of several components are parted by their columns, and long ones too.
func TestTrainingOfFilesWithSeveralComponents(t *testing.T) {
	t.Parallel()
	two := strings.Replace(scheduler, "[pump]", "[pump, mill]", 1)
	r := newRig(t, two, "    component: '^(?P<component>[a-z]+)/(?P<sensor>[a-z]+)$'")
	rnd := rand.New(rand.NewPCG(1, 18))
	a := rows(rnd, day(1, 31, 23), 200, 30*time.Second, "pump/flow", "mill/load", "pump/heat", "note")
	r.file("a.csv", a)
	r.must(backfill.Options{Paths: []string{r.drop()}, As: backfill.Training})
	want := map[string]string{}
	for component, drop := range map[string][]int{"pump": {1, 3}, "mill": {2}} {
		var picked []string
		for i, row := range strings.Split(strings.TrimSpace(a), "\n") {
			cells := strings.Split(row, ",")
			out := cells[0]
			for _, k := range drop {
				cell := cells[k]
				if i == 0 {
					_, cell, _ = strings.Cut(cell, "/")
				}
				out += "," + cell
			}
			picked = append(picked, out)
		}
		for k, v := range newNaive(t, lines(picked...)).months(component) {
			want[k] = v
		}
	}
	same(t, "months", r.bucket("train/"), want)
}

// A sensor whose value is held without limit is held over the months between.
func TestTrainingHoldsAcrossMonths(t *testing.T) {
	t.Parallel()
	r := newRig(t, scheduler+"    resample: {max_gap: none}\n", "")
	a := lines("Timestamp,flow", "2026-01-30T23:58:30Z,1.5")
	b := lines("Timestamp,heat", "2026-03-01T00:01:30Z,2")
	r.file("pump/a.csv", a)
	r.file("pump/b.csv", b)
	n := newNaive(t, a, b)
	n.gap = -1
	r.trains(n, backfill.Options{Paths: []string{r.drop()}})
}

func mustRead(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
