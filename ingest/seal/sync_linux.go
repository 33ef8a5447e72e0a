package seal

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// syncFilesystem makes all files, of one file system, durable at once.
func syncFilesystem(files []*os.File) error {
	if err := unix.Syncfs(int(files[0].Fd())); err != nil {
		return fmt.Errorf("sync the file system of %s: %w", files[0].Name(), err)
	}
	return nil
}
