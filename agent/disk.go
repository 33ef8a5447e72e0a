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

	"millwright/internal/diskspace"
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
	grown    int64 // of used, what was added since the last walk
	measured time.Time

	unable bool // the file system cannot reserve; of the one goroutine that tends
}

// remeasure is how long a walk is trusted. What is taken meanwhile is added by
// grew, as an estimate: once that is more than one part in trusted of the quota,
// the next one who asks walks again.
const (
	remeasure = time.Minute
	trusted   = 20
)

// grew counts bytes that are about to be written.
func (d *disk) grew(n int64) {
	d.mu.Lock()
	d.used += n
	d.grown += n
	d.mu.Unlock()
}

// measure walks the state folder and the archives when the last walk is old, when
// too much was added to it or force is set, and returns the bytes in use.
func (d *disk) measure(ctx context.Context, force bool) (int64, error) {
	d.mu.Lock()
	used, before := d.used, d.grown
	fresh := time.Since(d.measured) < remeasure && (d.quota <= 0 || d.grown <= d.quota/trusted)
	d.mu.Unlock()
	if fresh && !force {
		return used, nil
	}
	used, err := diskspace.Tree(ctx, d.state)
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
	d.grown -= before // what was added during the walk may not have been seen by it
	d.used, d.measured = used+d.grown, time.Now()
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
			return fmt.Sprintf("%s and the archives hold %s of the %s that limits.state allows", d.state, diskspace.Binary(used), diskspace.Binary(d.quota)), nil
		}
	}
	avail, least, err := d.room()
	if err != nil {
		return "", err
	}
	if avail-need < least {
		return fmt.Sprintf("the file system of %s has %s free, and limits.free keeps %s", d.state, diskspace.Binary(max(0, avail)), diskspace.Binary(least)), nil
	}
	return "", nil
}

// lack is how many bytes have to go before there is room for need, 0 or less if
// there is room.
func (d *disk) lack(ctx context.Context, need int64) (int64, error) {
	avail, least, err := d.room()
	if err != nil {
		return 0, err
	}
	lack := least - (avail - need)
	if d.quota > 0 {
		used, err := d.measure(ctx, false)
		if err != nil {
			return 0, err
		}
		lack = max(lack, used+need-d.quota)
	}
	return lack, nil
}

// over is how many bytes there are above limits.state, 0 or less for none.
func (d *disk) over(ctx context.Context) (int64, error) {
	if d.quota <= 0 {
		return 0, nil
	}
	used, err := d.measure(ctx, false)
	return used - d.quota, err
}

// room is what the file system has left for drops, and what is to stay free.
func (d *disk) room() (avail, least int64, err error) {
	total, avail, err := diskspace.Room(d.state)
	if err != nil {
		return 0, 0, err
	}
	if _, err := os.Stat(d.reserveFile()); err != nil {
		avail -= reserveSize // what the reserve gave is for ledger and uploads alone
	}
	return avail, d.free(total), nil
}

// stale tells whether measuring again may tell something new: batches that are
// tried one after the other are measured against the same bytes. Nothing is
// refused on an estimate.
func (d *disk) stale() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.grown > 0 || time.Since(d.measured) > time.Second
}

func (d *disk) reserveFile() string { return filepath.Join(d.state, "reserve") }

// tend gives the reserve to ledger and uploads when the file system is nearly
// full, and keeps one again when there is room. It is cheap enough for every pass.
func (d *disk) tend() error {
	total, avail, err := diskspace.Room(d.state)
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
