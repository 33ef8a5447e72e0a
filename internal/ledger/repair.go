package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap"
)

// setAside renames a damaged ledger with its companions, so that nothing of it
// is lost and a fresh one can be made. The -wal goes first: when a crash comes
// between the renames, the ledger without its -wal is behind its mark and is
// set aside at the next start.
func setAside(path string, cause error, log *zap.Logger) (string, error) {
	to, err := freeName(path + ".damaged-" + time.Now().UTC().Format("20060102T150405Z"))
	if err != nil {
		return "", fmt.Errorf("set aside %s: %w", path, err)
	}
	for _, suffix := range []string{"-wal", "", "-shm"} {
		if err := os.Rename(path+suffix, to+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("set aside %s: %w", path, err)
		}
	}
	if err := syncFolder(filepath.Dir(path)); err != nil {
		return "", fmt.Errorf("set aside %s: %w", path, err)
	}
	log.Error("ledger is damaged: set aside, and a fresh one is made", zap.String("ledger", path), zap.String("kept", to), zap.Error(cause))
	return to, nil
}

func freeName(name string) (string, error) {
	for i := 1; i < 1000; i++ {
		try := name
		if i > 1 {
			try = fmt.Sprintf("%s-%d", name, i)
		}
		if _, err := os.Lstat(try); errors.Is(err, fs.ErrNotExist) {
			return try, nil
		}
	}
	return "", fmt.Errorf("too many files named like %s: remove some", name)
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
