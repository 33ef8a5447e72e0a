package main

import (
	"fmt"
	"io"
	"time"

	"millwright/internal/series"
)

// report says in words what was done and what could not be used.
func (a resampleArgs) report(w io.Writer, done series.Converted, size int64, took time.Duration) error {
	mb := float64(size) / 1e6
	fmt.Fprintf(w, "%s: %s of %s to %s; %.1f MB in %.2f s, %.0f MB/s\n", nameOf(a.in),
		count(int(done.Read.Used), "row"), count(len(done.Columns), "column"), count(int(done.Resample.Bins), "bin"), mb, took.Seconds(), mb/took.Seconds())
	if done.Sorted {
		fmt.Fprintf(w, "rows were out of order by more than %d bins: the file was sorted first\n", a.reorder)
	}
	if r := done.Resample.Repeats; r.Same+r.Differing > 0 {
		fmt.Fprintf(w, "timestamps of a sensor repeated by %s (%d differ); the first was used\n", count(r.Same+r.Differing, "value"), r.Differing)
	}
	for _, s := range done.Read.Warnings {
		fmt.Fprintln(w, asFlags.Replace(s))
	}
	bad := int64(0)
	for _, n := range done.Read.Bad {
		bad += n
	}
	if bad > 0 {
		fmt.Fprintf(w, "rows or cells that could not be used: %d; the first:\n", bad)
	}
	for _, f := range done.Read.Faults {
		fmt.Fprintf(w, "  line %d%s: %s: %q\n", f.Line, columnText(f.Column), asFlags.Replace(f.Reason), f.Text)
	}
	if n := done.Resample.TooLate; n > 0 {
		fmt.Fprintf(w, "%s out of order by more than %d bins, left out; read from a file instead, or raise --reorder\n", count(n, "row"), a.reorder)
	}
	for _, c := range done.Clashes {
		fmt.Fprintln(w, asFlags.Replace(c.Reason))
	}
	if done.Read.Damage != "" {
		fmt.Fprintln(w, done.Read.Damage)
	}
	if bad > 0 || done.Resample.TooLate > 0 || len(done.Clashes) > 0 || done.Read.Damage != "" {
		return exit(exitData, nil)
	}
	return nil
}

func columnText(name string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf(", column %q", name)
}

func nameOf(in string) string {
	if in == "-" {
		return "standard input"
	}
	return in
}
