//go:build !agent

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"millwright/internal/atomicfile"
)

// output is a file that a verb writes at its end, named by a flag.
type output struct {
	flag, path string
	holds      string                 // what may be replaced, in words
	ours       func(head []byte) bool // tells it by its beginning
}

// beginning is how much of a file has to tell what it is.
const beginning = 1 << 10

// check tells before a long work whether its file can be written, and refuses to
// replace what has another purpose.
func (o output) check(inputs ...string) error {
	info, err := os.Stat(o.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		dir := filepath.Dir(o.path)
		if in, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) || err == nil && !in.IsDir() {
			return exit(exitUsage, fmt.Errorf("--%s %s: there is no folder %s: make it first", o.flag, o.path, dir))
		}
	case err != nil:
		return exit(exitFailed, fmt.Errorf("--%s: %w", o.flag, err))
	case info.IsDir():
		return exit(exitUsage, fmt.Errorf("--%s %s is a folder: name a file", o.flag, o.path))
	case slices.ContainsFunc(inputs, func(in string) bool { return sameFile(in, info) }):
		return exit(exitUsage, fmt.Errorf("--%s %s is an input, which would be lost: name another file", o.flag, o.path))
	default:
		head, err := readHead(o.path)
		if err != nil {
			return exit(exitFailed, fmt.Errorf("--%s: %w", o.flag, err))
		}
		if !info.Mode().IsRegular() || len(head) > 0 && !o.ours(head) {
			return exit(exitUsage, fmt.Errorf("--%s %s exists and is no %s: name another file, or delete it first", o.flag, o.path, o.holds))
		}
	}
	f, err := os.CreateTemp(filepath.Dir(o.path), "."+filepath.Base(o.path)+"-*"+atomicfile.TempSuffix)
	if err == nil {
		err = errors.Join(f.Close(), os.Remove(f.Name()))
	}
	if err != nil {
		return exit(exitFailed, fmt.Errorf("--%s %s cannot be written: %w", o.flag, o.path, err))
	}
	return nil
}

// stopped puts it in words that somebody has ended a verb before it wrote its file.
func stopped(ctx context.Context, err error, o output) error {
	if ctx.Err() == nil {
		return err
	}
	switch _, missing := os.Stat(o.path); {
	case o.path == "":
		return exit(exitFailed, errors.New("stopped; the results are not whole"))
	case missing != nil:
		return exit(exitFailed, fmt.Errorf("stopped; %s was not written", o.path))
	}
	return exit(exitFailed, fmt.Errorf("stopped; %s is as it was", o.path))
}

func sameFile(path string, as fs.FileInfo) bool {
	info, err := os.Stat(path)
	return err == nil && os.SameFile(info, as)
}

// readHead gives the beginning of a file, nothing of what is no file.
func readHead(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, beginning))
}
