// Package atomicfile writes files that are either whole and durable or not
// there: temp beside the target, fsync, rename, fsync of the folder. It does
// not lock: two writers of one name are the caller's mistake.
package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// TempSuffix marks unfinished files; whoever owns a folder may delete them at start.
const TempSuffix = ".tmp"

// File is a file being written. Commit makes it durable under its name, Close
// without Commit removes it.
type File struct {
	*os.File
	target string
	done   bool
}

// Create opens a temporary file beside target and makes missing folders with
// mode 0750. The file gets perm.
func Create(target string, perm fs.FileMode) (*File, error) {
	dir := filepath.Dir(target)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("make folder for %s: %w", target, err)
	}
	f, err := os.OpenFile(target+TempSuffix, os.O_RDWR|os.O_CREATE|os.O_TRUNC, perm)
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", target, err)
	}
	return &File{File: f, target: target}, nil
}

// Commit makes the content durable under the target's name. A crash before the
// rename leaves only the temp file, one after it the whole target.
func (f *File) Commit() error {
	if err := f.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", f.target, err)
	}
	if err := f.File.Close(); err != nil {
		return fmt.Errorf("close %s: %w", f.target, err)
	}
	if err := os.Rename(f.Name(), f.target); err != nil {
		return fmt.Errorf("rename to %s: %w", f.target, err)
	}
	f.done = true
	return SyncDir(filepath.Dir(f.target))
}

// CommitAll commits several files, with their syncs at the same time, so that a
// journal takes them together, and one sync per folder. After an error some may
// be under their names; they are whole.
func CommitAll(files []*File) error {
	errs := make([]error, len(files))
	var wait sync.WaitGroup
	for i, f := range files {
		wait.Go(func() {
			if err := f.Sync(); err != nil {
				errs[i] = fmt.Errorf("sync %s: %w", f.target, err)
			}
		})
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	folders := make(map[string]bool)
	for _, f := range files {
		if err := f.File.Close(); err != nil {
			return fmt.Errorf("close %s: %w", f.target, err)
		}
		if err := os.Rename(f.Name(), f.target); err != nil {
			return fmt.Errorf("rename to %s: %w", f.target, err)
		}
		f.done = true
		folders[filepath.Dir(f.target)] = true
	}
	for dir := range folders {
		if err := SyncDir(dir); err != nil {
			return err
		}
	}
	return nil
}

// Close removes the temp file unless Commit succeeded. It may be called twice.
func (f *File) Close() error {
	if f.done {
		return nil
	}
	f.done = true
	err := f.File.Close()
	if errors.Is(err, os.ErrClosed) {
		err = nil
	}
	return errors.Join(err, os.Remove(f.Name()))
}

// Write puts data into target durably.
func Write(target string, data []byte, perm fs.FileMode) error {
	f, err := Create(target, perm)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Write(data); err != nil {
		return fmt.Errorf("write %s: %w", target, err)
	}
	return f.Commit()
}

// Copy streams r into target durably and returns the bytes written.
func Copy(target string, r io.Reader, perm fs.FileMode) (int64, error) {
	f, err := Create(target, perm)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	n, err := io.Copy(f, r)
	if err != nil {
		return n, fmt.Errorf("write %s: %w", target, err)
	}
	return n, f.Commit()
}

// SyncDir makes names created in, moved into or removed from dir durable.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("open folder %s: %w", dir, err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync folder %s: %w", dir, err)
	}
	return nil
}
