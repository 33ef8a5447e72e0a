//go:build !peers

package jobs_test

import (
	"path/filepath"
	"testing"

	"millwright/internal/s3server/s3test"
)

func runAll(m *testing.M) int { return s3test.Main(m) }

func database(t testing.TB) string { return filepath.Join(t.TempDir(), "store.db") }

// sessionOf is the database as a process is to open it.
func sessionOf(database, _ string) string { return database }

// ended has nothing to wait for: what a process writes ends with it.
func (*rig) ended(string) {}

const aSecondAgo = `datetime('now', 'subsec', '-1 second')`
