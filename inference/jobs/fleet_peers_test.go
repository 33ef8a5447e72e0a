//go:build peers

package jobs_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"millwright/inference/detect"
	"millwright/inference/detect/frame"
	"millwright/inference/store"
	"millwright/internal/event"
	"millwright/internal/resultline"
	"millwright/internal/simulate"
	"millwright/internal/window"
)

// fleet is schedulers of the same plant whose runs two processes share.
type fleet struct {
	*rig
	schedulers []string
	first      time.Time // of the data
	start      time.Time // of the windows
	windows    int
	plant      *simulate.Plant
	rnd        *rand.Rand
	kills      map[string]func()
	names      int
}

// Two processes share the runs of several schedulers on one PostgreSQL, while one or
// the other is killed at any moment: each execution, result, row and event is there
// once, and results are to the byte what one session over all rows says.
func TestTwoProcessesThatAreKilledMakeEachResultOnce(t *testing.T) {
	t.Parallel()
	const before, most = 24, 12
	r := newRig(t)
	r.clock.set(time.Date(2026, 1, 5, 10, 0, 0, 0, time.UTC))
	start := r.clock.Now()
	f := &fleet{
		rig: r, schedulers: []string{"s0", "s1", "s2"}, first: start.Add(-before * five), start: start, windows: 16,
		plant: simulate.New(simulate.Options{Seed: 7, Rate: five, Fault: simulate.Fault{From: start, Over: 30 * time.Minute}}),
		rnd:   rand.New(rand.NewPCG(1, 1)), kills: map[string]func(){},
	}
	f.windowsOf()
	f.node()
	f.node()
	killed := 0
	for deadline := time.Now().Add(35 * time.Second); killed < most && time.Now().Before(deadline); killed++ {
		if f.done() == f.due() && f.due() < f.all() { // time goes on
			r.clock.set(earlier(r.clock.Now().Add(time.Duration(2+f.rnd.IntN(4))*five), f.end()))
		}
		names := f.nodes()
		f.kill(names[f.rnd.IntN(len(names))])
		f.node() // it is the only one that knows the time
		done, more := f.done(), f.rnd.IntN(4)
		r.until("progress", time.Minute, func() bool { return f.done() >= min(f.due(), done+more) })
		time.Sleep(time.Duration(f.rnd.IntN(150)) * time.Millisecond) // somewhere in the next ones
	}
	t.Logf("%d killed, %d of %d done by then", killed, f.done(), f.all())
	for _, name := range f.nodes() {
		f.kill(name)
	}
	r.clock.set(f.end())
	f.node()
	f.node()
	r.until("all", 2*time.Minute, func() bool { return f.done() == f.all() })
	f.check()
}

// windowsOf makes files, models and schedulers.
func (f *fleet) windowsOf() {
	f.open()
	now := f.clock.Now()
	f.do(func(ctx context.Context, t *store.Tx) error {
		return t.CreateDataset(ctx, store.Dataset{ID: "d", Account: account, Name: "d", ARN: "arn:d", Status: store.DatasetCreated, CreatedAt: now, UpdatedAt: now})
	})
	f.rig.windows(f.plant, f.first, int(f.start.Sub(f.first)/five)+f.windows)
	for _, s := range f.schedulers {
		f.model("m-" + s)
		f.scheduler(s, "m-"+s, "out/"+s+"/")
	}
	f.clock.set(now.Add(2*five + time.Second))
}

// end is when all windows are due that there is data for, and no further one.
func (f *fleet) end() time.Time { return f.start.Add(time.Duration(f.windows)*five + time.Second) }

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func (f *fleet) all() int { return len(f.schedulers) * f.windows }

// due is how many executions there can be by now.
func (f *fleet) due() int {
	return min(f.windows, int(f.clock.Now().Sub(f.start)/five)) * len(f.schedulers)
}

func (f *fleet) node() {
	f.names++
	name := fmt.Sprint("node-", f.names)
	f.kills[name] = f.spawnAs(name)
}

func (f *fleet) nodes() (names []string) {
	for name := range f.kills {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// kill ends a node with no warning.
func (f *fleet) kill(name string) {
	f.kills[name]()
	delete(f.kills, name)
}

// rescue gives what nodes had that are dead to others, as it would be two minutes
// later.
func (f *fleet) rescue() {
	f.t.Helper()
	db, _ := f.store.DB()
	if _, err := db.ExecContext(f.t.Context(), `UPDATE river_job SET state = 'available', scheduled_at = now() - interval '1 second'
		WHERE state = 'running' AND attempted_by[array_upper(attempted_by, 1)] <> ALL (string_to_array($1, ','))`, strings.Join(f.nodes(), ",")); err != nil {
		f.t.Fatal(err)
	}
}

// done counts executions in SUCCESS, and wants no other end.
func (f *fleet) done() (n int) {
	f.t.Helper()
	f.rescue()
	for _, s := range f.schedulers {
		for _, e := range f.executions(s) {
			switch e.Status {
			case store.ExecutionSuccess:
				n++
			case store.ExecutionFailed:
				f.t.Fatal(s, e.DataStart, e.FailedReason)
			}
		}
	}
	return n
}

func (f *fleet) executions(scheduler string) []store.Execution {
	f.t.Helper()
	all, _, err := f.store.Executions(f.t.Context(), scheduler, store.ExecutionFilter{}, store.Page{Limit: 500})
	if err != nil {
		f.t.Fatal(err)
	}
	return all
}

// oneGo is the result lines of a session over all rows, by label, and their events.
func (f *fleet) oneGo() (lines map[int64]string, events []event.Event) {
	f.t.Helper()
	file, err := trained()
	if err != nil {
		f.t.Fatal(err)
	}
	model := new(detect.Model)
	if err := model.UnmarshalBinary(file); err != nil {
		f.t.Fatal(err)
	}
	lines = map[int64]string{}
	m := event.New(event.RuleFor(five, five, 0))
	keep := func(row resultline.Row, _ detect.Remark) error {
		if row.Time <= f.start.UnixNano() {
			return nil
		}
		lines[row.Time] = string(resultline.Append(nil, row))
		for _, e := range m.Add(row) {
			if n := len(events); n > 0 && events[n-1].ID == e.ID {
				events = events[:n-1]
			}
			events = append(events, e)
		}
		return nil
	}
	s := model.NewSession()
	for t := f.first.Add(five); !t.After(f.start.Add(time.Duration(f.windows) * five)); t = t.Add(five) {
		if err := s.Add(t.UnixNano(), f.cells(model.Columns(), t), keep); err != nil {
			f.t.Fatal(err)
		}
	}
	return lines, events
}

// cells are a row of the plant in the order of columns.
func (f *fleet) cells(columns []frame.Name, t time.Time) []float64 {
	cells := make([]float64, len(columns))
	for _, c := range simulate.Components() {
		row := f.plant.Row(nil, c, t)
		for i, s := range simulate.Sensors(c) {
			cells[slices.Index(columns, frame.Name{Component: c, Sensor: s})] = row[i]
		}
	}
	return cells
}

func (f *fleet) check() {
	f.t.Helper()
	lines, events := f.oneGo()
	if len(events) == 0 {
		f.t.Error("the fault is no event")
	}
	for _, s := range f.schedulers {
		var want []string
		for n := range f.windows {
			from := f.start.Add(time.Duration(n) * five)
			key := window.ResultKey("out/"+s+"/", from.UnixNano())
			want = append(want, key)
			body, _, err := f.client.Get(f.t.Context(), f.bucket, key, 1<<20)
			if err != nil || string(body) != lines[from.Add(five).UnixNano()] {
				f.t.Errorf("%s: %q, in one go %q (%v)", key, body, lines[from.Add(five).UnixNano()], err)
			}
		}
		if got := f.list("out/" + s + "/"); !slices.Equal(got, want) {
			f.t.Errorf("results %v\nwant %v", got, want)
		}
		if got := len(f.executions(s)); got != f.windows {
			f.t.Errorf("%s: %d executions", s, got)
		}
		parts := int64(len(simulate.Components()))
		if seen, err := f.store.ObjectSpan(f.t.Context(), store.ObjectInference, "m-"+s); err != nil || seen.Rows != parts*int64(f.windows) || seen.Objects != parts*int64(f.windows) {
			f.t.Errorf("%s has seen %+v (%v)", s, seen, err)
		}
		f.checkEvents(s, events)
	}
	defer func() {
		if f.t.Failed() {
			f.t.Log("left:", f.left())
		}
	}()
	f.until("the end of all jobs", 2*time.Minute, func() bool { f.rescue(); return len(f.left()) == 0 })
}

// left is what is not over of jobs and fences.
func (f *fleet) left() (all []string) {
	f.t.Helper()
	db, _ := f.store.DB()
	rows, err := db.QueryContext(f.t.Context(), `SELECT state || ' ' || args::text || ' attempt ' || attempt || ' at ' || scheduled_at || coalesce(errors::text, '') FROM river_job WHERE kind = 'inference' AND state <> 'completed' UNION ALL SELECT work FROM fences`)
	if err != nil {
		f.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			f.t.Fatal(err)
		}
		all = append(all, text)
	}
	if err := rows.Err(); err != nil {
		f.t.Fatal(err)
	}
	return all
}

func (f *fleet) checkEvents(scheduler string, want []event.Event) {
	f.t.Helper()
	have, _, err := f.store.Events(f.t.Context(), scheduler, f.first, f.start.AddDate(0, 0, 1), store.Page{})
	if err != nil {
		f.t.Fatal(err)
	}
	slices.Reverse(have)
	var got, wanted []string
	for _, e := range have {
		got = append(got, fmt.Sprint(e.StartTime.UnixNano(), e.EndTime.UnixNano(), e.Open))
	}
	for _, e := range want {
		wanted = append(wanted, fmt.Sprint(e.Start, e.End, e.State == event.Open))
	}
	if strings.Join(got, ",") != strings.Join(wanted, ",") {
		f.t.Errorf("%s: events %v, in one go %v", scheduler, got, wanted)
	}
}
