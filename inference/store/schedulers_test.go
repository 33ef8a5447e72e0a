package store_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"millwright/inference/store"
)

func TestSchedulersAreKeptAsGiven(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		ctx := t.Context()
		m := s.trained(s.dataset("d"), "m")
		w := s.scheduler(m, "s")
		if got, err := s.SchedulerByID(ctx, w.ID); err != nil || !reflect.DeepEqual(got, w) {
			t.Errorf("%+v %v, want %+v", got, err, w)
		}
		is(t, "a second one of the model", s.try(func(ctx context.Context, t *store.Tx) error { return t.CreateScheduler(ctx, s.newScheduler(m, "t")) }), store.ErrConflict, "")
		other := s.trained(s.dataset("e"), "n")
		is(t, "same name", s.try(func(ctx context.Context, t *store.Tx) error {
			return t.CreateScheduler(ctx, s.newScheduler(other, "s"))
		}), store.ErrConflict, "")
		s.moveScheduler(w.ID, store.SchedulerRunning)
		started := s.now
		s.do(func(ctx context.Context, t *store.Tx) error {
			_, err := t.UpdateScheduler(ctx, w.ID, s.tick(), func(w *store.Scheduler) {
				w.Frequency, w.Input, w.Status = "PT1H", store.InferenceInput{}, store.SchedulerStopped
			})
			return err
		})
		got, err := s.Scheduler(ctx, account, "s")
		if err != nil || got.Frequency != "PT1H" || got.Status != store.SchedulerRunning || !got.StartedAt.Equal(started) || got.Input.S3InputConfiguration != nil {
			t.Errorf("%+v %v", got, err)
		}
		if all, err := s.ActiveSchedulers(ctx); err != nil || len(all) != 1 {
			t.Error(all, err)
		}
		remove := func() error {
			return s.try(func(ctx context.Context, t *store.Tx) error { return t.DeleteScheduler(ctx, w.ID, s.tick()) })
		}
		is(t, "running", remove(), store.ErrConflict, "RUNNING")
		s.moveScheduler(w.ID, store.SchedulerStopping, store.SchedulerStopped)
		if all, err := s.ActiveSchedulers(ctx); err != nil || len(all) != 0 {
			t.Error(all, err)
		}
		if err := remove(); err != nil {
			t.Error(err)
		}
		is(t, "gone", remove(), store.ErrNotFound, "")
	})
}

func TestExecutions(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		ctx := t.Context()
		w := s.scheduler(s.trained(s.dataset("d"), "m"), "s")
		start := time.Date(2026, 1, 5, 10, 0, 0, 0, time.UTC)
		at := func(n int) time.Time { return start.Add(time.Duration(n) * 5 * time.Minute) }
		for n := range 4 {
			e := s.newExecution(w, at(n))
			e.MadeUp = n == 3
			s.do(func(ctx context.Context, t *store.Tx) error { return t.CreateExecution(ctx, e) })
			if got, err := s.Execution(ctx, w.ID, at(n)); err != nil || !reflect.DeepEqual(got, e) {
				t.Errorf("%+v %v, want %+v", got, err, e)
			}
			is(t, "twice", s.try(func(ctx context.Context, t *store.Tx) error { return t.CreateExecution(ctx, e) }), store.ErrConflict, "")
		}
		if open, err := s.OpenExecutions(ctx, 3); err != nil || len(open) != 3 || !open[0].DataStart.Equal(start) {
			t.Error(open, err)
		}

		// Every attempt reads what the first one found, be it nothing.
		for n, found := range []string{`{"Files": ["a"]}`, `{}`} {
			f := store.Fence{Work: fmt.Sprint("run ", n), Job: 1}
			for range 2 {
				f.Attempt++
				s.do(func(ctx context.Context, tx *store.Tx) error {
					if _, err := tx.Claim(ctx, f, s.tick()); err != nil {
						return err
					}
					before, err := tx.FixInputs(ctx, f, w.ID, at(n), nil)
					if err != nil || (before != nil) != (f.Attempt == 2) {
						t.Errorf("%d: before: %s %v", n, before, err)
					}
					fixed, err := tx.FixInputs(ctx, f, w.ID, at(n), []byte(strings.Repeat(found, int(f.Attempt))))
					if err == nil && string(fixed) != found {
						t.Errorf("%d: %s", n, fixed)
					}
					return err
				})
			}
			f.Attempt--
			is(t, "fenced", s.try(func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.FixInputs(ctx, f, w.ID, at(n), nil)
				return err
			}), store.ErrFenced, "")
		}

		end := func(n int, to store.ExecutionStatus, result string) {
			s.do(func(ctx context.Context, t *store.Tx) error {
				_, err := t.MoveExecution(ctx, w.ID, at(n), to, s.tick(), result, func(d *store.ExecutionDetail) {
					d.FailedReason = string(to)
					d.Result = &store.S3Object{Bucket: "plant", Key: "out/x"}
				})
				return err
			})
		}
		latest := func(want string, data time.Time) {
			t.Helper()
			if got, err := s.SchedulerByID(ctx, w.ID); err != nil || got.LatestResult != want || !got.LatestEnd.Equal(data) {
				t.Errorf("latest result is %q of %v, want %q of %v (%v)", got.LatestResult, got.LatestEnd, want, data, err)
			}
		}
		end(1, store.ExecutionSuccess, "ANOMALOUS")
		latest("ANOMALOUS", at(2))
		end(0, store.ExecutionSuccess, "NORMAL") // an earlier window, made up later
		latest("ANOMALOUS", at(2))
		end(2, store.ExecutionFailed, "")
		latest("ANOMALOUS", at(2))
		end(3, store.ExecutionSuccess, "NORMAL")
		latest("NORMAL", at(4))

		is(t, "inputs after the end", s.try(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.FixInputs(ctx, store.Fence{}, w.ID, at(3), nil)
			return err
		}), store.ErrConflict, "SUCCESS")
		later, err := s.Succeeded(ctx, w.ID, at(0), 10)
		if err != nil || len(later) != 2 || !later[0].DataStart.Equal(at(1)) || !later[1].DataStart.Equal(at(3)) {
			t.Error(later, err)
		}

		list := func(f store.ExecutionFilter) (starts []time.Time) {
			t.Helper()
			all, _, err := s.Executions(ctx, w.ID, f, store.Page{})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range all {
				starts = append(starts, e.DataStart)
			}
			return starts
		}
		for _, c := range []struct {
			f    store.ExecutionFilter
			want []time.Time
		}{
			{store.ExecutionFilter{}, []time.Time{at(3), at(2), at(1), at(0)}},
			{store.ExecutionFilter{Status: store.ExecutionFailed}, []time.Time{at(2)}},
			{store.ExecutionFilter{From: at(1), To: at(3)}, []time.Time{at(2), at(1)}},
			{store.ExecutionFilter{To: at(1)}, []time.Time{at(0)}},
			{store.ExecutionFilter{From: at(3)}, []time.Time{at(3)}},
		} {
			if got := list(c.f); !reflect.DeepEqual(got, c.want) {
				t.Errorf("%+v: %v", c.f, got)
			}
		}
		if got, err := s.ExecutionWindows(ctx, w.ID, at(1), at(3)); err != nil || !reflect.DeepEqual(got, []store.Window{{Start: at(1), End: at(2)}, {Start: at(2), End: at(3)}}) {
			t.Error(got, err)
		}
		s.do(func(ctx context.Context, tx *store.Tx) error {
			n, err := tx.PruneExecutions(ctx, w.ID, at(3), 10)
			if n != 2 {
				t.Error("pruned", n)
			}
			return err
		})
		if got := list(store.ExecutionFilter{}); len(got) != 2 {
			t.Error(got)
		}
		if all, _, err := s.Executions(ctx, "unknown", store.ExecutionFilter{}, store.Page{}); err != nil || len(all) != 0 {
			t.Error("an unknown scheduler:", all, err)
		}
	})
}

func TestStatesOfEvents(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		ctx := t.Context()
		at := func(n int) time.Time { return time.Unix(int64(n)*300, 0) }
		state := func(before int, want string) {
			t.Helper()
			if got, err := s.EventState(ctx, "s", at(before)); err != nil || string(got) != want {
				t.Errorf("before %d: %q %v, want %q", before, got, err, want)
			}
		}
		state(9, "")
		for _, n := range []int{3, 1, 2, 6, 3} {
			s.do(func(ctx context.Context, t *store.Tx) error {
				return t.PutEventState(ctx, "s", at(n), []byte(fmt.Sprint("after ", n)))
			})
		}
		state(1, "")
		state(2, "after 1")
		state(6, "after 3")
		for _, c := range []struct{ before, limit, pruned int }{{1, 9, 0}, {2, 9, 0}, {5, 1, 1}, {5, 9, 1}, {5, 9, 0}, {6, 9, 0}} {
			s.do(func(ctx context.Context, tx *store.Tx) error {
				n, err := tx.PruneEventStates(ctx, "s", at(c.before), c.limit)
				if n != int64(c.pruned) {
					t.Errorf("%+v: %d", c, n)
				}
				return err
			})
		}
		state(3, "")
		state(6, "after 3")
		state(9, "after 6")
	})
}

// What a window in the past follows from stays until the window is over.
func TestStatesBeforeAnOpenWindowStay(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		w := s.scheduler(s.trained(s.dataset("d"), "m"), "s")
		at := func(n int) time.Time { return time.Unix(int64(n)*300, 0) }
		s.do(func(ctx context.Context, t *store.Tx) error {
			for n := range 8 {
				if err := t.PutEventState(ctx, w.ID, at(n), []byte{byte(n)}); err != nil {
					return err
				}
			}
			return t.CreateExecution(ctx, s.newExecution(w, at(3)))
		})
		s.do(func(ctx context.Context, tx *store.Tx) error {
			n, err := tx.PruneEventStates(ctx, w.ID, at(7), 9)
			if n != 2 { // 0 and 1: the open window follows from 2
				t.Error(n)
			}
			return err
		})
	})
}

func TestEvents(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		ctx := t.Context()
		hour := func(n int) time.Time { return time.Date(2026, 1, 5, n, 0, 0, 0, time.UTC) }
		event := func(from, to int) store.Event {
			return store.Event{SchedulerID: "s", StartTime: hour(from), EndTime: hour(to), EventDetail: store.EventDetail{Diagnostics: "[]"}}
		}
		replace := func(from, to time.Time, events ...store.Event) {
			s.do(func(ctx context.Context, t *store.Tx) error { return t.ReplaceEvents(ctx, "s", from, to, events) })
		}
		if _, ok, err := s.LastEvent(ctx, "s", time.Time{}); ok || err != nil {
			t.Error(ok, err)
		}
		open := event(8, 8)
		open.Open = true
		replace(time.Time{}, time.Time{}, event(1, 3), event(5, 5), open)
		if e, ok, err := s.LastEvent(ctx, "s", time.Time{}); !ok || err != nil || !reflect.DeepEqual(e, open) {
			t.Errorf("%+v %v %v", e, ok, err)
		}
		if e, ok, err := s.LastEvent(ctx, "s", hour(5)); !ok || err != nil || !e.StartTime.Equal(hour(1)) {
			t.Errorf("%+v %v %v", e, ok, err)
		}
		replace(hour(8), time.Time{}, event(8, 10))
		replace(hour(2), hour(8), event(6, 6))
		for _, c := range []struct {
			from, to int
			want     []store.Event
		}{
			{0, 24, []store.Event{event(8, 10), event(6, 6), event(1, 3)}},
			{3, 8, []store.Event{event(6, 6), event(1, 3)}},
			{4, 6, nil},
			{10, 11, []store.Event{event(8, 10)}},
			{11, 12, nil},
		} {
			if got, _, err := s.Events(ctx, "s", hour(c.from), hour(c.to), store.Page{}); err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("%d to %d: %+v %v", c.from, c.to, got, err)
			}
		}
	})
}

func TestDeletedSchedulerLeavesNothingInTheEnd(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		ctx := t.Context()
		w := s.scheduler(s.trained(s.dataset("d"), "m"), "s")
		for n := range 7 {
			s.do(func(ctx context.Context, t *store.Tx) error {
				start := s.now.Add(time.Duration(n) * time.Hour)
				if err := t.ReplaceEvents(ctx, w.ID, start, start.Add(1), []store.Event{{StartTime: start, EndTime: start}}); err != nil {
					return err
				}
				return t.CreateExecution(ctx, s.newExecution(w, start))
			})
		}
		s.moveScheduler(w.ID, store.SchedulerRunning, store.SchedulerStopping, store.SchedulerStopped)
		s.do(func(ctx context.Context, t *store.Tx) error { return t.DeleteScheduler(ctx, w.ID, s.tick()) })
		left, err := s.Leftovers(ctx, 10)
		if err != nil || len(left) != 1 || left[0].Kind != store.LeftoverScheduler || left[0].Owner != w.ID {
			t.Fatal(left, err)
		}
		for done, rounds := false, 0; !done; rounds++ {
			s.do(func(ctx context.Context, t *store.Tx) (err error) {
				done, err = t.ClearLeftover(ctx, left[0], 3)
				return err
			})
			if rounds > 10 {
				t.Fatal("it does not end")
			}
		}
		all, _, err := s.Executions(ctx, w.ID, store.ExecutionFilter{}, store.Page{})
		if err != nil || len(all) != 0 {
			t.Error(all, err)
		}
		if left, err := s.Leftovers(ctx, 10); err != nil || len(left) != 0 {
			t.Error(left, err)
		}
	})
}
