package backfill

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"syscall"

	"millwright/internal/series"
)

// open opens a file below its folder, following no links, and gives it to fn
// with a Reader that stands before the first row. last is the newest row read
// from the same source, for local times; 0 for none. step is told what is read.
func (c *corpus) open(x *file, last int64, step Step, fn func(*series.Reader, *io.SectionReader) error) error {
	folder := &c.files.folders[x.folder]
	root, err := os.OpenRoot(folder.Path)
	if err != nil {
		return err
	}
	defer root.Close()
	f, err := root.OpenFile(x.name, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular(), info.Size() != x.size, !info.ModTime().Equal(x.mod):
		return errChanged
	}
	o := folder.CSV
	o.ModTime, o.LastStamp = x.mod, last
	counted := &countedFile{f: f, step: step, left: x.size}
	in := io.NewSectionReader(counted, 0, x.size)
	r, err := series.NewReader(in, o)
	if err != nil {
		return err
	}
	defer r.Close()
	if err := fn(r, in); err != nil {
		return err
	}
	if now, err := f.Stat(); err != nil || now.Size() != x.size || !now.ModTime().Equal(x.mod) {
		return errChanged
	}
	return nil
}

// countedFile tells the progress of what was read.
type countedFile struct {
	f    *os.File
	step Step
	mu   sync.Mutex
	left int64
}

func (c *countedFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.f.ReadAt(p, off)
	c.mu.Lock()
	more := min(int64(n), c.left) // pieces that overlap count once
	c.left -= more
	c.mu.Unlock()
	c.step.Add(more)
	return n, err
}

var errChanged = errors.New("it changes while it is read: wait until its writer is done and run the command again")

// hopeless gives the reason in words when err says that a file has no row that
// can be used, and whether that is because it has none at all.
func hopeless(err error) (why string, empty bool) {
	var h *series.HopelessError
	switch {
	case errors.Is(err, io.EOF):
		return "it has no rows", true
	case errors.As(err, &h):
		return fmt.Sprint(h), h.Empty
	}
	return "", false
}

// oldest is the lowest of some instants.
func oldest(times []int64) int64 { return slices.Min(times) }
