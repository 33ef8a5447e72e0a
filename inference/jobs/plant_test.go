package jobs_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"millwright/inference/detect"
	"millwright/inference/detect/frame"
	"millwright/inference/store"
	"millwright/internal/resultline"
	"millwright/internal/simulate"
	"millwright/internal/window"
)

// What TestAPlantRowByRow is to use instead of a simulated plant of two days:
//
//	go test ./inference/jobs -run PlantRow -v -timeout 2h -plant DIR -plant-off 'pump-line\speed < 75' -plant-days 14
var (
	plantDir  = flag.String("plant", "", "`folder` with a CSV for each component, a row each five minutes")
	plantOff  = flag.String("plant-off", "", "off condition")
	plantDays = flag.Int("plant-days", 0, "days that are scored; 0: all after the first 3/8, which are learnt")
	plantKeep = flag.String("plant-keep", "", "`folder` for the model and the results of one go and of the runs")
)

// rowsOfPlant are the lines of its files by component and stamp.
type rowsOfPlant struct {
	columns []frame.Name
	header  map[string]string
	lines   map[string]map[int64]string
	stamps  []int64
}

func readPlant(t testing.TB, dir string) *rowsOfPlant {
	t.Helper()
	p := &rowsOfPlant{header: map[string]string{}, lines: map[string]map[int64]string{}}
	names, _ := filepath.Glob(filepath.Join(dir, "*.csv*"))
	seen := map[int64]bool{}
	for _, name := range names {
		component, _, _ := strings.Cut(filepath.Base(name), ".csv")
		if component == "labels" {
			continue
		}
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		var in io.Reader = f
		if strings.HasSuffix(name, ".gz") {
			if in, err = gzip.NewReader(f); err != nil {
				t.Fatal(err)
			}
		}
		lines := bufio.NewScanner(in)
		lines.Buffer(nil, 1<<20)
		p.lines[component] = map[int64]string{}
		for lines.Scan() {
			stamp, rest, _ := strings.Cut(lines.Text(), ",")
			at, err := time.Parse("2006-01-02T15:04:05.999999", stamp)
			if p.header[component] == "" {
				p.header[component] = lines.Text()
				for _, s := range strings.Split(rest, ",") {
					p.columns = append(p.columns, frame.Name{Component: component, Sensor: s})
				}
				continue
			}
			if err != nil {
				t.Fatal(name, err)
			}
			p.lines[component][at.UnixNano()] = lines.Text()
			seen[at.UnixNano()] = true
		}
		if err := lines.Err(); err != nil {
			t.Fatal(name, err)
		}
		f.Close()
	}
	for s := range seen {
		p.stamps = append(p.stamps, s)
	}
	slices.Sort(p.stamps)
	return p
}

// frame is the rows with from < stamp <= to.
func (p *rowsOfPlant) frame(t testing.TB, from, to int64) *frame.Frame {
	t.Helper()
	f := &frame.Frame{Columns: p.columns}
	for _, at := range p.stamps {
		if at <= from || at > to {
			continue
		}
		cells := make([]float64, 0, len(p.columns))
		for i, c := range p.columns {
			if i > 0 && p.columns[i-1].Component == c.Component {
				continue
			}
			values := strings.Split(p.lines[c.Component][at], ",")
			for k := 1; k <= strings.Count(p.header[c.Component], ","); k++ {
				v := math.NaN()
				if k < len(values) && values[k] != "" {
					var err error
					if v, err = strconv.ParseFloat(values[k], 64); err != nil {
						t.Fatal(err)
					}
				}
				cells = append(cells, v)
			}
		}
		f.Append(at, cells)
	}
	return f
}

// simulated writes the files of a simulated plant.
func simulated(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	p := simulate.New(simulate.Options{Seed: 3, Rate: five, Fault: simulate.Fault{From: history.AddDate(0, 0, 18).Add(time.Hour), Over: 12 * time.Hour}})
	for _, c := range simulate.Components() {
		if err := os.WriteFile(filepath.Join(dir, c+".csv"), []byte(csv(p, c, history, history.AddDate(0, 0, 20))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// plantRun is a scheduler of one row a run, on a node that is told the time.
type plantRun struct {
	*rig
	rows    *rowsOfPlant
	node    *spawned
	clock   io.WriteCloser
	names   int
	start   int64 // of the first window
	windows int
	next    int // window
}

// TestAPlantRowByRow has a plant's rows scored one a run, over restarts of the node,
// nodes that are killed and others in their place, and a gap that is made up for, and
// holds the lines against those of one go over all rows.
func TestAPlantRowByRow(t *testing.T) {
	t.Parallel()
	dir, off, windows, learnt := *plantDir, *plantOff, *plantDays*288, 3./8
	if dir == "" {
		dir, off, windows, learnt = simulated(t), `pump-7\`+simulate.SpeedSensor+` < 10`, 42, 9./10
	}
	p := readPlant(t, dir)
	split := time.Unix(0, p.stamps[0]).Add(time.Duration(learnt * float64(p.stamps[len(p.stamps)-1]-p.stamps[0]))).Truncate(24 * time.Hour).UnixNano()
	most := int((p.stamps[len(p.stamps)-1]-split)/int64(five)) - 100 // for what may come on top
	if windows == 0 || windows > most {
		windows = most
	}
	condition, err := frame.ParseOff(off)
	if err != nil {
		t.Fatal(err)
	}
	model, err := detect.Train(t.Context(), p.frame(t, 0, split), detect.Settings{Rate: five, Off: condition}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	file, err := model.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	r := &plantRun{rig: newRig(t), rows: p, start: split, windows: windows}
	r.rig.clock.set(time.Unix(0, split).UTC())
	r.open()
	r.do(func(ctx context.Context, t *store.Tx) error {
		now := r.rig.clock.Now()
		return t.CreateDataset(ctx, store.Dataset{ID: "d", Account: account, Name: "d", ARN: "arn:d", Status: store.DatasetCreated, CreatedAt: now, UpdatedAt: now})
	})
	r.modelOf("m", file)
	first := max(p.stamps[0]-int64(five), split-(int64(model.Lookback())/int64(five)+2)*int64(five))
	for from := first; from < split; from += int64(five) {
		r.upload(from)
	}
	r.schedule()
	r.carryOn(rand.New(rand.NewPCG(1, 1)))
	r.compare(model, file, first)
}

func (r *plantRun) upload(from int64) {
	for c, lines := range r.rows.lines {
		if line, ok := lines[from+int64(five)]; ok {
			r.put("in/"+c+"-"+time.Unix(0, from).UTC().Format("20060102150405")+".csv", r.rows.header[c]+"\n"+line+"\n")
		}
	}
}

// carryOn lets all windows pass.
func (r *plantRun) carryOn(rnd *rand.Rand) {
	r.begin()
	restarts, kills := 0, 0
	gap, wide := r.windows/3, min(r.windows/6, 250)
	began := time.Now()
	for round := 1; r.next < r.windows; round++ {
		n := min(1+rnd.IntN(10), r.windows-r.next)
		chance := round % 6
		if r.next >= gap && gap > 0 { // nobody works for a while
			r.end()
			n, gap, chance = wide, 0, -1
		}
		for i := range n {
			r.upload(r.start + int64(r.next+i)*int64(five))
		}
		r.next += n
		r.rig.clock.set(time.Unix(0, r.start+int64(r.next)*int64(five)).Add(time.Second))
		switch chance {
		case -1:
			r.begin()
		case 0:
			restarts++
			r.end()
			r.begin()
		case 1:
			kills++
			r.tell()
			time.Sleep(time.Duration(rnd.IntN(200)) * time.Millisecond) // in the middle of something
			r.node.kill()
			r.later()
			r.begin()
		default:
			r.tell()
		}
		r.until("executions", 2*time.Minute+time.Duration(n)*3*time.Second, func() bool { return r.over() == r.next })
	}
	if *plantDir != "" {
		r.t.Logf("killed in the middle of it, with nobody's help it goes on after %s", r.unaided())
	}
	r.end()
	var madeUp int
	db, _ := r.store.DB()
	if err := db.QueryRowContext(r.t.Context(), `SELECT count(*) FROM executions WHERE body LIKE '%"MadeUp":true%'`).Scan(&madeUp); err != nil || madeUp < wide-1 {
		r.t.Errorf("%d made up, %d at least are wanted (%v)", madeUp, wide-1, err)
	}
	r.t.Logf("%d windows in %s, %d made up for, %d restarts, %d kills", r.windows, time.Since(began).Round(time.Second), madeUp, restarts, kills)
}

// unaided has a node killed in the middle of executions, and tells how long another one
// takes to bring them to their end.
func (r *plantRun) unaided() time.Duration {
	db, _ := r.store.DB()
	for open := 0; open == 0; {
		for range 10 {
			r.upload(r.start + int64(r.next)*int64(five))
			r.next++
		}
		r.windows = r.next
		r.rig.clock.set(time.Unix(0, r.start+int64(r.next)*int64(five)).Add(time.Second))
		r.tell()
		r.until("an execution that goes on", time.Minute, func() bool {
			err := db.QueryRowContext(r.t.Context(), `SELECT count(*) FROM river_job WHERE state = 'running' AND kind = 'inference'`).Scan(&open)
			return err == nil && open > 0 || r.over() == r.next
		})
	}
	r.node.kill()
	began := time.Now()
	r.begin()
	r.until("executions", 5*time.Minute, func() bool { return r.over() == r.next })
	return time.Since(began).Round(time.Second)
}

// begin starts a node, unlike the one before.
func (r *plantRun) begin() {
	r.names++
	r.node = r.command(told, fmt.Sprint("node-", r.names))
	var err error
	if r.clock, err = r.node.StdinPipe(); err != nil {
		r.t.Fatal(err)
	}
	r.node.start()
	r.tell()
}

func (r *plantRun) tell() {
	if _, err := fmt.Fprintln(r.clock, r.rig.clock.Now().Format(time.RFC3339)); err != nil {
		r.t.Fatal(err)
	}
}

// end stops the node as an operator does.
func (r *plantRun) end() {
	r.clock.Close()
	_ = r.node.Wait()
}

// over counts executions in SUCCESS; none may end otherwise.
func (r *plantRun) over() (n int) {
	r.t.Helper()
	db, _ := r.store.DB()
	var failed int
	if err := db.QueryRowContext(r.t.Context(), `SELECT count(CASE WHEN status = 'SUCCESS' THEN 1 END), count(CASE WHEN status = 'FAILED' THEN 1 END) FROM executions`).Scan(&n, &failed); err != nil {
		r.t.Fatal(err)
	}
	if failed > 0 {
		all, _, err := r.store.Executions(r.t.Context(), "s", store.ExecutionFilter{Status: store.ExecutionFailed}, store.Page{Limit: 1})
		r.t.Fatalf("%d failed: %+v %v", failed, all, err)
	}
	return n
}

func (r *plantRun) compare(model *detect.Model, file []byte, first int64) {
	r.t.Helper()
	lines := map[int64][]byte{}
	anomalous := 0
	keep := func(row resultline.Row, _ detect.Remark) error {
		lines[row.Time] = resultline.Append(nil, row)
		return nil
	}
	s, all := model.NewSession(), r.rows.frame(r.t, first, r.start+int64(r.windows)*int64(five))
	order := make([]int, 0, len(all.Columns))
	for _, c := range model.Columns() {
		order = append(order, slices.Index(all.Columns, c))
	}
	cells := make([]float64, len(order))
	for i, label := range all.Labels {
		for k, at := range order {
			cells[k] = all.Row(i)[at]
		}
		if err := s.Add(label, cells, keep); err != nil {
			r.t.Fatal(err)
		}
	}
	var one, runs bytes.Buffer
	for n := range r.windows {
		from := r.start + int64(n)*int64(five)
		key := window.ResultKey("out/", from)
		got, _, err := r.client.Get(r.t.Context(), r.bucket, key, 1<<20)
		if err != nil {
			r.t.Fatal(err)
		}
		want := lines[from+int64(five)]
		if bytes.Contains(got, []byte(`"prediction":1`)) || bytes.Contains(got, []byte(`"prediction": 1`)) {
			anomalous++
		}
		if !bytes.Equal(got, want) {
			r.t.Errorf("%s: %q, in one go %q", key, got, want)
		}
		one.Write(want)
		runs.Write(got)
	}
	if got := len(r.list("out/")); got != r.windows {
		r.t.Errorf("%d results of %d windows", got, r.windows)
	}
	r.t.Logf("%d lines are the same, %d of them anomalous", r.windows, anomalous)
	if *plantKeep != "" {
		for name, content := range map[string][]byte{"model.mwm": file, "one-go.jsonl": one.Bytes(), "runs.jsonl": runs.Bytes()} {
			if err := os.WriteFile(filepath.Join(*plantKeep, name), content, 0o600); err != nil {
				r.t.Fatal(err)
			}
		}
	}
}
