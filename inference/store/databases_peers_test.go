//go:build peers

package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"millwright/internal/sqldb/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func databases() map[string]func(testing.TB) string {
	return map[string]func(testing.TB) string{"sqlite": sqliteFile, "postgres": pgtest.DSN}
}

func sqliteFile(t testing.TB) string { return filepath.Join(t.TempDir(), "service.db") }
