package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

const (
	schedulers = 100
	together   = 4 // models that are copied at a time
	before     = 2 // windows with files before the first run
	windows    = 3 // that are run
	paceOf     = 5 // of the service's clock: a window a minute
)

// hundred is how long all of 100 schedulers take for a window from its wake-up on,
// while the service trains with 300 sensors and ingests BENCH_GB. The service has just
// begun, and with a clock that runs at five times the pace all are due every minute.
func hundred(ctx context.Context, b *bench) (string, error) {
	if !has(ctx, full, "serve") {
		return "", errNotHere
	}
	if err := b.fresh(); err != nil {
		return "", err
	}
	big, err := b.furnish(ctx)
	if err != nil {
		return "", err
	}
	s, err := b.serve(ctx, rehearsal(lineEnd(), paceOf))
	if err != nil {
		return "", err
	}
	defer s.stop() //nolint:errcheck // of what failed
	beside, err := s.burden(ctx, big)
	if err != nil {
		return "", err
	}
	wake, err := s.enlist(ctx)
	if err != nil {
		return "", err
	}
	var took []string
	for n := range windows {
		if err := s.done(ctx, n+1); err != nil {
			return "", err
		}
		lasted := time.Since(wake.Add(time.Duration(n) * every / paceOf))
		still, err := beside(ctx)
		if err != nil {
			return "", err
		}
		took = append(took, fmt.Sprintf("%.1f s%s", lasted.Seconds(), still))
		if n == windows-1 {
			break
		}
		if err := pause(ctx, time.Until(wake.Add(time.Duration(n+1)*every/paceOf))); err != nil {
			return "", err
		}
	}
	c, err := s.stop()
	if err == nil {
		err = b.fresh()
	}
	return fmt.Sprintf("%s (resident %s, CPU %.0f s of %.0f s)", strings.Join(took, ", "), mib(c.resident), c.cpu.Seconds(), c.wall.Seconds()), err
}

// furnish makes everything that is there before the schedulers are: the past of two
// plants, one of them ingested, and the models with the files that they are to score.
func (b *bench) furnish(ctx context.Context) (big string, err error) {
	s, err := b.serve(ctx, "")
	if err != nil {
		return "", err
	}
	defer s.stop() //nolint:errcheck // of what failed
	if big, err = s.keepBig(ctx, b); err != nil {
		return "", err
	}
	prefix, err := s.keepHistory(ctx, b)
	if err != nil {
		return "", err
	}
	if _, err := s.ingest(ctx, "plant", prefix); err != nil {
		return "", err
	}
	arn, live, err := s.model(ctx)
	if err != nil {
		return "", err
	}
	var files [windows + before][]byte
	for i := range files {
		from := lineEnd().Add(time.Duration(i-before) * every)
		files[i] = line(live, from, from.Add(every))
	}
	if err := each(schedulers, func(n int) error {
		name := nameOf(n)
		if err := s.call(ctx, "ImportModelVersion", m{"SourceModelVersionArn": arn, "ModelName": name, "DatasetName": "line", "ClientToken": name}, nil); err != nil {
			return err
		}
		for i, text := range files {
			from := lineEnd().Add(time.Duration(i-before) * every)
			if err := s.drop(ctx, liveBucket, fmt.Sprintf("in/%s/line_%s.csv", name, from.Format("20060102150405")), text); err != nil {
				return err
			}
		}
		_, err := s.succeeds(ctx, "DescribeModel", m{"ModelName": name})
		return err
	}); err != nil {
		return "", err
	}
	_, err = s.stop()
	return big, err
}

func nameOf(n int) string { return fmt.Sprintf("line-%03d", n) }

// each does something for all of n, some at a time.
func each(n int, do func(int) error) error {
	var (
		wg     sync.WaitGroup
		mu     sync.Mutex
		failed error
		next   = make(chan int)
	)
	for range together {
		wg.Go(func() {
			for i := range next {
				if err := do(i); err != nil {
					mu.Lock()
					failed = errors.Join(failed, err)
					mu.Unlock()
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
	return failed
}

// burden has the service train and ingest; beside names what of it goes on.
func (s *served) burden(ctx context.Context, big string) (beside func(context.Context) (string, error), err error) {
	if err := s.learn(ctx, "plant", m{"DataPreProcessingConfiguration": m{"TargetSamplingRate": "PT5M"}, "OffCondition": `plant\sensor_000 < 100`}); err != nil {
		return nil, err
	}
	job, err := s.beginIngest(ctx, "big", big)
	return func(ctx context.Context) (string, error) {
		var goesOn string
		for _, w := range []struct {
			name, describe string
			in             m
		}{{"training", "DescribeModel", m{"ModelName": "plant"}}, {"ingestion", "DescribeDataIngestionJob", m{"JobId": job}}} {
			var now status
			if err := s.call(ctx, w.describe, w.in, &now); err != nil {
				return "", err
			}
			switch now.Status {
			case "IN_PROGRESS":
				goesOn += " +" + w.name
			case "SUCCESS":
			default:
				return "", fmt.Errorf("the %s: %s: %s", w.name, now.Status, now.FailedReason)
			}
		}
		return goesOn, nil
	}, err
}

// enlist makes the schedulers, and gives the real time of their first wake-up, which
// has to be still to come.
func (s *served) enlist(ctx context.Context) (wake time.Time, err error) {
	if err := each(schedulers, func(n int) error {
		return s.schedule(ctx, nameOf(n), nameOf(n), "in/"+nameOf(n)+"/")
	}); err != nil {
		return wake, err
	}
	// The service's clock is told by what it has just made.
	asked := time.Now()
	if err := s.call(ctx, "CreateDataset", m{"DatasetName": "now", "ClientToken": "now"}, nil); err != nil {
		return wake, err
	}
	answered := time.Now()
	var now status
	if err := s.call(ctx, "DescribeDataset", m{"DatasetName": "now"}, &now); err != nil {
		return wake, err
	}
	business := time.UnixMicro(int64(now.CreatedAt * 1e6))
	left := lineEnd().Add(every).Sub(business) / paceOf
	if left <= 0 {
		return wake, errors.New("the machine is too slow: the first window was due before all schedulers were there")
	}
	wake = asked.Add(answered.Sub(asked)/2 + left)
	return wake, pause(ctx, time.Until(wake))
}

// done waits until every scheduler has so many runs in SUCCESS.
func (s *served) done(ctx context.Context, most int) error {
	for n := range schedulers {
		for {
			failed, why, err := s.runs(ctx, nameOf(n), "FAILED", 1)
			if err != nil {
				return err
			}
			if failed > 0 {
				return fmt.Errorf("a run of %s failed: %s", nameOf(n), why)
			}
			good, _, err := s.runs(ctx, nameOf(n), "SUCCESS", most)
			if err != nil {
				return err
			}
			if good == most {
				break
			}
			if err := pause(ctx, soon); err != nil {
				return err
			}
		}
	}
	return nil
}
