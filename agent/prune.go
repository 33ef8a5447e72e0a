package agent

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"go.uber.org/zap"
)

// archiveRule bounds one archive folder.
type archiveRule struct {
	dir  string
	keep time.Duration // 0 for ever
	max  int64         // bytes; 0 for no bound
}

// aged is a file that may be pruned.
type aged struct {
	path string
	mod  time.Time
	size int64
}

// prune deletes what is older than keep, then the oldest until the folder holds
// at most max bytes. Only drops whose rows are verified in the bucket, or
// durable in late/, repeats/ or quarantine, ever come into an archive. The age
// counts from when a file was put away, since its own time is the drop's.
func (r archiveRule) prune(ctx context.Context, now time.Time, log *zap.Logger) (freed int64, err error) {
	var files []aged
	var total int64
	err = filepath.WalkDir(r.dir, func(path string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case !e.Type().IsRegular():
			return nil
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		files = append(files, aged{path, r.putAway(path, info), info.Size()})
		total += info.Size()
		return nil
	})
	if err != nil {
		return 0, err
	}
	slices.SortFunc(files, func(a, b aged) int { return a.mod.Compare(b.mod) })
	for _, f := range files {
		old := r.keep > 0 && now.Sub(f.mod) > r.keep
		if !old && (r.max == 0 || total <= r.max) {
			break
		}
		if err := os.Remove(f.path); err != nil {
			return freed, err
		}
		log.Info("pruned from the archive", zap.String("file", f.path), zap.Int64("bytes", f.size), zap.Time("archived", f.mod))
		total, freed = total-f.size, freed+f.size
	}
	return freed, r.removeEmptyDays()
}

// putAway reads the day folder that store made; business time, like now.
func (r archiveRule) putAway(path string, info fs.FileInfo) time.Time {
	rel, err := filepath.Rel(r.dir, path)
	if err == nil && len(rel) > 8 {
		if day, err := time.Parse("20060102", rel[:8]); err == nil {
			return day
		}
	}
	return info.ModTime()
}

func (r archiveRule) removeEmptyDays() error {
	days, err := os.ReadDir(r.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, d := range days {
		if d.IsDir() {
			_ = os.Remove(filepath.Join(r.dir, d.Name())) // fails while files are left, which is what is wanted
		}
	}
	return err
}
