package seal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"millwright/internal/atomicfile"
	"millwright/internal/window"
)

// tidy removes from the spool what crashes left there: temp files, and CSVs of
// generations that are superseded or of windows that are closed. A CSV without
// any record stays: the next sealing writes it again.
func (s *Sealer) tidy(ctx context.Context) error {
	folders, err := os.ReadDir(s.dirs.Windows)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("tidy spool: %w", err)
	}
	for _, folder := range folders {
		if !folder.IsDir() {
			continue
		}
		dir := filepath.Join(s.dirs.Windows, folder.Name())
		files, err := os.ReadDir(dir)
		if err != nil {
			return fmt.Errorf("tidy spool: %w", err)
		}
		for _, f := range files {
			stale, err := s.stale(ctx, folder.Name(), f.Name())
			if err != nil {
				return fmt.Errorf("tidy spool: %w", err)
			}
			if stale && f.Type().IsRegular() {
				if err := os.Remove(filepath.Join(dir, f.Name())); err != nil {
					return fmt.Errorf("tidy spool: %w", err)
				}
			}
		}
	}
	return nil
}

func (s *Sealer) stale(ctx context.Context, scheduler, name string) (bool, error) {
	if strings.HasSuffix(name, atomicfile.TempSuffix) {
		return true, nil
	}
	id, generation, ok := parseName(scheduler, name)
	if !ok {
		return false, nil
	}
	if l := s.lane(id); l != nil {
		if w := l.windows[id.Start]; w != nil && w.recorded && !w.closed {
			return generation < w.generation, nil
		}
	}
	r, ok, err := s.ledger.Window(ctx, id)
	return ok && (r.Closed || generation < r.Generation), err
}

// parseName is the inverse of Dirs.path. Only names that path itself makes count.
func parseName(scheduler, name string) (id window.ID, generation int64, ok bool) {
	bare, ok := strings.CutSuffix(name, ".csv")
	dot, bar := strings.LastIndex(bare, ".g"), strings.LastIndex(bare, "_")
	if !ok || bar < 0 || dot < bar {
		return id, 0, false
	}
	start, err := time.Parse("20060102T150405Z", bare[bar+1:dot])
	if err != nil {
		return id, 0, false
	}
	if generation, err = strconv.ParseInt(bare[dot+2:], 10, 64); err != nil {
		return id, 0, false
	}
	id = window.ID{Scheduler: scheduler, Component: bare[:bar], Start: start.UnixNano()}
	return id, generation, filepath.Base(Dirs{}.path(id, generation)) == name
}
