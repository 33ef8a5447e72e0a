// Package harness runs the built agent in tests as a gateway would: with a drop
// folder, a state folder, a configuration file and a bucket, and with what goes
// wrong there: kills, a link that is down or slow, and clocks that step. It knows
// the program only by its command line and its files.
package harness

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Builder makes the binary under test once, whoever asks first. The zero value
// builds the gateway's build with a clock that tests can move, from the tree this
// module lies in; MILLWRIGHT names a binary to be used instead (MILLWRIGHT_FULL for
// Full), and MILLWRIGHT_BUILD has more flags for go build, such as -race.
type Builder struct {
	Full bool // all that the program has, in place of the gateway's build

	once sync.Once
	path string
	err  error
	out  []byte
}

// Binary gives the path of the binary.
func (b *Builder) Binary(t testing.TB) string {
	t.Helper()
	b.once.Do(b.build)
	if b.err != nil {
		t.Fatalf("build millwright: %v\n%s", b.err, b.out)
	}
	return b.path
}

func (b *Builder) build() {
	if b.path = os.Getenv(b.variable()); b.path != "" {
		return
	}
	var root string
	if root, b.err = moduleRoot(); b.err != nil {
		return
	}
	tags, name := "agent,testclock", "millwright-e2e"
	if b.Full {
		tags, name = "testclock", "millwright-e2e-full"
	}
	b.path = filepath.Join(root, "bin", name)
	var unlock func()
	if unlock, b.err = alone(b.path + ".lock"); b.err != nil {
		return
	}
	defer unlock()
	args := []string{"build", "-tags", tags, "-o", b.path}
	if extra := os.Getenv("MILLWRIGHT_BUILD"); extra != "" {
		args = append(args, extra)
	}
	cmd := exec.Command("go", append(args, "./cmd/millwright")...)
	cmd.Dir = root
	b.out, b.err = cmd.CombinedOutput()
}

// alone waits for its turn among processes: the tests of several packages make the
// same binary, and one that is up to date is not written over while others start it.
func alone(path string) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { // a clone has none
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}

func (b *Builder) variable() string {
	if b.Full {
		return "MILLWRIGHT_FULL"
	}
	return "MILLWRIGHT"
}

// moduleRoot is the folder with cmd/millwright, above the working directory.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "cmd", "millwright")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", os.ErrNotExist
		}
		dir = up
	}
}

// Output is what a verb left behind.
type Output struct {
	Code           int
	Stdout, Stderr string
}

// Run runs one verb to its end, for at most some minutes.
func Run(t testing.TB, binary string, env []string, args ...string) Output {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = env
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatalf("run %v: %v", args, err)
	}
	return Output{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}
