package validate

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// problem is why somebody has to do something.
type problem int

const (
	hopelessFile problem = iota
	unreadableFile
	refusedFile
	numberless
	damagedFile
	nameClash
	faultyCell
	absentComponent
	lateWindow
	failingRun
)

// said is a problem in words: of one, of many.
func (p problem) said(n int) string {
	words := [...][2]string{
		hopelessFile:    {"hopeless file", "hopeless files"},
		unreadableFile:  {"unreadable file", "unreadable files"},
		refusedFile:     {"file refused", "files refused"},
		numberless:      {"file without a number", "files without a number"},
		damagedFile:     {"damaged file", "damaged files"},
		nameClash:       {"name clash", "name clashes"},
		faultyCell:      {"fault", "faults"},
		absentComponent: {"window with a component missing", "windows with a component missing"},
		lateWindow:      {"window late", "windows late"},
		failingRun:      {"run that fails", "runs that fail"},
	}[p]
	if n == 1 {
		return "1 " + words[0]
	}
	return fmt.Sprintf("%d %s", n, words[1])
}

// problems are why somebody has to do something about the file, and how often.
// Neither duplicates, rows out of order nor a text column beside numbers are
// among them, all of which are dealt with.
func (f *File) problems() map[problem]int {
	found := map[problem]int{}
	switch f.State {
	case Hopeless:
		found[hopelessFile] = 1
	case Unreadable:
		found[unreadableFile] = 1
	case Refused:
		found[refusedFile] = 1
	case Usable:
		if f.Values == 0 {
			found[numberless] = 1 // it is taken, and nothing comes of it
		}
	}
	if f.Damage != "" {
		found[damagedFile] = 1
	}
	found[nameClash] = len(f.Clashes)
	found[faultyCell] = int(f.FaultCount)
	maps.DeleteFunc(found, func(_ problem, n int) bool { return n == 0 })
	return found
}

// problems are what goes wrong at wake-ups, and how often.
func (s *Scheduler) problems() map[problem]int {
	found := map[problem]int{
		absentComponent: s.Verdicts[Missing],
		lateWindow:      s.Verdicts[Late] + s.Verdicts[PartlyLate],
		failingRun:      s.Fails,
	}
	maps.DeleteFunc(found, func(_ problem, n int) bool { return n == 0 })
	return found
}

// conclude says whether something has to be done. Grades alone are no problem of
// the data's form.
func (r *Report) conclude() {
	found, faulty := map[problem]int{}, 0
	add := func(more map[problem]int) {
		for p, n := range more {
			found[p] += n
		}
	}
	for _, f := range r.Files {
		add(f.problems())
		if f.FaultCount > 0 {
			faulty++
		}
	}
	for i := range r.Schedulers {
		add(r.Schedulers[i].problems())
	}
	r.Problems = []string{}
	for _, p := range slices.Sorted(maps.Keys(found)) {
		text := p.said(found[p])
		if p == faultyCell {
			text += " in " + plural(faulty, "file")
		}
		r.Problems = append(r.Problems, text)
	}
	whole := slices.ContainsFunc(r.Files, func(f *File) bool { return !f.Grown && !f.Arrival.IsZero() })
	if found[lateWindow] > 0 && whole {
		r.Notes = append(r.Notes, "every file is taken to arrive once, whole, unless --arrival mtime shows that it grew: of one that does, rows come earlier than said here")
	}
	of := plural(len(r.Files), "file")
	switch {
	case len(r.Files) == 0:
		r.Verdict = "no files: name CSV files, or folders with files that match drops.include"
	case len(found) > 0:
		r.Verdict = fmt.Sprintf("problems in %s: %s", of, strings.Join(r.Problems, ", "))
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
