//go:build !peers

package store_test

import (
	"path/filepath"
	"testing"
)

// databases make empty databases, one of each kind that is tested: with the tag peers
// PostgreSQL.
func databases() map[string]func(testing.TB) string {
	return map[string]func(testing.TB) string{"sqlite": sqliteFile}
}

func sqliteFile(t testing.TB) string { return filepath.Join(t.TempDir(), "service.db") }
