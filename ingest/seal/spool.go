package seal

import (
	"crypto/md5"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"millwright/internal/atomicfile"
	"millwright/internal/window"
)

// spill is from how many bytes on a CSV in the making goes to its file. Most
// are far smaller: those touch the disk only where the shelf has no room, and
// only once it is known that they differ from the generation before.
const spill = 1 << 20

// spooled is a CSV on its way to the shelf or into the spool.
type spooled struct {
	buf    []byte // what is not yet in the file
	hashed int    // bytes of buf that are hashed
	size   int64  // in the file
	sha    hash.Hash
	md5    hash.Hash // of what is in the file: of what is not, nobody may ever ask for it
	path   string    // the name of its file, if it has one
	file   *os.File
}

func newSpooled() *spooled { return &spooled{sha: sha256.New(), md5: md5.New()} }

// begin starts over, for a CSV that would lie at path.
func (s *spooled) begin(path string) {
	s.sha.Reset()
	s.md5.Reset()
	s.buf, s.hashed, s.size, s.path, s.file = s.buf[:0], 0, 0, path, nil
}

// hash takes further bytes of b, which begins as it did the last time, into the
// sum: in turn with whoever makes them, since both wait for their own results
// most of the time, and the processor does the other.
func (s *spooled) hash(b []byte) {
	const block = 64
	if n := (len(b) - s.hashed) &^ (block - 1); n > 0 {
		s.sha.Write(b[s.hashed : s.hashed+n])
		s.hashed += n
	}
}

// spill writes b to the temp file.
func (s *spooled) spill(b []byte) error {
	s.sha.Write(b[s.hashed:])
	s.md5.Write(b)
	s.size += int64(len(b))
	s.hashed = 0
	if s.file == nil {
		f, err := createTemp(s.path)
		if err != nil {
			return err
		}
		s.file = f
	}
	if _, err := s.file.Write(b); err != nil {
		return fmt.Errorf("write %s: %w", s.path, err)
	}
	return nil
}

// finish hashes the rest. The content is in buf and, for a large one, before
// that in the file.
func (s *spooled) finish() (sum [sha256.Size]byte) {
	s.sha.Write(s.buf[s.hashed:])
	s.sha.Sum(sum[:0])
	s.size += int64(len(s.buf))
	return sum
}

// flush writes the rest to the temp file and hands the file over, with the MD5
// of all of it.
func (s *spooled) flush() (f *os.File, sum [md5.Size]byte, err error) {
	if s.file == nil {
		if s.file, err = createTemp(s.path); err != nil {
			return nil, sum, err
		}
	}
	if _, err := s.file.Write(s.buf); err != nil {
		return nil, sum, fmt.Errorf("write %s: %w", s.path, err)
	}
	s.md5.Write(s.buf)
	s.md5.Sum(sum[:0])
	f, s.file = s.file, nil
	return f, sum, nil
}

// abort removes a temp file that was not handed over.
func (s *spooled) abort() error {
	if s.file == nil {
		return nil
	}
	f := s.file
	s.file = nil
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

func createTemp(path string) (*os.File, error) {
	name := path + atomicfile.TempSuffix
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if errors.Is(err, os.ErrNotExist) {
		if err = os.MkdirAll(filepath.Dir(path), 0o750); err == nil {
			f, err = os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", path, err)
	}
	return f, nil
}

// few is up to how many files are synced one by one. Beyond that one syncfs is
// cheaper than the journal's commits.
const few = 32

// durable makes temp files durable under their names: all content first, then
// all names, then the folders. A crash before the renames leaves temp files, a
// crash after them files without a record; both are harmless.
func durable(temps []*os.File) error {
	err := syncAll(temps)
	for _, f := range temps {
		if e := f.Close(); e != nil && err == nil {
			err = fmt.Errorf("close %s: %w", f.Name(), e)
		}
	}
	folders := make(map[string]bool)
	for _, f := range temps {
		if err != nil {
			break
		}
		target := f.Name()[:len(f.Name())-len(atomicfile.TempSuffix)]
		if err = os.Rename(f.Name(), target); err != nil {
			err = fmt.Errorf("rename to %s: %w", target, err)
		}
		folders[filepath.Dir(target)] = true
	}
	for dir := range folders {
		if err == nil {
			err = atomicfile.SyncDir(dir)
		}
	}
	if err != nil {
		for _, f := range temps {
			_ = os.Remove(f.Name()) // those that were renamed are gone already
		}
	}
	return err
}

func syncAll(files []*os.File) error {
	if len(files) > few {
		return syncFilesystem(files)
	}
	return syncEach(files)
}

// syncEach syncs at the same time, so that a journal commits them together.
func syncEach(files []*os.File) error {
	errs := make([]error, len(files))
	var wait sync.WaitGroup
	for i, f := range files {
		wait.Go(func() {
			if err := f.Sync(); err != nil {
				errs[i] = fmt.Errorf("sync %s: %w", f.Name(), err)
			}
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

// path is where a generation of a window lies.
func (d Dirs) path(id window.ID, generation int64) string {
	stamp := time.Unix(0, id.Start).UTC().Format("20060102T150405Z")
	name := id.Component + "_" + stamp + ".g" + strconv.FormatInt(generation, 10) + ".csv"
	return filepath.Join(d.Windows, id.Scheduler, name)
}
