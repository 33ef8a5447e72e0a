package agent

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"

	"millwright/config"
	"millwright/internal/clock"
	"millwright/internal/ledger"
	"millwright/internal/objstore"
	"millwright/internal/s3server/s3test"
)

func TestMain(m *testing.M) { os.Exit(s3test.Main(m)) }

// gateway is an agent whose configuration is a file that a test writes.
type gateway struct {
	t      *testing.T
	dir    string
	srv    *s3test.Server
	store  *objstore.Client
	hangup chan os.Signal
	heard  *listener
	serves chan string // URLs of the status page
	begin  time.Time
	since  time.Time // real time of the start
	last   int       // the newest window that rows were dropped for
}

// pace makes a window of five minutes a second.
const pace = 300

// patience is for machines that have other things to do.
const patience = 2 * time.Minute

func newGateway(t *testing.T) *gateway {
	g := &gateway{t: t, dir: t.TempDir(), srv: s3test.New(t), hangup: make(chan os.Signal, 1), heard: &listener{}, serves: make(chan string, 16), begin: time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)}
	g.store = g.srv.Client(t, "")
	return g
}

func (g *gateway) path(elem ...string) string {
	return filepath.Join(append([]string{g.dir}, elem...)...)
}

// write makes the configuration that of these components, one scheduler and one
// drop folder each.
func (g *gateway) write(more string, components ...string) {
	g.t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "instance: gw\nstate_dir: %s\ns3: {endpoint: %q, path_style: true}\nlimits: {free: 64MiB}\ndrops:\n", g.path("state"), g.srv.Endpoint)
	for _, c := range components {
		if err := os.MkdirAll(g.path("drop", c), 0o750); err != nil {
			g.t.Fatal(err)
		}
		fmt.Fprintf(&b, "  - {path: %s, component: %s, complete: {rule: rename}}\n", g.path("drop", c), c)
	}
	b.WriteString("schedulers:\n")
	for _, c := range components {
		fmt.Fprintf(&b, "  - {name: %s, data_upload_frequency: PT5M, data_delay_offset_in_minutes: 2, target_sampling_rate: PT1M, input: {bucket: %s, prefix: in/}, output: {bucket: %s, prefix: out/%s/}}\n", c, g.srv.Bucket, g.srv.Bucket, c)
	}
	g.file(b.String() + more)
}

func (g *gateway) file(text string) {
	g.t.Helper()
	if err := os.WriteFile(g.path("agent.yaml"), []byte(text), 0o600); err != nil {
		g.t.Fatal(err)
	}
}

func (g *gateway) load() (*config.Config, error) {
	cfg, _, err := config.Load(g.path("agent.yaml"))
	return cfg, err
}

// run starts the agent and gives what stops it.
func (g *gateway) run() (stop func()) {
	g.t.Helper()
	cfg, err := g.load()
	if err != nil {
		g.t.Fatal(err)
	}
	a := New(cfg, clock.NewRehearsal(g.begin, pace), zap.NewNop())
	g.since = time.Now()
	a.CredentialsFile, a.Supervisor, a.Hangup, a.Reread = g.srv.CredentialsFile, g.heard, g.hangup, g.load
	a.Serves = func(url string) { g.serves <- url }
	ctx, cancel := context.WithCancel(g.t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			g.t.Error(err)
		}
	}
}

// drop writes a component's rows of a window that nothing was dropped for yet, and
// gives the window's key.
func (g *gateway) drop(component string) string {
	g.t.Helper()
	now := func() int { return int(time.Since(g.since) * pace / (5 * time.Minute)) }
	g.until("the next window", func() bool { return now() > g.last })
	g.last = now()
	return g.dropAt(component, g.last)
}

// dropAt writes the rows of the nth window after the start.
func (g *gateway) dropAt(component string, n int) string {
	g.t.Helper()
	start := g.begin.Add(time.Duration(n) * 5 * time.Minute)
	var b strings.Builder
	b.WriteString("Timestamp,flow\n")
	for m := 1; m <= 5; m++ {
		fmt.Fprintf(&b, "%s,%d\n", start.Add(time.Duration(m)*time.Minute).Format(time.RFC3339), m)
	}
	name := g.path("drop", component, fmt.Sprintf("%s-%d.csv", component, n))
	if err := os.WriteFile(name+".part", []byte(b.String()), 0o600); err != nil {
		g.t.Fatal(err)
	}
	if err := os.Rename(name+".part", name); err != nil {
		g.t.Fatal(err)
	}
	return fmt.Sprintf("in/%s-%s.csv", component, start.Format("20060102150405"))
}

func (g *gateway) until(what string, ok func() bool) {
	g.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); !ok(); <-tick.C {
		if time.Now().After(end) {
			g.t.Fatalf("not within %s: %s; heard %q", patience, what, g.heard.take())
		}
	}
}

func (g *gateway) arrives(key string) {
	g.t.Helper()
	g.until(key, func() bool {
		_, err := g.store.Head(g.t.Context(), g.srv.Bucket, key)
		return err == nil
	})
}

// reload asks for a reload and waits until it is over.
func (g *gateway) reload() {
	g.t.Helper()
	g.heard.take()
	g.hangup <- syscall.SIGHUP
	var all []string
	g.until("reload", func() bool {
		all = append(all, g.heard.take()...)
		text := strings.Join(all, "\n")
		at := strings.Index(text, "reloading")
		return at >= 0 && strings.Contains(text[at:], "\nready")
	})
}

// rejected is the note on the configuration's file, "" for none.
func (g *gateway) rejected() string {
	g.t.Helper()
	led, err := ledger.OpenReadOnly(g.t.Context(), g.path("state"))
	if err != nil {
		g.t.Fatal(err)
	}
	defer led.Close()
	all, err := led.Notices(g.t.Context())
	if err != nil {
		g.t.Fatal(err)
	}
	for _, n := range all {
		if n.Scope == configScope {
			return n.Text
		}
	}
	return ""
}

func TestReloadBringsSchedulersAndTakesThemAway(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	g.write("", "pump", "fan")
	stop := g.run()
	g.until("ready", func() bool { return strings.Contains(strings.Join(g.heard.take(), "\n"), "ready") })
	pump, fan := g.drop("pump"), g.drop("fan")
	g.arrives(pump)
	g.arrives(fan)

	// A scheduler and its folder come, another one goes. What waits for its window
	// when the loops stop is in its window all the same.
	waiting := g.dropAt("pump", g.last+1)
	g.last++
	g.write("", "pump", "mill")
	g.reload()
	g.arrives(waiting)
	g.arrives(g.drop("mill"))
	left := g.drop("fan")
	g.arrives(g.drop("pump"))
	if _, err := g.store.Head(t.Context(), g.srv.Bucket, left); err == nil {
		t.Error("a scheduler that is gone got a window")
	}

	// One that comes back has what lies in its folder.
	g.write("", "pump", "fan")
	g.reload()
	g.arrives(g.drop("fan"))
	stop()
}

// A stop may meet the opening of the ledger, a start half-way, and a reload.
func TestAStopAtAnyMomentIsNoFailure(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	g.write("", "pump")
	for i := range 40 {
		stop := g.run()
		time.Sleep(time.Duration(i) * time.Millisecond)
		if i%2 == 1 {
			g.hangup <- syscall.SIGHUP
			time.Sleep(time.Duration(i/4) * time.Millisecond)
		}
		stop()
		select {
		case <-g.hangup: // it was not heard
		default:
		}
	}
	stop := g.run() // with all that it should have
	g.arrives(g.drop("pump"))
	stop()
	aside, err := filepath.Glob(g.path("state/*damaged*"))
	if err != nil || len(aside) > 0 {
		t.Errorf("set aside: %v %v", aside, err)
	}
}

func TestARejectedReloadKeepsTheOldConfiguration(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	g.write("", "pump")
	stop := g.run()
	g.arrives(g.drop("pump"))
	for _, bad := range []struct{ name, words string }{
		{"not YAML", "is not YAML"},
		{"unknown key", "limts"},
		{"another state folder", "state_dir cannot change"},
		{"no such authority", "ca_file"},
	} {
		switch bad.name {
		case "not YAML":
			g.file("instance: [\n")
		case "unknown key":
			g.write("limts: {}\n", "pump")
		default:
			g.write("", "pump")
			text, err := os.ReadFile(g.path("agent.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			if bad.name == "another state folder" {
				g.file(strings.Replace(string(text), g.path("state"), g.path("other"), 1))
			} else {
				g.file(strings.Replace(string(text), "path_style: true", "path_style: true, ca_file: "+g.path("none.pem"), 1))
			}
		}
		g.reload()
		if why := g.rejected(); !strings.Contains(why, bad.words) {
			t.Errorf("%s: the note is %q", bad.name, why)
		}
		g.arrives(g.drop("pump"))
	}
	g.write("", "pump")
	g.reload()
	if why := g.rejected(); why != "" {
		t.Errorf("after a good file: %s", why)
	}
	g.arrives(g.drop("pump"))
	stop()
	if _, err := os.Stat(g.path("other")); err == nil {
		t.Error("a state folder was made that was refused")
	}
}

func TestWhatIsSaidOfARejectedFile(t *testing.T) {
	t.Parallel()
	many := config.Faults{{Key: "a", Problem: "is wrong"}, {Key: "b", Problem: "is wrong"}, {Key: "c", Problem: "is wrong"}}
	if got := brief(many); strings.Contains(got, "\n") || !strings.HasPrefix(got, many[0].String()) || !strings.HasSuffix(got, "; and 2 more: run 'millwright config check'") {
		t.Errorf("%q", got)
	}
	if got := brief(many[:1]); got != many[0].String() {
		t.Errorf("%q", got)
	}
	if got := cure(many); !strings.Contains(got, "correct it") {
		t.Errorf("%q", got)
	}
	old, now := &config.Config{Instance: "a", StateDir: "/a"}, &config.Config{Instance: "b", StateDir: "/b"}
	if err := fixed(old, old); err != nil {
		t.Error(err)
	}
	err := fixed(old, now)
	if got := cure(err); !strings.Contains(got, "systemctl restart millwright") || !strings.HasSuffix(brief(err), "and 1 more: run 'millwright config check'") {
		t.Errorf("%q, %q", brief(err), got)
	}
}
