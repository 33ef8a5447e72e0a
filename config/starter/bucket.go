package starter

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"millwright/internal/objstore"
	"millwright/internal/window"
)

// Bucket is the part of objstore.Client that reading existing objects needs.
type Bucket interface {
	List(ctx context.Context, bucket, prefix, startAfter string, fn func(page []objstore.Info) (bool, error)) error
	Get(ctx context.Context, bucket, key string, limit int64) ([]byte, objstore.Info, error)
}

var _ Bucket = (*objstore.Client)(nil)

const (
	enough    = 2000     // keys of one component and year, after which the next is looked at
	maxPasses = 300      // such steps
	maxObject = 64 << 20 // bytes; the service takes 60 MB
)

// family is how a group of inputs is named.
type family struct {
	prefix, delimiter string
	format            window.Format
}

// found is what a listing shows.
type found struct {
	inputs  map[family]map[string][]int64 // starts by component, taking the names' stamps for UTC
	outputs map[string][]int64            // starts by prefix
}

// ParseURL takes bucket and prefix out of s3://bucket/prefix/.
func ParseURL(url string) (bucket, prefix string, err error) {
	rest, ok := strings.CutPrefix(url, "s3://")
	bucket, prefix, _ = strings.Cut(rest, "/")
	if !ok || bucket == "" {
		return "", "", fmt.Errorf("read %q: write s3://bucket/prefix/", url)
	}
	return bucket, prefix, nil
}

// FromBucket takes over what existing inputs and results tell. What was known
// before stays as it is.
func (s *Starter) FromBucket(ctx context.Context, b Bucket, bucket, prefix string) error {
	f := found{inputs: map[family]map[string][]int64{}, outputs: map[string][]int64{}}
	if err := f.list(ctx, b, bucket, prefix); err != nil {
		return err
	}
	frequency := f.frequency()
	if s.Frequency == "" && frequency > 0 {
		s.Frequency = window.FormatDuration(frequency)
	}
	if err := s.fromInputs(ctx, b, bucket, f, frequency); err != nil {
		return err
	}
	return s.fromOutputs(ctx, b, bucket, f)
}

// list goes through the keys and skips the rest of a year that has shown enough.
func (f *found) list(ctx context.Context, b Bucket, bucket, prefix string) error {
	after := ""
	for range maxPasses {
		seen, skip := map[string]int{}, ""
		err := b.List(ctx, bucket, prefix, after, func(page []objstore.Info) (bool, error) {
			for _, o := range page {
				if year := f.add(o.Key); year != "" {
					if seen[year]++; seen[year] >= enough {
						skip = year + ":" // sorts after all digits
						return false, nil
					}
				}
			}
			return true, nil
		})
		if err != nil {
			return fmt.Errorf("list s3://%s/%s: %w", bucket, prefix, err)
		}
		if skip == "" {
			return nil
		}
		after = skip
	}
	return nil
}

// add sorts a key in and gives what it shares with others of its component and
// year (for seconds: about three years); "" for keys of other kinds.
func (f *found) add(key string) (year string) {
	if m := regexp.MustCompile(`^(?s)(.*/|)[^/]+Z/results\.jsonl$`).FindStringSubmatch(key); m != nil {
		if start, err := window.ParseResultKey(m[1], key); err == nil {
			f.outputs[m[1]] = append(f.outputs[m[1]], start)
			return key[:len(m[1])+4]
		}
	}
	m := regexp.MustCompile(`^(?s)(.*/|)([0-9A-Za-z._-]+?)([-_ ]?)([0-9]{4}(?:-[0-9]{2}){5}|[0-9]{14}|[0-9]{10})\.csv$`).FindStringSubmatch(key)
	if m == nil {
		return ""
	}
	formats := map[int]window.Format{10: window.FormatEpoch, 14: window.FormatCompact, 19: window.FormatDashed}
	fam := family{prefix: m[1], delimiter: m[3], format: formats[len(m[4])]}
	n := window.Naming{Prefix: fam.prefix, Delimiter: fam.delimiter, Format: fam.format}
	component, start, err := n.Parse(key, nil)
	if err != nil {
		return ""
	}
	if f.inputs[fam] == nil {
		f.inputs[fam] = map[string][]int64{}
	}
	f.inputs[fam][component] = append(f.inputs[fam][component], start)
	head := len(m[1]) + len(m[2]) + len(m[3])
	if fam.format == window.FormatEpoch {
		return key[:head+2]
	}
	return key[:head+4]
}

// frequency is the step between windows when at least three results, else
// inputs, show the same one; 0 when it stays open.
func (f *found) frequency() time.Duration {
	if len(f.outputs) == 1 {
		for _, starts := range f.outputs {
			if d := step(starts); d > 0 {
				return d
			}
		}
	}
	var all time.Duration
	for _, components := range f.inputs {
		for _, starts := range components {
			d := step(starts)
			if d == 0 || all != 0 && d != all {
				return 0
			}
			all = d
		}
	}
	return all
}

// step is the smallest distance of neighbours, if it occurs twice, all others
// are multiples of it, and it is a frequency on whose grid they lie; else 0.
func step(starts []int64) time.Duration {
	starts = slices.Clone(starts)
	slices.Sort(starts)
	starts = slices.Compact(starts)
	var gaps []time.Duration
	for i := 1; i < len(starts); i++ {
		gaps = append(gaps, time.Duration(starts[i]-starts[i-1]))
	}
	if len(gaps) < 2 {
		return 0
	}
	least, times := slices.Min(gaps), 0
	for _, g := range gaps {
		if g%least != 0 {
			return 0
		}
		if g == least {
			times++
		}
	}
	if times < 2 || !slices.Contains(window.Frequencies(), least) {
		return 0
	}
	// Names may be shifted by half hours.
	grid := int64(min(least, 30*time.Minute))
	if slices.ContainsFunc(starts, func(s int64) bool { return s%grid != 0 }) {
		return 0
	}
	return least
}
