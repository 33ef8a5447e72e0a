package harness

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Agent is a gateway: the folders and the configuration of one agent, which may
// be started, killed and started again.
type Agent struct {
	Dir   string // drop/, state/, agent.yaml, credentials, log
	Clock *Clock

	process
}

// NewAgent writes the configuration. Nothing runs until Start.
func NewAgent(t testing.TB, binary string, clock *Clock, s Setup) *Agent {
	t.Helper()
	a := &Agent{Dir: t.TempDir(), Clock: clock}
	a.process = process{t: t, name: "the agent", binary: binary, log: filepath.Join(a.Dir, "log")}
	for _, dir := range []string{a.Drops(), a.State()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	a.Credentials(AccessKey, SecretKey)
	a.Configure(s)
	t.Cleanup(a.end)
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
	args := []string{"run", "--config", a.Config()}
	if a.Clock != nil {
		args = append(args, "--rehearse", a.Clock.Flag())
	}
	a.start(a.Env(), args...)
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
