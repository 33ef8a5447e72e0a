package main

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"millwright/e2e/harness"
)

// outcome is a line of the table.
type outcome struct {
	name     string
	rate     time.Duration
	rows     int
	validate string
	windows  tally // of backfill
	training tally
	run      tally
	dropped  int // rows beside the daemon
	took     time.Duration
	faults   []string
}

func (o outcome) title() string { return o.name + " at " + period(o.rate) }

// period writes a duration as schedulers have it.
func period(d time.Duration) string {
	text := strings.ToUpper(d.String())
	text, _ = strings.CutSuffix(text, "M0S")
	if text != strings.ToUpper(d.String()) {
		text += "M"
	}
	if hours, ok := strings.CutSuffix(text, "H0M"); ok {
		text = hours + "H"
	}
	return "PT" + text
}

// tally counts objects.
type tally struct {
	done              bool
	want, equal, more int
}

func (t tally) String() string {
	switch {
	case !t.done:
		return "-"
	case t.more > 0:
		return fmt.Sprintf("%d of %d, %d more", t.equal, t.want, t.more)
	default:
		return fmt.Sprintf("%d of %d", t.equal, t.want)
	}
}

// table prints all outcomes and tells whether nothing differs.
func table(w io.Writer, all []outcome) bool {
	same := true
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "file\trate\trows\tvalidate\tbackfill windows equal\ttraining files equal\trows dropped\twindows equal\ttime")
	for _, o := range all {
		fmt.Fprintf(t, "%s\t%s\t%d\t%s\t%s\t%s\t%d\t%s\t%s\n",
			o.name, period(o.rate), o.rows, o.validate, o.windows, o.training, o.dropped, o.run, o.took.Round(100*time.Millisecond))
	}
	_ = t.Flush()
	for _, o := range all {
		for _, fault := range o.faults {
			same = false
			fmt.Fprintf(w, "%s: %s\n", o.title(), fault)
		}
	}
	if same {
		fmt.Fprintln(w, "nothing differs")
	}
	return same
}

// compare holds a bucket against what is wanted: a tally, and the first
// difference in words, "" when there is none.
func compare(s *stage, b *harness.Bucket, want map[string][]byte) (tally, string) {
	t := tally{done: true, want: len(want)}
	got, err := b.List(s.ctx)
	if err != nil {
		return t, "list the bucket: " + err.Error()
	}
	first := ""
	tell := func(format string, args ...any) {
		if first == "" {
			first = fmt.Sprintf(format, args...)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		etag, there := got[key]
		if !there {
			tell("%s is missing", key)
			continue
		}
		if sum := md5.Sum(want[key]); etag == hex.EncodeToString(sum[:]) {
			t.equal++
			continue
		}
		text, err := b.Get(s.ctx, key) // objects in parts have other ETags
		switch {
		case err != nil:
			tell("%s: %s", key, err)
		case bytes.Equal(text, want[key]):
			t.equal++
		default:
			tell("%s differs in %s", key, differing(string(text), string(want[key])))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(got)) {
		if _, wanted := want[key]; !wanted {
			t.more++
			tell("%s should not be there", key)
		}
	}
	return t, first
}

func differing(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(a), len(b)) {
		x, y := "(no line)", "(no line)"
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			return fmt.Sprintf("line %d:\n   got %s\n  want %s", i+1, x, y)
		}
	}
	return "nothing"
}
