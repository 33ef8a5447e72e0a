//go:build peers

package jobs_test

import (
	"fmt"
	"os"
	"testing"

	"millwright/internal/sqldb/pgtest"
)

// runAll has the S3 server's folder in one that goes with the PostgreSQL server.
func runAll(m *testing.M) int {
	dir, err := os.MkdirTemp("", "jobs-")
	if err == nil {
		err = os.Chmod(dir, 0o755) //nolint:gosec // another user runs PostgreSQL
	}
	if err == nil {
		err = os.Setenv("TMPDIR", dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	return pgtest.Main(m)
}

func database(t testing.TB) string { return pgtest.DSN(t) }

const aSecondAgo = `now() - interval '1 second'`
