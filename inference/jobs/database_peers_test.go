//go:build peers

package jobs_test

import (
	"fmt"
	"net/url"
	"os"
	"testing"
	"time"

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

// sessionOf is the database as a process is to open it whose sessions have a name.
func sessionOf(database, name string) string {
	return database + "&application_name=" + url.QueryEscape(name)
}

// ended waits until the server has no session of a process that was killed: until then
// it may still carry out what that has sent.
func (r *rig) ended(session string) {
	r.t.Helper()
	db, _ := r.store.DB()
	r.until("the end of its sessions", time.Minute, func() bool {
		var n int
		err := db.QueryRowContext(r.t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE application_name = $1`, session).Scan(&n)
		return err == nil && n == 0
	})
}

const aSecondAgo = `now() - interval '1 second'`
