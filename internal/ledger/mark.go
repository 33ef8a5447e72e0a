package ledger

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// markWidth is the length of the mark's line: a count in 19 digits.
const markWidth = 20

// mark is a small file beside the ledger with two uses. It is locked while a
// process has the ledger open for writing. And it holds the number of commits,
// written after each of them without fsync: it may lag behind the ledger after
// a power cut, but a ledger that is behind its mark has lost commits, which
// SQLite itself cannot see when its write-ahead log is gone.
type mark struct {
	file *os.File
	n    int64
}

func openMark(path string) (*mark, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = errors.New("another millwright has it open: stop that one, or give this one its own state_dir")
		}
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
	}
	line := make([]byte, markWidth)
	n, _ := f.ReadAt(line, 0) // too short or unreadable: no count is known
	m := &mark{file: f}
	if v, err := strconv.ParseInt(strings.TrimSpace(string(line[:n])), 10, 64); err == nil && v > 0 {
		m.n = v
	}
	return m, nil
}

// Commits is the number of commits the ledger is known to have had.
func (m *mark) Commits() int64 { return m.n }

// Set notes the number of commits.
func (m *mark) Set(commits int64) error {
	line := fmt.Appendf(nil, "%0*d\n", markWidth-1, commits)
	if _, err := m.file.WriteAt(line, 0); err != nil {
		return fmt.Errorf("write mark: %w", err)
	}
	m.n = commits
	return nil
}

// Close unlocks the ledger. It is safe to call twice.
func (m *mark) Close() error {
	// Said aloud, since a child process that is being started may share the file.
	_ = syscall.Flock(int(m.file.Fd()), syscall.LOCK_UN)
	if err := m.file.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}
