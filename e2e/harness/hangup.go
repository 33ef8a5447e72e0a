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
// which is so when it has said in its log that it started. Earlier ones may have
// been killed before they said so.
func (a *Agent) Up() {
	a.t.Helper()
	a.Await("the start", func() string {
		if said(a.logs(a.before), "started") == 0 {
			return "it has not said so"
		}
		return ""
	})
}

// Said is how often a message is in the log, of all starts.
func (a *Agent) Said(message string) int { return said(a.Logs(), message) }

func said(lines []map[string]any, message string) (n int) {
	for _, line := range lines {
		if line["msg"] == message {
			n++
		}
	}
	return n
}
