//go:build packages

// Package packages installs the packages on a Debian machine that is made for
// it, and does there what an engineer at a plant does. It wants root, mmdebstrap
// and systemd-nspawn, and so the tag 'packages'.
package packages

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// machine is a booted Debian with systemd, and with no network but its own.
type machine struct {
	t    *testing.T
	unit string // that is tested on it
	root string // its file system, as seen from here
	init int    // its first process, as seen from here
}

// include is what it has besides Debian's essential packages.
const include = "systemd,systemd-sysv,dbus,init,procps,acl"

// boot makes a machine and waits until it is up. Its root file system is made
// once and kept with what was built.
func boot(t *testing.T, unit string) *machine {
	t.Helper()
	cache, err := filepath.Abs("../../bin")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(cache, 0o755); err != nil { // a clone has none
		t.Fatal(err)
	}
	archive := filepath.Join(cache, "debian-bookworm.tar")
	if _, err := os.Stat(archive); err != nil {
		args := []string{"--format=tar", "--variant=minbase", `--aptopt=Acquire::Retries "5"`, "--include=" + include, "bookworm", archive + ".part"}
		for _, sources := range []string{"/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list"} {
			if info, err := os.Stat(sources); err == nil && info.Size() > 0 {
				args = append(args, sources) // the mirror that this machine has
				break
			}
		}
		for tries := 1; ; tries++ { // the network may fail by chance
			out, err := exec.CommandContext(t.Context(), "mmdebstrap", args...).CombinedOutput()
			if err == nil {
				break
			}
			if tries == 4 {
				t.Fatalf("mmdebstrap %q: %v\n%s", args, err, out)
			}
			t.Logf("mmdebstrap: %v\n%s", err, out)
			time.Sleep(time.Duration(tries) * 15 * time.Second)
		}
		if err := os.Rename(archive+".part", archive); err != nil {
			t.Fatal(err)
		}
	}
	m := &machine{t: t, unit: unit, root: filepath.Join(t.TempDir(), "root")}
	if err := os.Mkdir(m.root, 0o755); err != nil {
		t.Fatal(err)
	}
	must(t, "tar", "-C", m.root, "-xf", archive)
	m.start()
	return m
}

func (m *machine) start() {
	m.t.Helper()
	log, err := os.Create(filepath.Join(m.t.TempDir(), "console"))
	if err != nil {
		m.t.Fatal(err)
	}
	cmd := exec.Command("systemd-nspawn", "-q", "--register=no", "--keep-unit", "-D", m.root, "--private-network", "--boot")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	m.t.Cleanup(func() {
		defer log.Close()
		_, _ = m.try("systemctl", "poweroff")
		select {
		case <-ended:
		case <-time.After(30 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
	})
	m.until("booted", func() string {
		if m.init == 0 {
			children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", cmd.Process.Pid))
			m.init, _ = strconv.Atoi(strings.TrimSpace(string(children)))
		}
		if m.init == 0 {
			return "no first process"
		}
		out, _ := m.try("systemctl", "is-system-running")
		if state := strings.TrimSpace(out); state != "running" && state != "degraded" {
			text, _ := os.ReadFile(log.Name())
			return state + "\n" + string(text)
		}
		return ""
	})
}

// try runs a command in the machine as root and gives what it prints.
func (m *machine) try(name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	enter := []string{"-t", strconv.Itoa(m.init), "-m", "-u", "-i", "-n", "-p", "-r", "-w", "--", name}
	cmd := exec.CommandContext(ctx, "nsenter", append(enter, args...)...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", "SYSTEMD_COLORS=0", "SYSTEMD_PAGER="}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// run is try for what must succeed.
func (m *machine) run(name string, args ...string) string {
	m.t.Helper()
	out, err := m.try(name, args...)
	if err != nil {
		m.t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return out
}

// shell runs lines of a shell in the machine.
func (m *machine) shell(lines string) string {
	m.t.Helper()
	return m.run("sh", "-euc", lines)
}

// property is a property of the unit.
func (m *machine) property(name string) string {
	m.t.Helper()
	return strings.TrimSpace(m.run("systemctl", "show", "--value", "-p", name, m.unit))
}

// clear tells what a purge left behind.
func (m *machine) clear() {
	m.t.Helper()
	left := m.shell("find / -xdev -name '*millwright*' -not -path '/proc/*' -not -path '/var/log/*' -not -path '/var/lib/dpkg/*' -not -path '/var/cache/*' -not -path '/root/*'")
	if strings.TrimSpace(left) != "" {
		m.t.Errorf("left behind:\n%s", left)
	}
}

// file is a path of the machine as seen from here.
func (m *machine) file(path string) string { return filepath.Join(m.root, path) }

func (m *machine) write(path, text string) {
	m.t.Helper()
	if err := os.WriteFile(m.file(path), []byte(text), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

// copy brings a file into the machine.
func (m *machine) copy(from, to string, mode os.FileMode) {
	m.t.Helper()
	data, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(m.file(to), data, mode)
	}
	if err != nil {
		m.t.Fatal(err)
	}
}

// until waits until ask has nothing to object.
func (m *machine) until(what string, ask func() (objection string)) {
	m.t.Helper()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	const patience = 5 * time.Minute // for machines that have other things to do
	for end := time.Now().Add(patience); ; <-tick.C {
		objection := ask()
		if objection == "" {
			return
		}
		if time.Now().After(end) {
			log := ""
			if m.init != 0 {
				log, _ = m.try("journalctl", "--no-pager", "-n", "60", "-u", m.unit)
			}
			m.t.Fatalf("not within %s: %s: %s\n%s", patience, what, objection, log)
		}
	}
}

// must runs a command here.
func must(t *testing.T, name string, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out.Bytes())
	}
	return out.String()
}
