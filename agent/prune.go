package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"go.uber.org/zap"

	"millwright/internal/diskspace"
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
	day  time.Time // on which it was put away
	size int64
}

// prune deletes what is older than keep, then the oldest until the archive holds
// at most max bytes. Only drops whose rows are verified in the bucket, or
// durable in late/, repeats/ or quarantine, ever come into an archive. The age
// counts from when a file was put away, since its own time is the drop's.
func (r archiveRule) prune(ctx context.Context, now time.Time, log *zap.Logger) (freed int64, err error) {
	files, total, err := r.files(ctx)
	if err != nil {
		return 0, err
	}
	slices.SortFunc(files, func(a, b aged) int { return a.day.Compare(b.day) })
	var errs []error
	for _, f := range files {
		old := r.keep > 0 && now.Sub(f.day) > r.keep
		if !old && (r.max == 0 || total <= r.max) {
			break
		}
		if err := os.Remove(f.path); err != nil {
			errs = append(errs, err)
			continue
		}
		log.Info("pruned from the archive", zap.String("file", f.path), zap.Int64("bytes", f.size), zap.Time("archived", f.day))
		total, freed = total-f.size, freed+f.size
	}
	return freed, errors.Join(few(errs), r.removeEmpty())
}

// files lists what was put away, with its size in all. It lies in folders named
// for days; whatever else is there is somebody else's.
func (r archiveRule) files(ctx context.Context) (files []aged, total int64, err error) {
	days, err := r.days()
	for name, day := range days {
		err = errors.Join(err, diskspace.EachFile(ctx, filepath.Join(r.dir, name), func(path string, size int64) {
			files = append(files, aged{path, day, size})
			total += size
		}))
	}
	return files, total, err
}

// days gives the folders that store made: business time, like now.
func (r archiveRule) days() (map[string]time.Time, error) {
	entries, err := os.ReadDir(r.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list the archive: %w", err)
	}
	days := map[string]time.Time{}
	for _, e := range entries {
		if day, err := time.Parse(dayLayout, e.Name()); err == nil && e.IsDir() {
			days[e.Name()] = day
		}
	}
	return days, nil
}

// removeEmpty removes folders that nothing is in any more.
func (r archiveRule) removeEmpty() error {
	days, err := r.days()
	for name := range days {
		var dirs []string
		_ = filepath.WalkDir(filepath.Join(r.dir, name), func(path string, e fs.DirEntry, err error) error {
			if err == nil && e.IsDir() {
				dirs = append(dirs, path)
			}
			return nil
		})
		for _, dir := range slices.Backward(dirs) {
			_ = os.Remove(dir) // fails while something is left in it, which is what is wanted
		}
	}
	return err
}
