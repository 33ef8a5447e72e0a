//go:build !agent

package main

import (
	"fmt"
	"math"
	"time"

	"github.com/spf13/pflag"

	"millwright/inference/detect/files"
)

// periodArgs are a stretch of time as typed.
type periodArgs struct{ from, to string }

func (p *periodArgs) flags(f *pflag.FlagSet, from, to string) {
	f.StringVar(&p.from, "from", "", from)
	f.StringVar(&p.to, "to", "", to)
}

// ends are from <= t < to, in Unix ns; all of time where nothing was said. Instants that
// name no zone are in zone.
func (p *periodArgs) ends(zone *time.Location) (from, to int64, err error) {
	from, to = math.MinInt64, math.MaxInt64
	for _, end := range []struct {
		flag, text string
		at         *int64
	}{{"--from", p.from, &from}, {"--to", p.to, &to}} {
		if end.text == "" {
			continue
		}
		t, err := files.ParseStamp(end.text, zone)
		if err != nil {
			return 0, 0, fmt.Errorf("%s: %w", end.flag, err)
		}
		*end.at = t
	}
	if from >= to {
		return 0, 0, fmt.Errorf("--from %s is not before --to %s", p.from, p.to)
	}
	return from, to, nil
}

// day is how far ahead of this machine's clock rows may be without a word.
const day = 24 * time.Hour

// meets tells whether the files have rows in from <= t < to.
func meets(src *files.Source, from, to int64) error {
	first, last := src.Span()
	if first > last || from <= last && to > first {
		return nil
	}
	return fmt.Errorf("no row is between --from and --to: those of --data are of %s to %s", stampOf(first), stampOf(last))
}

func stampOf(ns int64) string { return time.Unix(0, ns).UTC().Format(time.RFC3339) }
