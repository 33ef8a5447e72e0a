//go:build !agent

package main

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"millwright/inference/detect"
	"millwright/inference/detect/files"
	"millwright/inference/detect/frame"
)

// complete is an error that has been told of already where rows of a file are lost.
func complete(cutOff bool) error {
	if cutOff {
		return exit(exitData, nil)
	}
	return nil
}

// met is what there was to score.
type met struct {
	rate        time.Duration
	first, last int64 // labels, Unix ns
	rows        int
	steps       map[int64]int // rates from one row to the next: how often
	results     int
}

func (d *met) add(label int64) {
	if d.rows++; d.rows == 1 {
		d.first, d.steps = label, map[int64]int{}
	} else {
		d.steps[(label-d.last)/int64(d.rate)]++
	}
	d.last = label
}

// step is how far apart rows are that follow one another, the median.
func (d *met) step() time.Duration {
	n := 0
	for _, rates := range slices.Sorted(maps.Keys(d.steps)) {
		if n += d.steps[rates]; 2*n >= d.rows {
			return time.Duration(rates) * d.rate
		}
	}
	return 0
}

// none says why there is no result.
func (d *met) none(from, to int64) error {
	switch {
	case d.results > 0:
		return nil
	case d.rows == 0:
		return errors.New("--data: no row of the model's sensors in it")
	}
	ends := ""
	if from > math.MinInt64 {
		ends += " from " + utc(from) + " on"
	}
	if to < math.MaxInt64 {
		ends += " before " + utc(to)
	}
	return fmt.Errorf("no row%s: those of --data go from %s to %s", ends, utc(d.first), utc(d.last))
}

// sparse says that rows are farther apart than those of the history, "" where they are not.
func (d *met) sparse(m *detect.Model) string {
	learnt := m.Interval()
	if step := d.step(); 2*step > 3*learnt {
		return fmt.Sprintf("the files have a row every %s, the model was trained on one every %s: the results are not to be relied on, score rows as close, or train with --rate and rows like these",
			tidy(step), tidy(learnt))
	}
	return ""
}

// strangers says that data has nothing to do with a model.
func strangers(m *detect.Model, src *files.Source, paths []string) error {
	if len(src.Missing()) < len(m.Columns()) {
		return nil
	}
	list, _, err := files.Find(paths)
	if err != nil {
		return err
	}
	return fmt.Errorf("no sensor of the model is in --data, such as %s: the model's components are %s, those of the files %s (a file's or folder's name is its component)",
		few(m.Columns(), frame.Name.String),
		few(m.Columns(), func(n frame.Name) string { return n.Component }), few(list, func(f files.File) string { return f.Component }))
}

// few names the first of the different names that things have.
func few[T any](things []T, name func(T) string) string {
	var names []string
	for _, t := range things {
		if n := name(t); !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return files.Few(names)
}

func utc(ns int64) string { return time.Unix(0, ns).UTC().Format(time.RFC3339) }

// tidy writes a duration without the zeros at its end.
func tidy(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
