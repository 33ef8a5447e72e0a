package starter

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"millwright/internal/window"
)

// fromInputs takes over names, and columns and offset from the newest object of
// each component.
func (s *Starter) fromInputs(ctx context.Context, b Bucket, bucket string, f found, frequency time.Duration) error {
	if len(f.inputs) == 0 {
		s.note("no window's object was found in s3://%s", bucket)
		return nil
	}
	if len(f.inputs) > 1 {
		s.note("inputs of more than one kind were found in s3://%s, none was taken over: give the prefix of one scheduler", bucket)
		return nil
	}
	for fam, components := range f.inputs {
		if !s.InputKnown {
			s.InputBucket, s.InputPrefix, s.InputKnown = bucket, fam.prefix, true
		}
		if s.Format == "" {
			s.Format = string(fam.format)
		}
		if s.Delimiter == nil {
			s.Delimiter = &fam.delimiter
		}
		names := slices.Sorted(maps.Keys(components))
		if s.Components == nil {
			s.Components = names
		}
		for _, component := range names {
			if err := s.fromInput(ctx, b, bucket, fam, component, slices.Max(components[component]), frequency); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Starter) fromInput(ctx context.Context, b Bucket, bucket string, fam family, component string, start int64, frequency time.Duration) error {
	key := window.Naming{Prefix: fam.prefix, Delimiter: fam.delimiter, Format: fam.format}.Key(component, start)
	body, _, err := b.Get(ctx, bucket, key, maxObject)
	if err != nil {
		return fmt.Errorf("read s3://%s/%s: %w", bucket, key, err)
	}
	lines := strings.SplitN(strings.TrimPrefix(string(body), "\uFEFF"), "\n", 3)
	columns := strings.Split(strings.TrimRight(lines[0], "\r"), ",")[1:]
	legal := regexp.MustCompile(`^[0-9A-Za-z:#$._-]{1,200}$`)
	switch {
	case len(s.Schema[component]) > 0:
	case len(columns) == 0 || slices.ContainsFunc(columns, func(c string) bool { return !legal.MatchString(c) }):
		s.note("the columns of s3://%s/%s are not all sensor names, so they were not taken over", bucket, key)
	default:
		if s.Schema == nil {
			s.Schema = map[string][]string{}
		}
		s.Schema[component] = columns
	}
	switch {
	case s.Offset != "":
	case fam.format == window.FormatEpoch:
		s.Offset = window.FormatOffset(0)
	case len(lines) > 1 && frequency > 0:
		row, _, _ := strings.Cut(lines[1], ",")
		if t, err := time.Parse("2006-01-02T15:04:05", row); err == nil {
			s.Offset = offset(start, t.UnixNano(), frequency)
		}
	}
	return nil
}

// offset is the only half hour by which the stamp of a name can differ from the
// window of a row in it; empty when there are several.
func offset(stamp, row int64, frequency time.Duration) string {
	const half = int64(30 * time.Minute)
	least := stamp - row
	first := least - least%half
	if first < least {
		first += half
	}
	if first > least+int64(frequency) || first+half <= least+int64(frequency) {
		return ""
	}
	return window.FormatOffset(time.Duration(first))
}

// fromOutputs takes over the output's prefix, and the rate from the newest result.
func (s *Starter) fromOutputs(ctx context.Context, b Bucket, bucket string, f found) error {
	if len(f.outputs) > 1 {
		s.note("results below more than one prefix were found in s3://%s, none was taken over: give the prefix of one scheduler", bucket)
	}
	if len(f.outputs) != 1 {
		return nil
	}
	for prefix, starts := range f.outputs {
		if !s.OutputKnown {
			s.OutputBucket, s.OutputPrefix, s.OutputKnown = bucket, prefix, true
		}
		if s.Rate != "" {
			return nil
		}
		key := window.ResultKey(prefix, slices.Max(starts))
		body, _, err := b.Get(ctx, bucket, key, maxObject)
		if err != nil {
			return fmt.Errorf("read s3://%s/%s: %w", bucket, key, err)
		}
		s.Rate = rate(string(body))
	}
	return nil
}

// rate is the distance of a result's lines if it is the same throughout; empty
// when there are too few.
func rate(body string) string {
	var last time.Time
	var step time.Duration
	for i, line := range strings.Split(strings.TrimSpace(body), "\n") {
		var row struct {
			Timestamp string `json:"timestamp"`
		}
		if json.Unmarshal([]byte(line), &row) != nil {
			return ""
		}
		t, err := time.Parse("2006-01-02T15:04:05", row.Timestamp)
		if err != nil || i > 1 && t.Sub(last) != step {
			return ""
		}
		if i > 0 {
			step = t.Sub(last)
		}
		last = t
	}
	if !slices.Contains(window.Rates(), step) {
		return ""
	}
	return window.FormatDuration(step)
}
