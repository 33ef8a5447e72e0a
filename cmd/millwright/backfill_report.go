package main

import (
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
		tell(w, "", "%s s3://%s/%s: %s, %s", o.State, o.Bucket, o.Key, count(o.Rows, "row"), count(o.Bytes, "byte"))
	}
	printFiles(w, s)
	if len(s.Differences) > 0 {
		tell(w, "", "left alone, since their content is another: %s; if the new ones are right, run again with --replace:", count(len(s.Differences), "object"))
		for _, d := range s.Differences {
			tell(w, "  ", "%s", d)
		}
	}
	for _, n := range s.Notes {
		tell(w, "", "%s", n)
	}
	r := s.Rows
	tell(w, "", "%s, %s; not used: %d bad, %d ambiguous, %d ahead of the clock, %d outside; %s unreadable; %s repeated, %d the same",
		count(len(s.Files), "file"), count(r.Read, "row"), r.Bad+r.TooLate, r.Ambiguous, r.Ahead, r.Outside, count(r.BadCells, "cell"), count(r.Repeated, "value"), r.Same)
	if v := s.Windows; v != nil {
		tell(w, "", "%s with a file (%d of held values only), %d with nothing to say, %d left to the daemon, %d not wholly between --from and --to",
			count(v.Sealed, "window"), v.HeldOnly, v.Silent, v.Ahead, v.Outside)
	}
	done := "sent"
	if s.DryRun {
		done = "would be sent"
	}
	tell(w, "", "%s %s, %d there already; %s, %s in all; %.1f s", count(s.Coming(), "object"), done, s.Objects.Adopted, count(s.Objects.Rows, "row"), count(s.Objects.Bytes, "byte"), s.Seconds)
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
		text := whole(f.Path) + ": " + string(f.State)
		if f.Reason != "" {
			text += ": " + f.Reason
		}
		tell(w, "", "%s", text)
		for _, x := range f.Faults {
			if faults++; faults <= listedFaults {
				tell(w, "  ", "%s:%d%s: %s: %q", whole(f.Path), x.Line, columnText(x.Column), x.Reason, x.Text)
			}
		}
	}
	if files > listedFiles || faults > listedFaults {
		tell(w, "", "%s and %s among the first in them in all; see them with --json", count(files, "file"), count(faults, "fault"))
	}
}
