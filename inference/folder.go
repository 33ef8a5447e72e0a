package inference

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// openFolder makes data_dir and keeps other processes out of it: what lies there is
// one node's. The kernel lets go of the lock when the process ends, however it ends.
func (s *Service) openFolder(context.Context) error {
	if err := os.MkdirAll(s.cfg.DataDir, 0o750); err != nil {
		return fmt.Errorf("make data_dir: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(s.cfg.DataDir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("lock data_dir: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = errors.New("another millwright serves from it: stop that one first, or give this one a folder of its own (--data, or data_dir in its configuration)")
		}
		return errors.Join(fmt.Errorf("lock %s: %w", s.cfg.DataDir, err), f.Close())
	}
	s.closers = append(s.closers, f.Close)
	return nil
}
