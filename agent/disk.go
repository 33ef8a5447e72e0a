package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// reserveSize is kept aside on the state's file system, so that ledger and
// uploads go on when everything else has filled it (promise 5).
const reserveSize = 8 << 20

// disk watches the quotas: the bytes below the state folder and the archives
// against limits.state, and the file system's free space against limits.free.
type disk struct {
	state    string
	archives []string // outside state
	quota    int64    // bytes; 0 for none
	free     func(total int64) int64
	now      func() time.Time // business time, as in the names of archive folders

	mu       sync.Mutex
	used     int64
	measured time.Time

	unable bool // the file system cannot reserve; of the one goroutine that tends
}

// remeasure is how long a measurement is trusted; what is taken meanwhile is
// added by grew.
const remeasure = 5 * time.Minute

// grew counts bytes that were just written.
func (d *disk) grew(n int64) {
	d.mu.Lock()
	d.used += n
	d.mu.Unlock()
}

// measure walks the state folder and the archives when the last walk is old or
// force is set, and returns the bytes in use.
func (d *disk) measure(ctx context.Context, force bool) (int64, error) {
	d.mu.Lock()
	used, fresh := d.used, time.Since(d.measured) < remeasure
	d.mu.Unlock()
	if fresh && !force {
		return used, nil
	}
	used, err := treeSize(ctx, d.state)
	if err != nil {
		return 0, err
	}
	for _, dir := range d.archives {
		_, n, err := archiveRule{dir: dir}.files(ctx)
		if err != nil {
			return 0, err
		}
		used += n
	}
	d.mu.Lock()
	d.used, d.measured = used, time.Now()
	d.mu.Unlock()
	return used, nil
}

// full says why no further drop may be taken, or "" when one may. need is what
// the next batch is expected to write.
func (d *disk) full(ctx context.Context, need int64) (string, error) {
	used, err := d.measure(ctx, false)
	if err != nil {
		return "", err
	}
	if d.quota > 0 && used+need > d.quota {
		if used, err = d.measure(ctx, d.stale()); err != nil {
			return "", err
		}
		if used+need > d.quota {
			return fmt.Sprintf("%s and the archives hold %s of the %s that limits.state allows", d.state, size(used), size(d.quota)), nil
		}
	}
	total, avail, err := room(d.state)
	if err != nil {
		return "", err
	}
	least := d.free(total)
	if _, err := os.Stat(d.reserveFile()); err != nil {
		avail -= reserveSize // what the reserve gave is for ledger and uploads alone
	}
	if avail-need < least {
		return fmt.Sprintf("the file system of %s has %s free, and limits.free keeps %s", d.state, size(max(0, avail)), size(least)), nil
	}
	return "", nil
}

// stale tells whether measuring again may tell something new: batches that are
// tried one after the other are measured against the same bytes.
func (d *disk) stale() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return time.Since(d.measured) > time.Second
}

func (d *disk) reserveFile() string { return filepath.Join(d.state, "reserve") }

// tend gives the reserve to ledger and uploads when the file system is nearly
// full, and keeps one again when there is room. It is cheap enough for every pass.
func (d *disk) tend() error {
	total, avail, err := room(d.state)
	switch {
	case err != nil:
		return err
	case avail < reserveSize/2:
		return d.release()
	case !d.unable && avail > d.free(total)+2*reserveSize:
		return d.reserve()
	}
	return nil
}

// room gives the size of the file system that holds dir, and its free bytes.
func room(dir string) (total, avail int64, err error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, 0, fmt.Errorf("read free space of %s: %w", dir, err)
	}
	return int64(st.Blocks) * int64(st.Bsize), int64(st.Bavail) * int64(st.Bsize), nil
}

// reserve makes the reserve file when there is room for it.
func (d *disk) reserve() error {
	name := d.reserveFile()
	if st, err := os.Stat(name); err == nil && st.Size() == reserveSize {
		return nil
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("make the disk reserve: %w", err)
	}
	defer f.Close()
	if err := unix.Fallocate(int(f.Fd()), 0, 0, reserveSize); err != nil {
		if errors.Is(err, unix.EOPNOTSUPP) {
			d.unable = true
			return os.Remove(name)
		}
		return fmt.Errorf("make the disk reserve: %w", errors.Join(err, os.Remove(name)))
	}
	return nil
}

// release gives the reserve back to the file system.
func (d *disk) release() error {
	err := os.Remove(d.reserveFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// treeSize is the bytes of all files below dir.
func treeSize(ctx context.Context, dir string) (n int64, err error) {
	err = eachFile(ctx, dir, func(_ string, size int64) { n += size })
	return n, err
}

// eachFile calls fn for every regular file below dir. Folders that may not be
// read, as a file system's lost+found, are none of ours and are passed over.
func eachFile(ctx context.Context, dir string, fn func(path string, size int64)) error {
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission) && path != dir: // the former: pruned while walking
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case !e.Type().IsRegular():
			return nil
		}
		info, err := e.Info()
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		}
		fn(path, info.Size())
		return nil
	})
	if err != nil {
		return fmt.Errorf("measure %s: %w", dir, err)
	}
	return nil
}

// size prints bytes as people write them.
func size(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	f, suffix := float64(n), ""
	for _, suffix = range []string{"KiB", "MiB", "GiB", "TiB"} {
		f /= unit
		if f < unit {
			break
		}
	}
	return fmt.Sprintf("%.1f %s", f, suffix)
}
