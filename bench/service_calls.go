package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	callers  = 8
	callFor  = 5 * time.Second
	runsKept = 500 // executions that are there to be listed
	every    = 5 * time.Minute
)

// calls asks one thing again and again, from several clients at a time.
func calls(operation string, in m) func(context.Context, *bench) (string, error) {
	return func(ctx context.Context, b *bench) (string, error) {
		if !has(ctx, full, "serve") {
			return "", errNotHere
		}
		s, err := b.asked(ctx)
		if err != nil {
			return "", err
		}
		defer s.stop()                                                  //nolint:errcheck // it only answered
		if _, err := s.ask(ctx, operation, in, callFor/5); err != nil { // connections are open, pages are in memory
			return "", err
		}
		before, err := s.cpu()
		if err != nil {
			return "", err
		}
		begun := time.Now()
		took, err := s.ask(ctx, operation, in, callFor)
		if err != nil {
			return "", err
		}
		gone := time.Since(begun)
		after, err := s.cpu()
		if err != nil {
			return "", err
		}
		n := len(took)
		slices.Sort(took)
		ms := func(d time.Duration) float64 { return d.Seconds() * 1e3 }
		return fmt.Sprintf("%.0f/s (p50 %.1f ms, p99 %.1f ms, CPU %.2f ms a call)",
			float64(n)/gone.Seconds(), ms(took[n/2]), ms(took[n*99/100]), ms(after-before)/float64(n)), nil
	}
}

// ask gives how long each call took.
func (s *served) ask(ctx context.Context, operation string, in m, d time.Duration) ([]time.Duration, error) {
	end := time.Now().Add(d)
	var (
		mu     sync.Mutex
		all    []time.Duration
		failed error
		wg     sync.WaitGroup
	)
	for range callers {
		wg.Go(func() {
			var took []time.Duration
			var err error
			for err == nil && time.Now().Before(end) {
				begun := time.Now()
				err = s.call(ctx, operation, in, nil)
				took = append(took, time.Since(begun))
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, took...)
			if err != nil {
				failed = err
			}
		})
	}
	wg.Wait()
	return all, failed
}

// asked is a service of which settle has made what is asked for, once.
func (b *bench) asked(ctx context.Context) (_ *served, err error) {
	if b.settled.IsZero() {
		if err := b.fresh(); err != nil {
			return nil, err
		}
		if b.settled, err = b.settle(ctx); err != nil {
			return nil, err
		}
	}
	return b.serve(ctx, rehearsal(b.settled, 1))
}

func rehearsal(from time.Time, pace int) string {
	return fmt.Sprintf("%s@%d", from.Format(time.RFC3339), pace)
}

// settle makes a dataset, a model and a scheduler, and lets it have two days of runs,
// all of which fail for want of files. It gives the service's time after that.
func (b *bench) settle(ctx context.Context) (later time.Time, err error) {
	first, err := b.serve(ctx, "")
	if err != nil {
		return later, err
	}
	defer first.stop() //nolint:errcheck // of what failed
	if _, _, err := first.model(ctx); err != nil {
		return later, err
	}
	if err := first.schedule(ctx, "line", "line", "none/"); err != nil {
		return later, err
	}
	if _, err := first.stop(); err != nil {
		return later, err
	}
	later = time.Now().Add(48 * time.Hour).UTC().Truncate(every).Add(time.Minute)
	s, err := b.serve(ctx, rehearsal(later, 1))
	if err != nil {
		return later, err
	}
	defer s.stop() //nolint:errcheck // likewise
	for n := 0; n < runsKept; {
		if n, _, err = s.runs(ctx, "line", "FAILED", runsKept); err != nil {
			return later, err
		}
		if err := pause(ctx, time.Second); err != nil {
			return later, err
		}
	}
	if err := s.call(ctx, "StopInferenceScheduler", m{"InferenceSchedulerName": "line"}, nil); err != nil {
		return later, err
	}
	_, err = s.stop()
	return later, err
}

// schedule has a model score what comes below a prefix of the live bucket.
func (s *served) schedule(ctx context.Context, name, model, in string) error {
	return s.call(ctx, "CreateInferenceScheduler", m{
		"InferenceSchedulerName": name, "ModelName": model, "DataUploadFrequency": "PT5M", "RoleArn": noRole, "ClientToken": name,
		"DataInputConfiguration": m{
			"S3InputConfiguration":            m{"Bucket": liveBucket, "Prefix": in},
			"InferenceInputNameConfiguration": m{"TimestampFormat": "yyyyMMddHHmmss", "ComponentTimestampDelimiter": "_"},
		},
		"DataOutputConfiguration": m{"S3OutputConfiguration": m{"Bucket": liveBucket, "Prefix": "out/" + name + "/"}},
	}, nil)
}

// runs counts a scheduler's executions with a status, those of a page, and gives why
// one of them failed.
func (s *served) runs(ctx context.Context, scheduler, status string, most int) (n int, why string, err error) {
	var list struct {
		InferenceExecutionSummaries []struct{ FailedReason string }
	}
	err = s.call(ctx, "ListInferenceExecutions", m{"InferenceSchedulerName": scheduler, "Status": status, "MaxResults": most}, &list)
	for _, e := range list.InferenceExecutionSummaries {
		why = e.FailedReason
	}
	return len(list.InferenceExecutionSummaries), why, err
}
