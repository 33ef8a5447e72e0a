package seal

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"

	"millwright/internal/atomicfile"
	"millwright/internal/window"
)

// appendLog writes append-only files below a folder. What it appends counts
// only once the ledger has the new lengths; what follows the committed length
// of a file is cut off before anything is appended.
//
// One step: line as often as needed, flush between if full, then sync, then the
// ledger's transaction with what sync gave, then committed. After a failure:
// abort.
type appendLog struct {
	root    string
	length  map[string]int64 // committed, by path below root
	pending map[string]*appending
	size    int // bytes in buffers
}

// appending is a file that the current step appends to.
type appending struct {
	header string
	buf    []byte
	file   *os.File
	end    int64 // of what was written
}

// lot is how many bytes are buffered at most before flush is due.
const lot = 1 << 20

func newAppendLog(root string) *appendLog {
	return &appendLog{root: root, length: make(map[string]int64), pending: make(map[string]*appending)}
}

// load takes over the committed lengths and cuts off what follows them.
func (a *appendLog) load(lengths map[string]int64) error {
	a.abort()
	a.length = maps.Clone(lengths)
	if a.length == nil {
		a.length = make(map[string]int64)
	}
	for name, length := range a.length {
		full := filepath.Join(a.root, filepath.FromSlash(name))
		info, err := os.Stat(full)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return fmt.Errorf("look at %s: %w", full, err)
		case info.Size() > length:
			if err := os.Truncate(full, length); err != nil {
				return fmt.Errorf("cut off what was not committed: %w", err)
			}
		}
	}
	return nil
}

// line gives the buffer of a file to append one line to.
func (a *appendLog) line(name, header string, add func([]byte) []byte) {
	p := a.pending[name]
	if p == nil {
		p = &appending{header: header}
		a.pending[name] = p
	}
	n := len(p.buf)
	p.buf = add(p.buf)
	a.size += len(p.buf) - n
}

func (a *appendLog) full() bool { return a.size >= lot }

// flush writes the buffers to the files. Files that the ledger does not know
// are registered first, with the length they have: else a crash would leave
// lines of which nobody could say whether they count.
func (a *appendLog) flush(register func([]window.Append) error) error {
	names := slices.SortedFunc(maps.Keys(a.pending), cmp.Compare[string])
	var fresh []window.Append
	for _, name := range names {
		p := a.pending[name]
		if p.file != nil {
			continue
		}
		known, err := a.open(name, p)
		if err != nil {
			return err
		}
		if !known {
			fresh = append(fresh, window.Append{Path: name, Length: p.end})
		}
	}
	if len(fresh) > 0 {
		if err := register(fresh); err != nil {
			return err
		}
		for _, f := range fresh {
			a.length[f.Path] = f.Length
		}
	}
	for _, name := range names {
		p := a.pending[name]
		if p.end == 0 {
			p.buf = append([]byte(p.header), p.buf...)
		}
		n, err := p.file.WriteAt(p.buf, p.end)
		if err != nil {
			return fmt.Errorf("append to %s: %w", name, err)
		}
		p.end += int64(n)
		p.buf = p.buf[:0]
	}
	a.size = 0
	return nil
}

// open opens a file at the end of what counts in it. A file that is shorter
// than the ledger says was emptied or removed by somebody, and one that the
// ledger does not know is left from before it: both are gone on with as they
// are.
func (a *appendLog) open(name string, p *appending) (known bool, err error) {
	full := filepath.Join(a.root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(full), 0o750); err != nil {
		return false, fmt.Errorf("make folder for %s: %w", name, err)
	}
	f, err := os.OpenFile(full, os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return false, fmt.Errorf("open %s: %w", name, err)
	}
	p.file = f
	info, err := f.Stat()
	if err != nil {
		return false, fmt.Errorf("look at %s: %w", name, err)
	}
	length, known := a.length[name]
	if p.end = length; !known || info.Size() < length {
		known = false
		if p.end, err = wholeLines(f, info.Size()); err != nil {
			return false, fmt.Errorf("read %s: %w", name, err)
		}
	}
	if info.Size() > p.end {
		if err := f.Truncate(p.end); err != nil {
			return false, fmt.Errorf("cut off what was not committed of %s: %w", name, err)
		}
	}
	return known, nil
}

// wholeLines is the length of the file up to its last newline.
func wholeLines(f io.ReaderAt, size int64) (int64, error) {
	buf := make([]byte, 4096)
	for size > 0 {
		from := max(0, size-int64(len(buf)))
		b := buf[:size-from]
		if _, err := f.ReadAt(b, from); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(b, '\n'); i >= 0 {
			return from + int64(i) + 1, nil
		}
		size = from
	}
	return 0, nil
}

// sync makes what flush wrote durable and gives the lengths to commit.
func (a *appendLog) sync() ([]window.Append, error) {
	var out []window.Append
	folders := make(map[string]bool)
	for _, name := range slices.SortedFunc(maps.Keys(a.pending), cmp.Compare[string]) {
		p := a.pending[name]
		if err := p.file.Sync(); err != nil {
			return nil, fmt.Errorf("sync %s: %w", name, err)
		}
		if a.length[name] == 0 {
			folders[path.Dir(name)] = true
			folders[path.Dir(path.Dir(name))] = true
		}
		out = append(out, window.Append{Path: name, Length: p.end})
	}
	for dir := range folders {
		if err := atomicfile.SyncDir(filepath.Join(a.root, filepath.FromSlash(dir))); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// committed ends a step that the ledger has.
func (a *appendLog) committed(appends []window.Append) {
	for _, p := range appends {
		a.length[p.Path] = p.Length
	}
	a.abort()
}

// abort ends a step. What it wrote stays behind the committed lengths.
func (a *appendLog) abort() {
	for _, p := range a.pending {
		if p.file != nil {
			_ = p.file.Close() // synced, or not to count
		}
	}
	clear(a.pending)
	a.size = 0
}
