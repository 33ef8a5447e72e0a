package store_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"millwright/inference/store"
)

// million is a store with a million executions, 250,000 of each of 4 schedulers,
// one in 1000 of them FAILED, and an event in every hundredth window.
func million(b *testing.B, s *suite) []store.Scheduler {
	b.Helper()
	const each = 250_000
	d := s.dataset("d")
	var all []store.Scheduler
	for i := range 4 {
		w := s.scheduler(s.trained(d, fmt.Sprint("m", i)), fmt.Sprint("s", i))
		all = append(all, w)
		// The first one is made by the store, the others are like it.
		s.do(func(ctx context.Context, t *store.Tx) error {
			return t.CreateExecution(ctx, s.newExecution(w, time.Unix(0, 0)))
		})
		s.do(func(ctx context.Context, t *store.Tx) error {
			if _, err := t.SQL().ExecContext(ctx, `WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < $1)
				INSERT INTO executions SELECT e.scheduler_id, n.i * 300000000, n.i * 300000000 + 300000000, n.i * 300000000 + 420000000, e.model_version,
					CASE WHEN n.i % 1000 = 0 THEN 'FAILED' ELSE 'SUCCESS' END, e.config_id, e.updated_at,
					'{"Result":{"Bucket":"plant","Key":"out/2026-01-05T12:00:00Z/results.jsonl"}}', ''
				FROM n, executions e WHERE e.scheduler_id = $2 AND e.data_start = 0`, each-1, w.ID); err != nil {
				return err
			}
			_, err := t.SQL().ExecContext(ctx, `INSERT INTO events SELECT scheduler_id, data_start, data_end, '{"Diagnostics":"[]"}' FROM executions
				WHERE scheduler_id = $1 AND data_start % 30000000000 = 0`, w.ID)
			return err
		})
	}
	if _, postgres := s.DB(); postgres {
		db, _ := s.DB()
		if _, err := db.ExecContext(b.Context(), "ANALYZE"); err != nil {
			b.Fatal(err)
		}
	}
	return all
}

func BenchmarkMillionExecutions(b *testing.B) {
	for name, make := range databases() {
		b.Run(name, func(b *testing.B) {
			s := newSuite(b, make(b), store.Quotas{})
			w := million(b, s)[2]
			ctx := b.Context()
			day := func(n int) time.Time { return time.Unix(int64(n)*86400, 0) }
			_, deep, err := s.Executions(ctx, w.ID, store.ExecutionFilter{To: day(400)}, store.Page{Limit: 50})
			if err != nil {
				b.Fatal(err)
			}
			bottom := s.bottom(ctx, w.ID)
			for _, c := range []struct {
				name string
				read func() (int, error)
				want int
			}{
				{"newest 50", func() (int, error) {
					rows, _, err := s.Executions(ctx, w.ID, store.ExecutionFilter{}, store.Page{Limit: 50})
					return len(rows), err
				}, 50},
				{"500 after 249,000", func() (int, error) {
					rows, _, err := s.Executions(ctx, w.ID, store.ExecutionFilter{}, store.Page{Limit: 500, Token: bottom})
					return len(rows), err
				}, 500},
				{"50 in the middle", func() (int, error) {
					rows, _, err := s.Executions(ctx, w.ID, store.ExecutionFilter{To: day(400)}, store.Page{Limit: 50, Token: deep})
					return len(rows), err
				}, 50},
				{"50 failed", func() (int, error) {
					rows, _, err := s.Executions(ctx, w.ID, store.ExecutionFilter{Status: store.ExecutionFailed}, store.Page{Limit: 50})
					return len(rows), err
				}, 50},
				{"all failed of a month", func() (int, error) {
					rows, _, err := s.Executions(ctx, w.ID, store.ExecutionFilter{Status: store.ExecutionFailed, From: day(100), To: day(130)}, store.Page{Limit: 50})
					return len(rows), err
				}, 9},
				{"open of all", func() (int, error) {
					rows, err := s.OpenExecutions(ctx, 50)
					return len(rows), err
				}, 4},
				{"events of a day", func() (int, error) {
					rows, _, err := s.Events(ctx, w.ID, day(500), day(501), store.Page{})
					return len(rows), err
				}, 3},
				{"describe", func() (int, error) {
					_, err := s.Execution(ctx, w.ID, day(3))
					return 1, err
				}, 1},
			} {
				b.Run(c.name, func(b *testing.B) {
					var took []time.Duration
					for b.Loop() {
						began := time.Now()
						if n, err := c.read(); err != nil || n != c.want {
							b.Fatal(n, err)
						}
						took = append(took, time.Since(began))
					}
					slices.Sort(took)
					b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-us")
				})
			}
		})
	}
}

// bottom is the token of a page after 249,000 others' rows, as a client that pages
// through all of it gets it.
func (s *suite) bottom(ctx context.Context, scheduler string) (token string) {
	s.t.Helper()
	for range 249_000 / 500 {
		var err error
		if _, token, err = s.Executions(ctx, scheduler, store.ExecutionFilter{}, store.Page{Limit: 500, Token: token}); err != nil {
			s.t.Fatal(err)
		}
	}
	return token
}

// BenchmarkExecution is what one run writes: planned, inputs fixed, ended.
func BenchmarkExecution(b *testing.B) {
	for name, make := range databases() {
		b.Run(name, func(b *testing.B) {
			s := newSuite(b, make(b), store.Quotas{})
			w := s.scheduler(s.trained(s.dataset("d"), "m"), "s")
			start := time.Unix(0, 0)
			for b.Loop() {
				start = start.Add(5 * time.Minute)
				s.do(func(ctx context.Context, t *store.Tx) error { return t.CreateExecution(ctx, s.newExecution(w, start)) })
				s.do(func(ctx context.Context, t *store.Tx) error {
					f := store.Fence{Work: start.String(), Job: 1, Attempt: 1}
					if _, err := t.Claim(ctx, f, s.now); err != nil {
						return err
					}
					_, err := t.FixInputs(ctx, f, w.ID, start, []byte("{}"))
					return err
				})
				s.do(func(ctx context.Context, t *store.Tx) error {
					_, err := t.MoveExecution(ctx, w.ID, start, store.ExecutionSuccess, s.now, "NORMAL", nil)
					return err
				})
			}
		})
	}
}

// BenchmarkManyExecutions is the same for many schedulers at once on two nodes.
func BenchmarkManyExecutions(b *testing.B) {
	for name, make := range databases() {
		b.Run(name, func(b *testing.B) {
			s := newSuite(b, make(b), store.Quotas{})
			nodes := []*store.Store{s.Store, s.open(store.Quotas{})}
			d := s.dataset("d")
			var next atomic.Int64
			var all []store.Scheduler
			for i := range 32 {
				all = append(all, s.scheduler(s.trained(d, fmt.Sprint("m", i)), fmt.Sprint("s", i)))
			}
			b.SetParallelism(16)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					n := next.Add(1)
					w, start := all[n%32], time.Unix(n/32*300, 0)
					node, ctx := nodes[n%2], b.Context()
					err := node.Tx(ctx, func(t *store.Tx) error { return t.CreateExecution(ctx, s.newExecution(w, start)) })
					if err == nil {
						err = node.Tx(ctx, func(t *store.Tx) error {
							_, err := t.MoveExecution(ctx, w.ID, start, store.ExecutionSuccess, s.now, "NORMAL", nil)
							return err
						})
					}
					if err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}
