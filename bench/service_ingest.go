package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ingestion is of BENCH_GB, by a service that does nothing else.
func ingestion(ctx context.Context, b *bench) (text string, err error) {
	if !has(ctx, full, "serve") {
		return "", errNotHere
	}
	if err := b.fresh(); err != nil {
		return "", err
	}
	first, err := b.serve(ctx, "")
	if err != nil {
		return "", err
	}
	prefix, err := first.keepBig(ctx, b)
	if _, stopErr := first.stop(); err != nil || stopErr != nil {
		return "", errors.Join(err, stopErr)
	}
	s, err := b.serve(ctx, "") // whose peak is the ingestion's
	if err != nil {
		return "", err
	}
	defer s.stop() //nolint:errcheck // what it does is over
	before, err := s.cpu()
	if err != nil {
		return "", err
	}
	begun := time.Now()
	is, err := s.ingest(ctx, "big", prefix)
	if err != nil {
		return "", err
	}
	took := time.Since(begun)
	after, err := s.cpu()
	if err != nil {
		return "", err
	}
	c, err := s.stop()
	if err == nil {
		err = b.fresh()
	}
	return fmt.Sprintf("%.0f s (CPU %.0f s, resident %s; %.2f GB, %.0f MB/s)",
		took.Seconds(), (after - before).Seconds(), mib(c.resident), float64(is.IngestedDataSize)/1e9, float64(is.IngestedDataSize)/1e6/took.Seconds()), err
}
