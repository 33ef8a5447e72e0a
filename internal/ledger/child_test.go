package ledger

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"go.uber.org/zap"

	"millwright/internal/drop"
	"millwright/internal/window"
)

// The test binary runs itself again as another process that has the ledger.
const (
	childEnv = "LEDGER_TEST_CHILD"
	dirEnv   = "LEDGER_TEST_DIR"
)

func TestMain(m *testing.M) {
	children := map[string]func(context.Context, string) error{"commit": commitForEver, "hold": hold, "read": read}
	if run := children[os.Getenv(childEnv)]; run != nil {
		if err := run(context.Background(), os.Getenv(dirEnv)); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child prepares the process; it ends at the latest with the test.
func child(t *testing.T, what, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
	cmd.Env = append(os.Environ(), childEnv+"="+what, dirEnv+"="+dir)
	cmd.Stderr = os.Stderr
	cmd.Dir = dir
	return cmd
}

const crashBatch = 7

// commitForEver commits batches and tells of each one that is durable.
func commitForEver(ctx context.Context, dir string) error {
	l, err := Open(ctx, dir, zap.NewNop())
	if err != nil {
		return err
	}
	if l.SetAside() != "" {
		return fmt.Errorf("the ledger was set aside")
	}
	for n := int(l.w.head.lastDrop) / crashBatch; ; n++ {
		batch := make([]drop.Taking, crashBatch)
		for i := range batch {
			batch[i] = aTaking(fmt.Sprintf("%d-%d.csv", n, i), fmt.Sprintf("seg-%d", n), 3, n, n+1)
		}
		drops, err := l.CommitTaken(ctx, batch)
		if err != nil {
			return err
		}
		fmt.Println(n)
		r := record(n, 1)
		if err := l.CommitSealed(ctx, []window.Record{r}); err != nil {
			return err
		}
		if err := l.Uploaded(ctx, []window.Result{{ID: r.ID, Generation: 1, Verified: true}}); err != nil {
			return err
		}
		step := window.Closing{ID: r.ID, Late: crashBatch, Appends: []window.Append{{Path: "late/x", Length: int64(n + 1)}}}
		for _, d := range drops {
			step.Release = append(step.Release, release(d, n, 2, 1))
		}
		if err := l.CommitClosed(ctx, []window.Closing{step}); err != nil {
			return err
		}
	}
}

// hold keeps the ledger open until its input ends.
func hold(ctx context.Context, dir string) error {
	l, err := Open(ctx, dir, zap.NewNop())
	if err != nil {
		return err
	}
	fmt.Println("open")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	return l.Close()
}

// read is what `status` does.
func read(ctx context.Context, dir string) error {
	l, err := OpenReadOnly(ctx, dir)
	if err != nil {
		return err
	}
	defer l.Close()
	s, err := l.Summary(ctx)
	if err != nil {
		return err
	}
	fmt.Println("rows:", s.Counts.Rows)
	return nil
}
