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
		say(w, "%s s3://%s/%s: %d rows, %d bytes\n", o.State, o.Bucket, o.Key, o.Rows, o.Bytes)
	}
	printFiles(w, s)
	if len(s.Differences) > 0 {
		say(w, "%d objects of other content were left alone; if the new ones are right, run again with --replace:\n", len(s.Differences))
		for _, d := range s.Differences {
			say(w, "  %s\n", d)
		}
	}
	for _, n := range s.Notes {
		say(w, "%s\n", n)
	}
	r := s.Rows
	say(w, "%d files, %d rows; not used: %d bad, %d ambiguous, %d ahead of the clock, %d outside; %d cells unreadable; %d values repeated, %d the same\n",
		len(s.Files), r.Read, r.Bad+r.TooLate, r.Ambiguous, r.Ahead, r.Outside, r.BadCells, r.Repeated, r.Same)
	if v := s.Windows; v != nil {
		say(w, "%d windows with a file (%d of held values only), %d with nothing to say, %d left to the daemon, %d not wholly between --from and --to\n",
			v.Sealed, v.HeldOnly, v.Silent, v.Ahead, v.Outside)
	}
	done := "sent"
	if s.DryRun {
		done = "would be sent"
	}
	say(w, "%d objects %s, %d were there already; %d rows, %d bytes in all; %.1f s\n", s.Coming(), done, s.Objects.Adopted, s.Objects.Rows, s.Objects.Bytes, s.Seconds)
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
		say(w, "%d files and %d of the first faults in them in all; see them with --json\n", files, faults)
	}
}
