package status

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"millwright/config"
	"millwright/ingest/seal"
	"millwright/internal/drop"
	"millwright/internal/ledger"
	"millwright/internal/window"
)

// Drop is what became of one version of a file.
type Drop struct {
	Path      string      `json:"path"`
	Version   int64       `json:"version"`
	Component string      `json:"component,omitempty"`
	State     drop.State  `json:"state"`
	Why       string      `json:"why"`
	TakenAt   time.Time   `json:"taken_at,omitzero"`
	First     time.Time   `json:"first_row,omitzero"`
	Last      time.Time   `json:"last_row,omitzero"`
	Counts    drop.Counts `json:"counts"`
	Windows   []Window    `json:"windows,omitempty"`
}

// Window is what became of one component's window.
type Window struct {
	Scheduler  string    `json:"scheduler"`
	Component  string    `json:"component"`
	Start      time.Time `json:"start"`
	End        time.Time `json:"end"`
	Wake       time.Time `json:"wake_up"`
	State      string    `json:"state"`
	Why        string    `json:"why"`
	Remedy     string    `json:"remedy,omitempty"`
	Generation int64     `json:"generation"`
	Verified   int64     `json:"verified_generation"`
	Bucket     string    `json:"bucket,omitempty"`
	Key        string    `json:"key,omitempty"`
	Size       int64     `json:"size,omitempty"`
	RealRows   int64     `json:"real_rows"`
	LateRows   int64     `json:"late_rows"`
	Result     *Result   `json:"result,omitempty"` // nil: its wake-up is ahead, or results are not fetched
}

// Result is what became of the run that read a window.
type Result struct {
	State     window.Scoring `json:"state"`
	Why       string         `json:"why,omitempty"`
	Remedy    string         `json:"remedy,omitempty"`
	Since     time.Time      `json:"since"`
	Rows      int64          `json:"rows"`
	Anomalous int64          `json:"anomalous"`
	Peak      *float64       `json:"peak,omitempty"`
	Path      string         `json:"path,omitempty"` // of the file on site; empty when it is pruned
}

// WhyDrop tells what became of the file at an absolute path, every version of
// it, the newest first; for a file that was never heard of, why that may be.
func (src Source) WhyDrop(ctx context.Context, path string, now time.Time) ([]Drop, error) {
	drops, err := src.Ledger.Drops(ctx, ledger.DropFilter{Path: path})
	if err != nil {
		return nil, err
	}
	var out []Drop
	for _, d := range drops {
		w := Drop{
			Path: path, Version: d.Version, Component: d.Component, State: d.State, Why: fate(d), TakenAt: d.TakenAt,
			First: at(d.First), Last: at(d.Last), Counts: d.Counts,
		}
		if d.ID != 0 {
			if w.Windows, err = src.dropWindows(ctx, d.ID, now); err != nil {
				return nil, err
			}
		}
		out = append(out, w)
	}
	if len(out) == 0 {
		out = append(out, Drop{Path: path, State: "unknown", Why: unheard(src.Config, path)})
	}
	return out, nil
}

func (src Source) dropWindows(ctx context.Context, id int64, now time.Time) ([]Window, error) {
	ids, err := src.Ledger.DropWindows(ctx, id)
	if err != nil {
		return nil, err
	}
	var out []Window
	for _, id := range ids {
		r, ok, err := src.Ledger.Window(ctx, id)
		if err != nil {
			return nil, err
		}
		if st, known := src.stream(id); ok && known {
			out = append(out, describe(st, r, now))
		}
	}
	return out, nil
}

// fate says in words what a drop's state means.
func fate(d drop.Drop) string {
	settled := "all rows are accounted for"
	if d.Counts.Rows == 0 { // empty, of no use, or seen before
		settled = "nothing of it had to be taken"
	}
	switch d.State {
	case drop.Refused:
		return "not taken: " + d.Reason
	case drop.Quarantined:
		return "no row could be used: " + d.Reason
	case drop.Archived:
		return settled + "; the file is " + d.Reason
	case drop.Deleted:
		return strings.TrimSuffix(settled+"; the file was deleted; "+d.Reason, "; ")
	}
	text := "taken"
	if d.State == drop.Repeat {
		text = "nothing new in it"
	}
	if d.Reason != "" {
		text += ": " + d.Reason
	}
	if d.Counts.Late > 0 {
		text += "; " + count(d.Counts.Late, "row is", "rows are") + " in late/ and in no window"
	}
	if d.Counts.Open > 0 {
		text += "; " + count(d.Counts.Open, "row is durable and waits for its window", "rows are durable and wait for their windows")
	}
	if d.Counts.Older > 0 && !strings.Contains(d.Reason, "too old") {
		text += fmt.Sprintf("; %s older than the agent takes, left in the file; to upload them: %s", count(d.Counts.Older, "row", "rows"), d.Backfill())
	}
	return text
}

// unheard says why the daemon may not know a file.
func unheard(cfg *config.Config, path string) string {
	var folder *config.Drop
	for i := range cfg.Drops {
		if rel, err := filepath.Rel(cfg.Drops[i].Path, path); err == nil && rel != ".." && !strings.HasPrefix(rel, "../") {
			folder = &cfg.Drops[i]
		}
	}
	if folder == nil {
		return "it is below none of the drop folders: move it there, or add its folder to drops"
	}
	st, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file, and none of that name was ever taken"
	case err != nil:
		return err.Error()
	case st.Mode()&fs.ModeSymlink != 0:
		return "it is a symbolic link, and those are not followed: copy the file itself"
	case !st.Mode().IsRegular():
		return "it is no regular file"
	}
	for _, pattern := range folder.Include {
		if ok, _ := filepath.Match(strings.ToLower(pattern), strings.ToLower(filepath.Base(path))); ok {
			return fmt.Sprintf("it is not taken yet: it may not be complete (rule %s), the daemon waits a minute for a usable row, or has not looked since, or holds drops back (see 'millwright status')", folder.Complete.Rule)
		}
	}
	return fmt.Sprintf("its name fits none of the patterns %s", strings.Join(folder.Include, " "))
}

// WhyWindow tells what became of the windows that hold the instant t, one for
// each component of each scheduler.
func (src Source) WhyWindow(ctx context.Context, t, now time.Time) ([]Window, error) {
	var out []Window
	for _, st := range src.Streams {
		id := window.ID{Scheduler: st.Scheduler, Component: st.Component, Start: st.Cadence.Start(t.UnixNano())}
		r, _, err := src.Ledger.Window(ctx, id)
		if err != nil {
			return nil, err
		}
		r.ID = id
		w := describe(st, r, now)
		if w.State == "unknown" {
			if err := waiting(ctx, src.Ledger, st, &w); err != nil {
				return nil, err
			}
		}
		if w.Result, err = src.result(ctx, id); err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}

// result is what became of the run of a window, nil if nothing is known of it.
func (src Source) result(ctx context.Context, id window.ID) (*Result, error) {
	found, err := src.Ledger.Outcomes(ctx, ledger.OutcomeFilter{Scheduler: id.Scheduler, From: id.Start, To: id.Start + 1})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	o := found[0]
	r := &Result{State: o.Scoring, Why: o.Reason, Remedy: o.Remedy, Since: o.At, Rows: o.Rows, Anomalous: o.Anomalous, Peak: o.Highest()}
	switch {
	case o.Pruned():
		r.Why = window.PrunedReason
	case o.Path != "":
		r.Path = filepath.Join(src.Config.StateDir, filepath.FromSlash(o.Path))
	}
	return r, nil
}

// waiting corrects what is said of a window that was never sealed but has rows:
// they came after its wake-up.
func waiting(ctx context.Context, led *ledger.Ledger, st seal.Stream, w *Window) error {
	from, to := st.Cadence.Slots(w.Start.UnixNano())
	blocks, err := led.Blocks(ctx, st.Component, from, to)
	if err != nil || len(blocks) == 0 {
		return err
	}
	var rows int64
	for _, b := range blocks {
		rows += b.Rows
	}
	w.State, w.Remedy = "overdue", "nothing to do: it is uploaded, but not scored; a larger delay offset gives files more time"
	w.Why = fmt.Sprintf("%s of its time came after the wake-up; it is sealed when no more have come for %s", count(rows, "row", "rows"), st.Cadence.Frequency)
	return nil
}

func (src Source) stream(id window.ID) (seal.Stream, bool) {
	for _, st := range src.Streams {
		if st.Scheduler == id.Scheduler && st.Component == id.Component {
			return st, true
		}
	}
	return seal.Stream{}, false
}

// describe says in words where a window is on its way, and why.
func describe(st seal.Stream, r window.Record, now time.Time) Window {
	w := Window{
		Scheduler: r.Scheduler, Component: r.Component, Start: time.Unix(0, r.Start).UTC(), End: time.Unix(0, st.Cadence.End(r.Start)).UTC(),
		Wake: st.Cadence.Wake(r.Start), Generation: r.Generation, Verified: r.Verified, Bucket: r.Bucket, Key: r.Key, Size: r.Size,
		RealRows: r.RealRows, LateRows: r.Late,
	}
	switch {
	case r.Generation == 0 && r.Silent:
		w.State, w.Why = "silent", "the component had no rows, and nothing to hold: it has no file, and the service fails the whole run"
		w.Remedy = "look whether the logger still writes, and 'millwright status drop' for its files"
	case r.Generation == 0 && now.Before(w.End):
		w.State, w.Why = "open", "the window has not ended"
	case r.Generation == 0 && now.Before(st.Cadence.Latest(r.Start)):
		w.State, w.Why = "open", fmt.Sprintf("it waits for rows of all sensors, at the latest until %s", st.Cadence.Latest(r.Start).Format(time.RFC3339))
	case r.Generation == 0 && r.Closed:
		w.State, w.Why = "silent", "it was closed without a row"
	case r.Generation == 0:
		w.State, w.Why = "unknown", "no row of it was ever taken"
		w.Remedy = "if there are files with such rows, ask for one with 'millwright status drop PATH'; history is uploaded with 'millwright backfill'"
	case r.Kept:
		w.State, w.Why, w.Remedy = "left alone", r.Error, r.Remedy
	case r.Verified >= r.Generation:
		w.State, w.Why = "verified", fmt.Sprintf("in the bucket since %s", r.VerifiedAt.Format(time.RFC3339))
		if r.Unverified {
			w.State, w.Why = "unverified", "uploaded, but the bucket's policy forbids the check"
			w.Remedy = "allow s3:GetObject on the prefix"
		}
	case r.Error != "":
		w.State, w.Why, w.Remedy = "waiting", fmt.Sprintf("%s (attempt %d, next %s)", r.Error, r.Attempts, r.NextTry.Format(time.RFC3339)), r.Remedy
	default:
		w.State, w.Why = "sealed", "its file waits for its turn to be uploaded"
	}
	if r.Generation > 0 {
		if r.Overdue {
			w.Why += "; sealed after the wake-up, so it was not scored"
		}
		if r.HeldOnly {
			w.Why += "; it holds nothing but held values"
		}
		if r.Late > 0 {
			w.Why += "; " + count(r.Late, "row that came after its cut-off is", "rows that came after its cut-off are") + " in late/"
		}
	}
	return w
}
