package sink

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"

	"millwright/internal/ledger"
	"millwright/internal/outbox"
)

const childEnv = "MILLWRIGHT_SINK_CHILD"

// TestMain is also the child of the tests that need a process of their own.
func TestMain(m *testing.M) {
	switch os.Getenv(childEnv) {
	case "":
		os.Exit(m.Run())
	case "full":
		exit(fillUp(os.Args[1], os.Args[2], os.Args[3]))
	case "crash":
		exit(sendAll(os.Args[1], os.Args[2]))
	}
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func child(t testing.TB, what string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), childEnv+"="+what)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// fillUp sends messages as CSV while no file can grow beyond 2 KB, and prints the
// error.
func fillUp(state, dir, messages string) error {
	var ms []outbox.Message
	if err := json.Unmarshal([]byte(messages), &ms); err != nil {
		return err
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 2000, Max: 2000}); err != nil {
		return err
	}
	k, err := New(Settings{Kind: "csv", State: state, Dir: dir})
	if err != nil {
		return err
	}
	n, err := k.Send(context.Background(), ms)
	fmt.Println(n, err)
	if n != 0 {
		return fmt.Errorf("%d messages are done", n)
	}
	return nil
}

// sendAll runs a CSV sink over the ledger in state until it is done.
func sendAll(state, dir string) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	led, err := ledger.Open(ctx, state, zap.NewNop())
	if err != nil {
		return err
	}
	k, err := New(Settings{Kind: "csv", State: state, Dir: dir})
	if err != nil {
		return err
	}
	ms, err := led.Messages(ctx, 0, nil, 0)
	if err != nil {
		return err
	}
	s := &site{notices: map[[2]string]string{}}
	fmt.Println("begins")
	go (&Fleet{}).Run(ctx, []*Runner{NewRunner(k, everything(), small{led}, s, state, zap.NewNop())})
	for {
		at, err := led.Cursor(ctx, k.Name())
		if err != nil {
			return err
		}
		if at == ms[len(ms)-1].Seq {
			fmt.Println("done")
			return led.Close()
		}
		time.Sleep(time.Millisecond)
	}
}

// small gives few messages at a time, so that there are many batches to be killed in.
type small struct{ *ledger.Ledger }

func (s small) Messages(ctx context.Context, after int64, kinds []outbox.Kind, _ int) ([]outbox.Message, error) {
	return s.Ledger.Messages(ctx, after, kinds, 1+int(after)%4)
}

// TestCSVKilled kills the process at any point, over and over: in the end each
// line is there once.
func TestCSVKilled(t *testing.T) {
	t.Parallel()
	s, dir := newSite(t), t.TempDir()
	s.fill(t, 0, 100)
	led, err := ledger.Open(t.Context(), s.state, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range s.ms {
		if err := led.CommitStep(t.Context(), outbox.Step{Scheduler: m.Scheduler, Messages: []outbox.Message{m}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := led.Close(); err != nil {
		t.Fatal(err)
	}
	const most = 40 // kills
	random := rand.New(rand.NewPCG(1, 2))
	for kills := 0; ; kills++ {
		cmd := child(t, "crash", s.state, dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		said := bufio.NewReader(out)
		if _, err := said.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		patience := time.AfterFunc(time.Duration(1+random.IntN(50))*time.Millisecond, func() { cmd.Process.Kill() })
		if kills >= most {
			patience.Stop()
		}
		last, _ := said.ReadString('\n')
		err = cmd.Wait()
		patience.Stop()
		if state := cmd.ProcessState.Sys().(syscall.WaitStatus); err != nil && !state.Signaled() {
			t.Fatal(err)
		}
		if last == "done\n" {
			t.Logf("%d kills", kills)
			break
		}
	}
	whole := t.TempDir()
	s.send(t, csvOf(t, s, whole), 0)
	same(t, dir, whole)
}
