package harness

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// process is a program that may be started, killed and started again.
type process struct {
	t      testing.TB
	name   string // in messages
	binary string
	log    string // the file of its output

	cmd    *exec.Cmd
	ended  chan error
	Starts int
	before int64 // size of the log at the start
}

// start starts it. It does not wait for anything.
func (p *process) start(env []string, args ...string) {
	p.t.Helper()
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		p.t.Fatal(err)
	}
	defer log.Close()
	if info, err := log.Stat(); err == nil {
		p.before = info.Size()
	}
	p.cmd = exec.Command(p.binary, args...)
	p.cmd.Env, p.cmd.Stderr, p.cmd.Stdout = env, log, log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatalf("start %s: %v", p.name, err)
	}
	p.Starts++
	ended := make(chan error, 1)
	go func(cmd *exec.Cmd) { ended <- cmd.Wait() }(p.cmd)
	p.ended = ended
}

// end is what comes after a test.
func (p *process) end() {
	if p.cmd != nil {
		p.Kill()
	}
	if p.t.Failed() {
		p.t.Logf("%s's last lines:\n%s", p.name, p.tail(60))
	}
}

// Kill is kill -9.
func (p *process) Kill() {
	p.cmd.Process.Kill()
	<-p.ended
	p.cmd = nil
}

// stopsWithin is when systemd would lose its patience with the agent.
const stopsWithin = time.Minute

// Stop is SIGTERM; the exit code must be 0.
func (p *process) Stop() {
	p.t.Helper()
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-p.ended:
		if err != nil {
			p.t.Errorf("%s stopped with %v", p.name, err)
		}
	case <-time.After(stopsWithin):
		p.t.Errorf("%s does not stop; it is killed", p.name)
		p.cmd.Process.Kill()
		<-p.ended
	}
	p.cmd = nil
}

// Running tells whether it was started and neither killed nor stopped since.
func (p *process) Running() bool { return p.cmd != nil }

// Memory gives a size of the running process in bytes by the kernel's name for it,
// such as VmHWM.
func (p *process) Memory(name string) int64 {
	p.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var kib int64
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			if _, err := fmt.Sscan(rest, &kib); err != nil {
				p.t.Fatal(err)
			}
			return kib << 10
		}
	}
	p.t.Fatalf("the kernel knows no %s", name)
	return 0
}

// Ended gives the error of one that ended by itself, which is a failure.
func (p *process) Ended() error {
	select {
	case err := <-p.ended:
		p.ended <- err
		return fmt.Errorf("%s ended: %v", p.name, err)
	default:
		return nil
	}
}

// Patience is how long the harness waits for what must come. After a long outage the
// agent looks for the store every half a minute or so; the rest is for machines that
// have other things to do.
const Patience = 3 * time.Minute

// Await asks again and again until what is missing is "".
func (p *process) Await(what string, missing func() string) {
	p.t.Helper()
	p.AwaitFor(Patience, what, missing)
}

// AwaitFor is Await of what may take longer.
func (p *process) AwaitFor(patience time.Duration, what string, missing func() string) {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		words := missing()
		if words == "" {
			return
		}
		if p.cmd != nil {
			if err := p.Ended(); err != nil {
				p.t.Fatalf("%s: %v", what, err)
			}
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%s: not within %s:\n%s", what, patience, words)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Logs gives the log's lines that are JSON, of all starts.
func (p *process) Logs() []map[string]any { return p.logs(0) }

// logs gives those after so many bytes.
func (p *process) logs(from int64) []map[string]any {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return nil
	}
	text = text[from:]
	var all []map[string]any
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line map[string]any
		if json.Unmarshal(lines.Bytes(), &line) == nil {
			all = append(all, line)
		}
	}
	return all
}

func (p *process) tail(n int) string {
	text, _ := os.ReadFile(p.log)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
