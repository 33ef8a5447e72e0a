//go:build peers

package backend_test

import (
	"os"
	"testing"

	"millwright/internal/sqldb/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func database(t testing.TB) string { return pgtest.DSN(t) }
