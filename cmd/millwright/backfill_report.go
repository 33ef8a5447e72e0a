package main

import (
	"fmt"
	"io"

	"millwright/backfill"
)

// Lists in the summary for people are cut at so many lines; --json has all.
const (
	listedFaults = 20
	listedFiles  = 50
)

// printBackfill writes the summary for people.
func printBackfill(w io.Writer, s *backfill.Summary) {
	for _, o := range s.List {
		say(w, "%s s3://%s/%s: %s, %s\n", o.State, o.Bucket, o.Key, count(o.Rows, "row"), count(o.Bytes, "byte"))
	}
	printFiles(w, s)
	if len(s.Differences) > 0 {
		say(w, "left alone, since their content is another: %s; if the new ones are right, run again with --replace:\n", count(len(s.Differences), "object"))
		for _, d := range s.Differences {
			say(w, "  %s\n", d)
		}
	}
	for _, n := range s.Notes {
		say(w, "%s\n", n)
	}
	r := s.Rows
	say(w, "%s, %s; not used: %d bad, %d ambiguous, %d ahead of the clock, %d outside; %s unreadable; %s repeated, %d the same\n",
		count(len(s.Files), "file"), count(r.Read, "row"), r.Bad+r.TooLate, r.Ambiguous, r.Ahead, r.Outside, count(r.BadCells, "cell"), count(r.Repeated, "value"), r.Same)
	if v := s.Windows; v != nil {
		say(w, "%s with a file (%d of held values only), %d with nothing to say, %d left to the daemon, %d not wholly between --from and --to\n",
			count(v.Sealed, "window"), v.HeldOnly, v.Silent, v.Ahead, v.Outside)
	}
	done := "sent"
	if s.DryRun {
		done = "would be sent"
	}
	say(w, "%s %s, %d there already; %s, %s in all; %.1f s\n", count(s.Coming(), "object"), done, s.Objects.Adopted, count(s.Objects.Rows, "row"), count(s.Objects.Bytes, "byte"), s.Seconds)
}

func printFiles(w io.Writer, s *backfill.Summary) {
	files, faults := 0, 0
	for _, f := range append(s.Skipped, s.Files...) {
		if f.Reason == "" && len(f.Faults) == 0 {
			continue
		}
		if files++; files > listedFiles {
			continue
		}
		say(w, "%s: %s", f.Path, f.State)
		if f.Reason != "" {
			say(w, ": %s", f.Reason)
		}
		fmt.Fprintln(w)
		for _, x := range f.Faults {
			if faults++; faults <= listedFaults {
				say(w, "  %s:%d%s: %s: %q\n", f.Path, x.Line, columnText(x.Column), x.Reason, x.Text)
			}
		}
	}
	if files > listedFiles || faults > listedFaults {
		say(w, "%s and %s among the first in them in all; see them with --json\n", count(files, "file"), count(faults, "fault"))
	}
}
