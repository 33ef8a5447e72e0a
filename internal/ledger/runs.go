package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"millwright/internal/window"
)

// Windows whose outcome is decided are passed over.
const selectRuns = `SELECT w.start, w.generation, w.uploaded, w.kept, w.overdue, w.verified_at, w.sealed_at FROM windows w
	WHERE w.stream = (SELECT id FROM streams WHERE scheduler = $1 AND component = $2) AND w.start >= $3 AND w.start < $4
	AND NOT EXISTS (SELECT 1 FROM outcomes o WHERE o.scheduler = $5 AND o.start = w.start AND o.scoring <> 'awaited')`

// Runs gives what the streams that feed a scheduler have for its windows with
// from <= start < to (Unix ns), the oldest first, as far as the windows'
// outcomes are not decided. Windows that no stream knows are not among them.
func (l *Ledger) Runs(ctx context.Context, scheduler string, streams []window.ID, from, to int64) ([]window.Run, error) {
	runs := make(map[int64]*running)
	for i, s := range streams {
		rows, err := all(ctx, l.reads, scanPart, selectRuns, s.Scheduler, s.Component, from, to, scheduler)
		if err != nil {
			return nil, fmt.Errorf("list runs of %s: %w", scheduler, err)
		}
		for _, p := range rows {
			r := runs[p.start]
			if r == nil {
				r = &running{Run: window.Run{Start: p.start}, spoke: make([]bool, len(streams))}
				runs[p.start] = r
			}
			r.add(i, p)
		}
	}
	out := make([]window.Run, 0, len(runs))
	for _, r := range runs {
		for i, s := range streams {
			if !r.spoke[i] {
				r.Silent = append(r.Silent, s.Component)
			}
		}
		out = append(out, r.Run)
	}
	slices.SortFunc(out, func(a, b window.Run) int { return cmp.Compare(a.Start, b.Start) })
	return out, nil
}

// part is what one stream has for a window.
type part struct {
	start, generation, uploaded int64
	kept, overdue               bool
	verified, sealed            time.Time
}

func scanPart(scan func(...any) error) (part, error) {
	var p part
	var verified, sealed int64
	err := scan(&p.start, &p.generation, &p.uploaded, &p.kept, &p.overdue, &verified, &sealed)
	p.verified, p.sealed = at(verified), at(sealed)
	return p, err
}

type running struct {
	window.Run
	spoke []bool // by stream
}

func (r *running) add(i int, p part) {
	if p.generation == 0 && !p.kept {
		return
	}
	r.spoke[i] = true
	r.Sealed++
	r.Overdue = r.Overdue || p.overdue
	if p.uploaded == 0 && !p.kept {
		return
	}
	r.Uploaded++
	seen := p.verified
	if seen.IsZero() { // where no check is allowed
		seen = p.sealed
	}
	if seen.After(r.At) {
		r.At = seen
	}
}
