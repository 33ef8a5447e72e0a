package backfill

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"millwright/ingest/take"
	"millwright/internal/drop"
	"millwright/internal/fingerprint"
	"millwright/internal/ledger"
)

// A batch shares its fsyncs and its transaction.
const (
	batchFiles = 256
	batchBytes = 64 << 20
)

// take makes the rows of all files durable that an earlier run has not taken,
// in the order of the command line: it decides conflicts.
func (h *history) take(ctx context.Context) error {
	limits := take.Limits{
		File: h.cfg.Limits.File.Bytes(), Row: int(h.cfg.Limits.Row.Bytes()), Columns: h.cfg.Limits.Columns, Memory: h.cfg.Limits.Memory.Bytes(),
	}
	if !h.o.To.IsZero() {
		limits.NotAfter = h.o.To.UnixNano()
	}
	prints, _, err := fingerprint.Open(filepath.Join(h.job.dir, fingerprint.KeyFile))
	if err != nil {
		return err
	}
	dirs := take.Dirs{Segments: h.segments(), Quarantine: h.quarantine(), Prints: prints}
	t := take.New(h.files.folders, h.led, h.horizon(), dirs, limits, h.Now, quietly(h.log))
	step := h.Progress.Step("read files", UnitBytes, h.files.bytes)
	defer step.Done()
	for left := h.files.list; len(left) > 0; {
		batch, n, bytes, err := h.batch(ctx, t, left)
		if err != nil {
			return err
		}
		left = left[n:]
		if len(batch) > 0 {
			if err := h.room.check(ctx, bytes); err != nil {
				return err
			}
			if err := h.takeBatch(ctx, t, batch); err != nil {
				return err
			}
		}
		step.Add(bytes)
	}
	return h.accounts(ctx)
}

// batch gives the next candidates, and how many files and bytes they stand for.
func (h *history) batch(ctx context.Context, t *take.Taker, left []file) (batch []take.Candidate, n int, bytes int64, err error) {
	for n < len(left) && len(batch) < batchFiles && (len(batch) == 0 || bytes+left[n].size <= batchBytes) {
		x := &left[n]
		n++
		bytes += x.size
		switch _, taken, err := h.led.Path(ctx, h.files.folders[x.folder].Path, x.name); {
		case err != nil:
			return nil, n, bytes, err
		case taken:
			continue // by an earlier run; open has seen that it is the same
		}
		c, err := t.Whole(ctx, x.folder, x.name)
		if err != nil {
			return nil, n, bytes, err
		}
		batch = append(batch, c)
	}
	return batch, n, bytes, nil
}

func (h *history) takeBatch(ctx context.Context, t *take.Taker, batch []take.Candidate) error {
	drops, _, err := t.Take(ctx, batch)
	if err != nil || len(drops) == len(batch) {
		return err
	}
	done := map[string]bool{}
	for _, d := range drops {
		done[filepath.Join(d.Folder, d.Name)] = true
	}
	for _, c := range batch {
		if path := filepath.Join(c.Folder, c.Name); !done[path] {
			return fmt.Errorf("read %s: %w", path, whyNot(path))
		}
	}
	return nil
}

// whyNot says why a file could not be read as a whole.
func whyNot(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.Copy(io.Discard, f); err != nil {
		return err
	}
	return errors.New("it changes while it is read: wait until its writer is done and run the command again")
}

// accounts puts what was taken, in all runs of the command, into the summary.
func (h *history) accounts(ctx context.Context) error {
	drops, err := h.led.Drops(ctx, ledger.DropFilter{})
	if err != nil {
		return err
	}
	rank := map[string]int{}
	for i := range h.files.list {
		rank[h.files.path(&h.files.list[i])] = i
	}
	for _, d := range drops {
		f := h.account(&d)
		h.sum.Files = append(h.sum.Files, f)
		h.sum.Rows.add(f.Rows)
	}
	slices.SortStableFunc(h.sum.Files, func(a, b File) int { return cmp.Compare(rank[a.Path], rank[b.Path]) })
	return nil
}

func (h *history) account(d *drop.Drop) File {
	c := d.Counts
	f := File{
		Path: filepath.Join(d.Folder, filepath.FromSlash(d.Name)), Component: d.Component, State: read,
		Rows: Rows{Read: c.Rows, Bad: c.Bad, Ambiguous: c.Ambiguous, Ahead: c.Ahead, Outside: c.Older, BadCells: c.BadCells},
	}
	switch d.State {
	case drop.Refused:
		f.State, f.Reason = refused, d.Reason
	case drop.Quarantined:
		f.State, f.Reason = unusable, d.Reason
		if h.o.DryRun { // what went to quarantine is gone with the scratch folder
			f.Reason = strings.Replace(f.Reason, take.CopyKept, "; it would be copied to quarantine as ", 1)
		}
	case drop.Repeat:
		f.State, f.Reason = repeat, d.Reason
	}
	if f.Rows.faulty() {
		f.Faults = h.faults(d)
	}
	return f
}

// faults reads back the first rows and cells that were put into quarantine.
func (h *history) faults(d *drop.Drop) []Fault {
	names, err := filepath.Glob(filepath.Join(globEscape(h.quarantine()), hex.EncodeToString(d.Identity[:6])+"-*.rows.csv"))
	if err != nil || len(names) == 0 {
		return nil
	}
	in, err := os.Open(names[0])
	if err != nil {
		return nil
	}
	defer in.Close()
	r := csv.NewReader(in)
	var out []Fault
	for len(out) < maxFaults {
		row, err := r.Read()
		if err != nil || len(row) != 4 {
			break
		}
		if line, err := strconv.ParseInt(row[0], 10, 64); err == nil { // the header has none
			out = append(out, Fault{Line: line, Column: row[1], Reason: row[2], Text: row[3]})
		}
	}
	return out
}
