package harness

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Agent is a gateway: the folders and the configuration of one agent, which may
// be started, killed and started again.
type Agent struct {
	Dir   string // drop/, state/, agent.yaml, credentials, log
	Clock *Clock

	t      testing.TB
	binary string
	cmd    *exec.Cmd
	ended  chan error
	Starts int
}

// NewAgent writes the configuration. Nothing runs until Start.
func NewAgent(t testing.TB, binary string, clock *Clock, s Setup) *Agent {
	t.Helper()
	a := &Agent{Dir: t.TempDir(), Clock: clock, t: t, binary: binary}
	for _, dir := range []string{a.Drops(), a.State()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	a.Credentials(AccessKey, SecretKey)
	a.Configure(s)
	t.Cleanup(func() {
		if a.cmd != nil {
			a.Kill()
		}
		if t.Failed() {
			t.Logf("the agent's last lines:\n%s", a.tail(60))
		}
	})
	return a
}

// Drops is the drop folder.
func (a *Agent) Drops() string { return filepath.Join(a.Dir, "drop") }

// State is the agent's state folder.
func (a *Agent) State() string { return filepath.Join(a.Dir, "state") }

// Config is the path of the configuration file.
func (a *Agent) Config() string { return filepath.Join(a.Dir, "agent.yaml") }

// Configure replaces the configuration file.
func (a *Agent) Configure(s Setup) {
	a.t.Helper()
	text, err := s.file(a)
	if err != nil {
		a.t.Fatal(err)
	}
	if err := os.WriteFile(a.Config(), text, 0o600); err != nil {
		a.t.Fatal(err)
	}
}

// Credentials replaces the shared credentials file that the agent uses.
func (a *Agent) Credentials(key, secret string) {
	a.t.Helper()
	text := fmt.Sprintf("[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n", key, secret)
	path := filepath.Join(a.Dir, "credentials")
	if err := os.WriteFile(path+".tmp", []byte(text), 0o600); err != nil {
		a.t.Fatal(err)
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		a.t.Fatal(err)
	}
}

// Env is what the agent's processes get: nothing of the developer's own settings.
func (a *Agent) Env() []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + a.Dir, "TZ=UTC",
		"AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(a.Dir, "credentials"),
		"AWS_CONFIG_FILE=" + filepath.Join(a.Dir, "no-config"),
		"AWS_EC2_METADATA_DISABLED=true",
		"GORACE=halt_on_error=1",
	}
}

// Start starts the daemon. It does not wait for anything.
func (a *Agent) Start() {
	a.t.Helper()
	log, err := os.OpenFile(a.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		a.t.Fatal(err)
	}
	defer log.Close()
	args := []string{"run", "--config", a.Config()}
	if a.Clock != nil {
		args = append(args, "--rehearse", a.Clock.Flag())
	}
	a.cmd = exec.Command(a.binary, args...)
	a.cmd.Env, a.cmd.Stderr, a.cmd.Stdout = a.Env(), log, log
	a.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := a.cmd.Start(); err != nil {
		a.t.Fatalf("start the agent: %v", err)
	}
	a.Starts++
	ended := make(chan error, 1)
	go func(cmd *exec.Cmd) { ended <- cmd.Wait() }(a.cmd)
	a.ended = ended
}

// Kill is kill -9.
func (a *Agent) Kill() {
	a.cmd.Process.Kill()
	<-a.ended
	a.cmd = nil
}

// Stop is SIGTERM; the exit code must be 0.
func (a *Agent) Stop() {
	a.t.Helper()
	a.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-a.ended:
		if err != nil {
			a.t.Errorf("the agent stopped with %v", err)
		}
	case <-time.After(30 * time.Second):
		a.t.Errorf("the agent does not stop; it is killed")
		a.cmd.Process.Kill()
		<-a.ended
	}
	a.cmd = nil
}

// Running tells whether it was started and neither killed nor stopped since.
func (a *Agent) Running() bool { return a.cmd != nil }

// Memory gives a size of the running process in bytes by the kernel's name for it,
// such as VmHWM.
func (a *Agent) Memory(name string) int64 {
	a.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", a.cmd.Process.Pid))
	if err != nil {
		a.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var kib int64
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			if _, err := fmt.Sscan(rest, &kib); err != nil {
				a.t.Fatal(err)
			}
			return kib << 10
		}
	}
	a.t.Fatalf("the kernel knows no %s", name)
	return 0
}

// Ended gives the error of an agent that ended by itself, which is a failure.
func (a *Agent) Ended() error {
	select {
	case err := <-a.ended:
		a.ended <- err
		return fmt.Errorf("the agent ended: %v", err)
	default:
		return nil
	}
}

// Verb runs another verb of the binary on this agent's configuration.
func (a *Agent) Verb(args ...string) Output {
	a.t.Helper()
	return Run(a.t, a.binary, a.Env(), args...)
}

// Status reads what status --json says into v, with args such as "drop", PATH.
func (a *Agent) Status(v any, args ...string) error {
	a.t.Helper()
	out := a.Verb(append(append([]string{"status"}, args...), "--config", a.Config(), "--json")...)
	if out.Code != 0 {
		return fmt.Errorf("status %v: exit code %d: %s", args, out.Code, out.Stderr)
	}
	return json.Unmarshal([]byte(out.Stdout), v)
}

// Fate is what status drop says of one version of a drop.
type Fate struct {
	Version int64
	State   string
	Why     string
	Counts  Counts
}

// Counts are a drop's rows by what became of them.
type Counts struct{ Rows, Windowed, Late, Older, Ahead, Ambiguous, Bad, Open int64 }

// Plus adds counts: of a file that grew, each part has its own.
func (c Counts) Plus(o Counts) Counts {
	return Counts{
		c.Rows + o.Rows, c.Windowed + o.Windowed, c.Late + o.Late, c.Older + o.Older,
		c.Ahead + o.Ahead, c.Ambiguous + o.Ambiguous, c.Bad + o.Bad, c.Open + o.Open,
	}
}

// Accounted is how many rows of the drop something became of.
func (f Fate) Accounted() int64 {
	c := f.Counts
	return c.Windowed + c.Late + c.Older + c.Ahead + c.Ambiguous + c.Bad
}

// Fates asks what became of a drop, the newest version first.
func (a *Agent) Fates(path string) ([]Fate, error) {
	a.t.Helper()
	var all []Fate
	err := a.Status(&all, "drop", filepath.Join(a.Drops(), filepath.FromSlash(path)))
	return all, err
}

// AwaitTaken waits until the agent has taken the n-th content of a path.
func (a *Agent) AwaitTaken(path string, n int) {
	a.t.Helper()
	a.Await("taking "+path, func() string {
		fates, err := a.Fates(path)
		if err != nil {
			return err.Error()
		}
		if len(fates) < n || fates[0].State == "unknown" || fates[0].State == "refused" {
			return fmt.Sprintf("want version %d, status says %+v", n, fates)
		}
		return ""
	})
}

// Patience is how long the harness waits for what must come. After a long outage the
// agent looks for the store every half a minute or so.
const Patience = time.Minute

// Await asks again and again until what is missing is "".
func (a *Agent) Await(what string, missing func() string) {
	a.t.Helper()
	deadline := time.Now().Add(Patience)
	for {
		words := missing()
		if words == "" {
			return
		}
		if a.cmd != nil {
			if err := a.Ended(); err != nil {
				a.t.Fatalf("%s: %v", what, err)
			}
		}
		if time.Now().After(deadline) {
			a.t.Fatalf("%s: not within %s:\n%s", what, Patience, words)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (a *Agent) log() string { return filepath.Join(a.Dir, "log") }

// Logs gives the log's lines that are JSON, of all starts.
func (a *Agent) Logs() []map[string]any {
	text, err := os.ReadFile(a.log())
	if err != nil {
		return nil
	}
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

func (a *Agent) tail(n int) string {
	text, _ := os.ReadFile(a.log())
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// Put drops content at a path below the drop folder: whole, by renaming.
func (a *Agent) Put(path string, content []byte) {
	a.t.Helper()
	a.PutAt(path, content, time.Now())
}

// PutAt is Put of a file with another modification time.
func (a *Agent) PutAt(path string, content []byte, modified time.Time) {
	a.t.Helper()
	full := filepath.Join(a.Drops(), filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		a.t.Fatal(err)
	}
	if err := os.WriteFile(full+".part", content, 0o644); err != nil {
		a.t.Fatal(err)
	}
	if err := os.Chtimes(full+".part", modified, modified); err != nil {
		a.t.Fatal(err)
	}
	if err := os.Rename(full+".part", full); err != nil {
		a.t.Fatal(err)
	}
}

// Append adds content to a drop in place, as a logger does.
func (a *Agent) Append(path string, content []byte) {
	a.t.Helper()
	full := filepath.Join(a.Drops(), filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		a.t.Fatal(err)
	}
	f, err := os.OpenFile(full, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		a.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(content); err != nil {
		a.t.Fatal(err)
	}
}

// Remove deletes a drop; one that is gone already is fine.
func (a *Agent) Remove(path string) {
	os.Remove(filepath.Join(a.Drops(), filepath.FromSlash(path)))
}
