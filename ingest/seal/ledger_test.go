package seal

import (
	"os"
	"sync/atomic"
	"testing"

	"go.uber.org/zap"
	"pgregory.net/rapid"

	"millwright/internal/ledger"
)

var _ book = (*ledger.Ledger)(nil)

// The same promises hold over the ledger that is shipped. It syncs its commits,
// so that a few runs have to do.
func TestCrashesOverTheLedger(t *testing.T) {
	t.Parallel()
	var runs atomic.Int32
	rapid.Check(t, func(t *rapid.T) {
		if runs.Add(1) > 12 {
			return
		}
		dir, err := os.MkdirTemp("", "ledger")
		if err != nil {
			t.Fatal(err)
		}
		l, err := ledger.Open(bg, dir, zap.NewNop())
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := l.Close(); err != nil {
				t.Error(err)
			}
			_ = os.RemoveAll(dir)
		}()
		crashes(t, l)
	})
}
