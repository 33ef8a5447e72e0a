package schedule

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"millwright/inference/detect"
	"millwright/inference/detect/frame"
)

// line is n sensors that follow one another, at a rate.
func line(n int, rate time.Duration, from time.Time, rows int) *frame.Frame {
	f := &frame.Frame{}
	for i := range n {
		f.Columns = append(f.Columns, frame.Name{Component: "line", Sensor: fmt.Sprintf("s%02d", i)})
	}
	rnd := rand.New(rand.NewPCG(1, 1))
	cells := make([]float64, n)
	var load float64
	for i := range rows {
		load = 0.99*load + 0.1*rnd.NormFloat64()
		for j := range cells {
			cells[j] = math.Round(1e3*(100+float64(j)*load+rnd.NormFloat64())) / 1e3
		}
		f.Append(from.Add(time.Duration(i+1)*rate).UnixNano(), cells)
	}
	return f
}

// BenchmarkHundredSchedulers is a wake-up of 100 schedulers of 25 sensors, five rows
// each, with the context of all of them in History and a real S3 server. An
// operation is all 100 runs.
func BenchmarkHundredSchedulers(b *testing.B) {
	const many, windows = 100, 400
	start := noon()
	f := line(25, time.Minute, start.Add(-windows*five), (windows+200)*5)
	m, err := detect.Train(b.Context(), f.Between(0, start.UnixNano()), detect.Settings{Rate: time.Minute, Off: frame.Off{Sensor: f.Columns[0], Bound: -1e6}}, zap.NewNop())
	if err != nil {
		b.Fatal(err)
	}
	r := newRig(b)
	records := make([]*record, many)
	runners := make([]*Runner, many)
	for i := range records {
		records[i] = newRecord()
		for w := -windows; w < 0; w++ {
			s := start.Add(time.Duration(w) * five)
			rows := f.Between(s.UnixNano()+1, s.Add(five).UnixNano()+1)
			records[i].all[s.UnixNano()] = &entry{over: true, out: Outcome{Status: Success, Rows: rows}}
		}
		runners[i] = NewRunner(records[i], benched{m}, records[i], r.store, RunnerOptions{Cache: 4 << 20}, zap.NewNop())
	}
	b.Logf("context of %s, %d rows", m.Lookback(), m.Lookback()/time.Minute)
	w := 0
	for b.Loop() {
		b.StopTimer()
		s := start.Add(time.Duration(w) * five)
		w++
		for i := range many {
			r.e.Input.Naming.Prefix = fmt.Sprintf("in/%d/", i)
			r.upload(f, "line", s.UnixNano(), s.Add(five).UnixNano())
		}
		b.StartTimer()
		var wg sync.WaitGroup
		next := make(chan int)
		for range 2 {
			wg.Go(func() {
				for i := range next {
					e := r.at(s)
					e.Input.Naming.Prefix, e.Output.Prefix = fmt.Sprintf("in/%d/", i), fmt.Sprintf("out/%d/", i)
					fence := Fence{"w", 1, 1}
					records[i].claim(e, fence)
					if err := runners[i].Run(b.Context(), e, fence); err != nil {
						b.Error(err)
					}
					if out := records[i].all[e.Start].out; out.Status != Success {
						b.Error(out.Reason)
					}
				}
			})
		}
		for i := range many {
			next <- i
		}
		close(next)
		wg.Wait()
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N)/many, "ms/run")
}

// benched gives one model for all.
type benched struct{ m *detect.Model }

func (m benched) Model(context.Context, string, int64) (*detect.Model, error) { return m.m, nil }
