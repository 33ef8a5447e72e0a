package harness

import "syscall"

// Hangup asks the daemon to read its configuration anew.
func (a *Agent) Hangup() {
	a.t.Helper()
	a.Up()
	if err := a.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		a.t.Fatal(err)
	}
}

// Up waits until the daemon has read its configuration and listens to signals,
// which is so when it has said in its log that it started.
func (a *Agent) Up() {
	a.t.Helper()
	a.Await("the start", func() string {
		if a.Said("started") < a.Starts {
			return "it has not said so"
		}
		return ""
	})
}

// Said is how often a message is in the log, of all starts.
func (a *Agent) Said(message string) (n int) {
	for _, line := range a.Logs() {
		if line["msg"] == message {
			n++
		}
	}
	return n
}
