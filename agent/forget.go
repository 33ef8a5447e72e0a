package agent

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"millwright/internal/ledger"
)

// inspecting is the part of the ledger that knows paths whose files may be in
// their folders.
type inspecting interface {
	Standing(ctx context.Context, before time.Time, after int64, limit int) (paths []ledger.Standing, next int64, err error)
	Inspect(ctx context.Context, in ledger.Inspected) error
}

// forgetter has the ledger forget files that were left in their folders (kept,
// or with rows that were not taken) once they are gone for good. It looks at
// some of them in each turn, so that a folder of 100,000 files is no load.
type forgetter struct {
	ledger inspecting
	grace  time.Duration // a file is missed so long before it is forgotten: it may be on a disk that is away

	after int64     // the round goes on behind this path
	next  time.Time // business time of the next round
}

const (
	inspectPaths = 500 // in one turn
	inspectEvery = time.Hour
)

// turn looks at the next files. What was taken after before is left alone.
func (f *forgetter) turn(ctx context.Context, now, before time.Time) error {
	if f.after == 0 && now.Before(f.next) && f.next.Sub(now) <= inspectEvery {
		return nil
	}
	paths, next, err := f.ledger.Standing(ctx, before, f.after, inspectPaths)
	if err != nil {
		return err
	}
	in := ledger.Inspected{At: now}
	folders := map[string]*os.Root{}
	defer func() {
		for _, r := range folders {
			if r != nil {
				_ = r.Close() // only read from
			}
		}
	}()
	for _, p := range paths {
		root, known := folders[p.Folder]
		if !known {
			root, _ = os.OpenRoot(p.Folder) // nil: nothing can be said of its files
			folders[p.Folder] = root
		}
		if root == nil {
			continue
		}
		there, err := present(root, p.Name)
		switch {
		case err != nil: // nobody knows
		case there && !p.Missed.IsZero():
			in.Found = append(in.Found, p.PathID)
		case there:
		case p.Missed.IsZero():
			in.Missed = append(in.Missed, p.PathID)
		case now.Sub(p.Missed) > f.grace:
			in.Gone = append(in.Gone, p.PathID)
		}
	}
	if err := f.ledger.Inspect(ctx, in); err != nil {
		return err
	}
	if f.after = next; next == 0 {
		f.next = now.Add(inspectEvery)
	}
	return nil
}

// present tells whether a listing of the folder would find the file: it follows
// no links, neither to the file nor on the way.
func present(root *os.Root, name string) (bool, error) {
	for i, c := range name {
		if c != '/' {
			continue
		}
		if st, err := root.Lstat(name[:i]); err != nil || !st.IsDir() {
			return false, unless(err, fs.ErrNotExist)
		}
	}
	st, err := root.Lstat(name)
	return err == nil && st.Mode().IsRegular(), unless(err, fs.ErrNotExist)
}

// unless drops one kind of error.
func unless(err, kind error) error {
	if errors.Is(err, kind) {
		return nil
	}
	return err
}
