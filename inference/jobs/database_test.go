//go:build !peers

package jobs_test

import (
	"path/filepath"
	"testing"

	"millwright/internal/s3server/s3test"
)

func runAll(m *testing.M) int { return s3test.Main(m) }

func database(t testing.TB) string { return filepath.Join(t.TempDir(), "store.db") }

const aSecondAgo = `datetime('now', 'subsec', '-1 second')`
