//go:build peers

package store_test

import (
	"os"
	"testing"

	"millwright/internal/sqldb/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// databases is PostgreSQL alone: SQLite is tested without the tag.
func databases() map[string]func(testing.TB) string {
	return map[string]func(testing.TB) string{"postgres": pgtest.DSN}
}
