package systemd

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
)

// manager plays the service manager and gives what it was told, one by one.
func manager(t *testing.T) (told func() string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	buf := make([]byte, 4096)
	return func() string {
		_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
		n, err := c.Read(buf)
		if err != nil {
			return err.Error()
		}
		return string(buf[:n])
	}
}

func TestTheManagerHearsEverything(t *testing.T) {
	told := manager(t)
	t.Setenv("WATCHDOG_USEC", "60000000")
	t.Setenv("WATCHDOG_PID", strconv.Itoa(os.Getpid()))
	n := New(zap.NewNop())
	n.Ready()
	n.Status("two\nlines  of it")
	n.Alive()
	n.Stopping()
	for _, want := range []string{"READY=1", "STATUS=two lines of it", "WATCHDOG=1", "STOPPING=1"} {
		if got := told(); got != want {
			t.Errorf("told %q, want %q", got, want)
		}
	}
	n.Reloading()
	if got := told(); !strings.HasPrefix(got, "RELOADING=1\nMONOTONIC_USEC=") || strings.HasSuffix(got, "=") {
		t.Errorf("told %q", got)
	}
}

func TestNoWatchdogIsFedThatIsNotThere(t *testing.T) {
	told := manager(t)
	for _, pid := range []string{"", "1"} { // none, and one of another process
		if pid != "" {
			t.Setenv("WATCHDOG_USEC", "60000000")
			t.Setenv("WATCHDOG_PID", pid)
		}
		n := New(zap.NewNop())
		n.Alive()
		n.Ready()
		if got := told(); got != "READY=1" {
			t.Errorf("told %q", got)
		}
	}
}

func TestOutsideSystemdNothingHappens(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	n := New(zap.NewNop())
	n.Ready()
	n.Reloading()
	n.Status("x")
	n.Alive()
	n.Stopping()
}
