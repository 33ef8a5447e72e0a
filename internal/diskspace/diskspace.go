// Package diskspace measures disks and folders, and writes and reads numbers of
// bytes as people do. It decides nothing about what is too much.
package diskspace

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Room gives the size of the file system that holds dir and what of it is free
// for everybody, in bytes.
func Room(dir string) (total, free int64, err error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, 0, fmt.Errorf("read the free space of %s: %w", dir, err)
	}
	return int64(st.Blocks) * int64(st.Bsize), int64(st.Bavail) * int64(st.Bsize), nil //nolint:unconvert // other widths on other machines
}

// Tree is the bytes of all files below dir.
func Tree(ctx context.Context, dir string) (n int64, err error) {
	err = EachFile(ctx, dir, func(_ string, size int64) { n += size })
	return n, err
}

// EachFile calls fn for every regular file below dir, links not followed.
// Folders that may not be read, as a file system's lost+found, are passed over,
// and so is what goes while it is looked at.
func EachFile(ctx context.Context, dir string, fn func(path string, size int64)) error {
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission) && path != dir:
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
