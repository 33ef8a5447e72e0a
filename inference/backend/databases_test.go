//go:build !peers

package backend_test

import (
	"path/filepath"
	"testing"
)

func database(t testing.TB) string { return filepath.Join(t.TempDir(), "store.db") }
