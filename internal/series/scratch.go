package series

import (
	"fmt"
	"os"
)

// scratchFile opens a file without a name: it is gone when it is closed, or
// when the process ends in whatever way.
func scratchFile(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "millwright-*.scratch")
	if err != nil {
		return nil, fmt.Errorf("create scratch file: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("unlink scratch file: %w", err)
	}
	return f, nil
}
