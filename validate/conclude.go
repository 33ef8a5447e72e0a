package validate

import (
	"fmt"
	"strings"
)

// conclude says whether something has to be done. Grades alone are no problem of
// the data's form; neither are duplicates, rows out of order and text columns,
// all of which are dealt with.
func (r *Report) conclude() {
	var found []string
	say := func(n int, one, many string) {
		switch {
		case n == 1:
			found = append(found, "1 "+one)
		case n > 1:
			found = append(found, fmt.Sprintf("%d %s", n, many))
		}
	}
	states := map[State]int{}
	faults, faulty, damaged, clashes, texts := 0, 0, 0, 0, 0
	for _, f := range r.Files {
		states[f.State]++
		faults += int(f.FaultCount)
		clashes += len(f.Clashes)
		if f.FaultCount > 0 {
			faulty++
		}
		if f.Damage != "" {
			damaged++
		}
		if f.textOnly() {
			texts++
		}
	}
	say(states[Hopeless], "hopeless file", "hopeless files")
	say(states[Unreadable], "unreadable file", "unreadable files")
	say(states[Refused], "file refused", "files refused")
	say(texts, "file without a column of numbers", "files without a column of numbers")
	say(damaged, "damaged file", "damaged files")
	say(clashes, "name clash", "name clashes")
	if faults > 0 {
		say(faults, "fault", "faults")
		found[len(found)-1] += fmt.Sprintf(" in %s", plural(faulty, "file"))
	}
	fails, late, absent := 0, 0, 0
	for _, s := range r.Schedulers {
		fails += s.Fails
		late += s.Verdicts[Late] + s.Verdicts[PartlyLate]
		absent += s.Verdicts[Missing]
	}
	say(absent, "window with a component missing", "windows with a component missing")
	say(late, "window late", "windows late")
	say(fails, "run that fails", "runs that fail")
	if late > 0 {
		r.Notes = append(r.Notes, "every file is taken to arrive once, whole; of a file that grows while it is read rows come earlier than said here")
	}
	of := plural(len(r.Files), "file")
	switch {
	case len(r.Files) == 0:
		r.Verdict = "no files: name CSV files, or folders with files that match drops.include"
	case len(found) > 0:
		r.Verdict = fmt.Sprintf("problems in %s: %s", of, strings.Join(found, ", "))
	default:
		r.Clean, r.Verdict = true, "clean: "+of
	}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
