//go:build packages

package packages

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
)

// plant is a machine with a store and a logger that drops files.
type plant struct {
	*machine
	window time.Time // the one that rows were dropped for last
}

const (
	bucket = "plant"
	access = "gateway"
	secret = "gateway-secret"
)

// settings is the agent's configuration for these components. Wake-ups are far, so
// that every window is in time however slow the machine is.
func settings(components ...string) string {
	var b strings.Builder
	b.WriteString("http: {listen: 127.0.0.1:9480}\ns3: {region: plant-1, endpoint: \"http://127.0.0.1:9000\", path_style: true}\nlimits: {free: 64MiB}\ndrops: [{path: /srv/drop}]\nschedulers:\n")
	for _, c := range components {
		fmt.Fprintf(&b, "  - {name: %s, data_upload_frequency: PT5M, data_delay_offset_in_minutes: 60, target_sampling_rate: PT1M, late: {max_ahead: 2h},"+
			" input: {bucket: plant, prefix: in/, component_timestamp_delimiter: _}, output: {bucket: plant, prefix: out/%s/}}\n", c, c)
	}
	return b.String()
}

// drop has the logger write the rows of a component's window and the first minute
// of the next one, so that the window is complete. It gives the window's object.
func (p *plant) drop(component string) string {
	p.t.Helper()
	return p.dropInto("/srv/drop/"+component, component)
}

func (p *plant) dropInto(dir, component string) string {
	p.t.Helper()
	p.dropRows(dir, 1, 6)
	return fmt.Sprintf("%s_%s.csv", component, p.window.Format("20060102150405"))
}

// dropRows writes a file with a row for each of these minutes of the window.
func (p *plant) dropRows(dir string, first, last int) {
	p.t.Helper()
	var b strings.Builder
	b.WriteString("Timestamp,flow\n")
	for m := first; m <= last; m++ {
		at := p.window.Add(time.Duration(m) * time.Minute)
		fmt.Fprintf(&b, "%s,%d\n", at.Format(time.RFC3339), at.Minute())
	}
	p.write("opt/drop.csv", b.String())
	p.shell(fmt.Sprintf("runuser -u logger -- sh -euc 'mkdir -p %s; cp /opt/drop.csv %[1]s/%s-%d.csv'", dir, p.window.Format("150405"), first))
}

// arrives waits for an object and compares it with what the rows make.
func (p *plant) arrives(object string) {
	p.t.Helper()
	want := "Timestamp,flow\n"
	for m := 1; m <= 5; m++ {
		at := p.window.Add(time.Duration(m) * time.Minute)
		want += fmt.Sprintf("%s,%d\n", at.Format("2006-01-02T15:04:05.000000"), at.Minute())
	}
	p.until(object, func() string {
		text, err := os.ReadFile(p.file("srv/store/data/" + bucket + "/in/" + object))
		if err != nil {
			return err.Error()
		}
		if string(text) != want {
			return "it holds " + string(text)
		}
		return ""
	})
}

// putAway has the logger drop a file all of whose rows are of no use, so that it is
// accounted for at once, and waits until it has left the drop folder.
func (p *plant) putAway() {
	p.t.Helper()
	p.shell("runuser -u logger -- sh -euc 'printf \"Timestamp,flow\\n2100-01-01T00:00:00Z,1\\n\" >/srv/drop/pump-7/ahead.csv'")
	p.until("a drop that is accounted for is archived", func() string {
		kept, _ := filepath.Glob(p.file("var/lib/millwright/archive/*/pump-7/ahead.csv.gz"))
		if _, err := os.Stat(p.file("srv/drop/pump-7/ahead.csv")); err == nil || len(kept) != 1 {
			return fmt.Sprint(kept)
		}
		return ""
	})
}

// next is the window after the last one.
func (p *plant) next() { p.window = p.window.Add(5 * time.Minute) }

// account is what status tells of the agent's life so far.
type account struct {
	Running    bool
	FirstStart time.Time `json:"first_start"`
	Rows       struct{ Read int }
}

func (p *plant) account() (a account) {
	p.t.Helper()
	if err := json.Unmarshal([]byte(p.run("millwright", "status", "--json", "--config", "/etc/millwright/agent.yaml")), &a); err != nil {
		p.t.Fatal(err)
	}
	return a
}

// clean fails the test if the log has anything worse than a warning: under the
// sandbox a forbidden call shows up there.
func (p *plant) clean() {
	p.t.Helper()
	log := p.run("journalctl", "--no-pager", "-o", "cat", "-u", "millwright")
	for line := range strings.Lines(log) {
		if strings.Contains(line, "the new configuration is rejected") {
			continue // as it should be
		}
		if strings.Contains(line, `"level":"error"`) || strings.Contains(line, "not permitted") || strings.Contains(line, "denied") {
			p.t.Errorf("the log says: %s", line)
		}
	}
}

func TestDebianPackage(t *testing.T) {
	debs := t.TempDir()
	for _, version := range []string{"1.0.0", "1.1.0"} {
		must(t, "go", "-C", "../../packaging", "run", ".", "-tree", "..", "-out", debs, "-version", version, "-only", "millwright:"+runtime.GOARCH)
	}
	server := filepath.Join(debs, "store")
	must(t, "env", "CGO_ENABLED=0", "go", "build", "-o", server, "./store")

	p := &plant{machine: boot(t, "millwright"), window: time.Now().UTC().Truncate(5 * time.Minute)}
	p.copy(server, "usr/local/bin/store", 0o755)
	for _, version := range []string{"1.0.0", "1.1.0"} {
		p.copy(filepath.Join(debs, "millwright_"+version+"_"+runtime.GOARCH+".deb"), "root/"+version+".deb", 0o644)
	}
	p.run("systemd-run", "--quiet", "--unit=store", "/usr/local/bin/store", "/srv/store", "127.0.0.1:9000", bucket, access, secret)

	ok := t.Run("install", p.install) &&
		t.Run("configure and start", p.configure) &&
		t.Run("sandbox", p.sandbox) &&
		t.Run("reload", p.reload) &&
		t.Run("drop-ins", p.dropIns) &&
		t.Run("kill", p.killed) &&
		t.Run("watchdog", p.watchdog) &&
		t.Run("upgrade", p.upgrade) &&
		t.Run("remove and install again", p.again) &&
		t.Run("purge", p.purge)
	if !ok {
		t.Log(p.try("systemctl", "status", "--no-pager", "-l", "-n", "50", "millwright"))
	}
}

func (p *plant) install(t *testing.T) {
	p.t = t
	out := p.run("dpkg", "-i", "/root/1.0.0.deb")
	t.Log(out)
	if !strings.Contains(out, "millwright waits for its configuration") {
		t.Error("it does not say what to do next")
	}
	if enabled, active := p.property("UnitFileState"), p.property("ActiveState"); enabled != "enabled" || active != "inactive" {
		t.Errorf("without a configuration the unit is %s and %s", enabled, active)
	}
	if got := p.run("stat", "-c", "%a %U %G", "/etc/millwright"); got != "2750 root millwright\n" {
		t.Errorf("/etc/millwright is %s", got)
	}
	if out := p.run("systemd-analyze", "verify", "--man=no", "millwright.service"); out != "" {
		t.Errorf("systemd-analyze verify: %s", out)
	}
	if out := p.run("millwright", "version"); !strings.HasPrefix(out, "millwright 1.0.0 (commit ") || strings.Contains(out, "unknown") || !strings.Contains(out, "agent build") {
		t.Errorf("installed is %s", out)
	}
}

func (p *plant) configure(t *testing.T) {
	p.t = t
	p.shell(`useradd --system logger
		install -d -o logger /srv/drop
		setfacl -R -m g:millwright:rwX -m d:g:millwright:rwX /srv/drop
		millwright config init --out /etc/millwright/agent.yaml
		install -m 640 -g millwright /dev/null /etc/millwright/credentials`)
	if out := p.run("stat", "-c", "%a %U %G", "/etc/millwright/agent.yaml"); out != "640 root millwright\n" {
		t.Errorf("the starter file is %s", out)
	}
	p.write("etc/millwright/agent.yaml", settings("pump-7"))
	p.write("etc/millwright/credentials", fmt.Sprintf("[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n", access, secret))
	check := p.run("runuser", "-u", "millwright", "--", "env", "AWS_SHARED_CREDENTIALS_FILE=/etc/millwright/credentials", "millwright", "config", "check", "--config", "/etc/millwright/agent.yaml")
	t.Log(check)
	p.run("systemctl", "start", "millwright")
	p.arrives(p.drop("pump-7"))
	status := regexp.MustCompile(`^next wake-up \d\d:\d\d:\d\dZ of pump-7, window .* to .*; no window waits$`)
	p.until("status line", func() string {
		if text := p.property("StatusText"); !status.MatchString(text) {
			return text
		}
		return ""
	})
	t.Log(p.property("StatusText"))
	p.putAway()
	if out := p.run("stat", "-c", "%a %U", "/var/lib/millwright"); out != "750 millwright\n" {
		t.Errorf("the state folder is %s", out)
	}
	p.clean()
}

func (p *plant) sandbox(t *testing.T) {
	p.t = t
	out := p.run("systemd-analyze", "security", "--no-pager", "--threshold=15", "millwright.service")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	t.Log(lines[len(lines)-1])
	for path, want := range map[string]string{"healthz": "200 OK", "metrics": "\nmillwright_loops_turning 1\n", "": "pump-7"} {
		const get = `exec 3<>/dev/tcp/127.0.0.1/9480; printf 'GET /%s HTTP/1.0\r\nHost: localhost\r\n\r\n' "$1" >&3; cat <&3`
		if out := p.run("bash", "-euc", get, "get", path); !strings.Contains(out, want) {
			t.Errorf("/%s says %s", path, out)
		}
	}
	// What the agent's user may do outside the sandbox, it may not inside.
	pid := p.property("MainPID")
	for _, c := range []struct{ what, script string }{
		{"the rest of the disk is read-only", "! touch /var/tmp/../../usr/x 2>/dev/null && ! touch /srv/x 2>/dev/null"},
		{"the drop folder is writable", "touch /srv/drop/x && rm /srv/drop/x"},
		{"other processes are hidden", "test $(ls -d /proc/[0-9]* | wc -l) -lt 6"},
	} {
		if out, err := p.try("nsenter", "-t", pid, "-m", "--", "setpriv", "--reuid=millwright", "--regid=millwright", "--init-groups", "sh", "-euc", c.script); err != nil {
			t.Errorf("%s: %v %s", c.what, err, out)
		}
	}
}

func (p *plant) reload(t *testing.T) {
	p.t = t
	pid := p.property("MainPID")
	p.write("etc/millwright/agent.yaml", settings("pump-7")+"limts: {}\n")
	p.run("systemctl", "reload", "millwright")
	p.until("the rejection", func() string {
		if text := p.property("StatusText"); !strings.Contains(text, "configuration: ") || !strings.Contains(text, "limts") {
			return text
		}
		return ""
	})
	t.Log(p.property("StatusText"))
	p.next()
	p.arrives(p.drop("pump-7"))
	fan := p.drop("fan")
	p.write("etc/millwright/agent.yaml", settings("pump-7", "fan"))
	p.run("systemctl", "reload", "millwright")
	p.arrives(fan)
	if now := p.property("MainPID"); now != pid {
		t.Errorf("the process is %s, was %s", now, pid)
	}
}

// dropIns tries what docs/operating.md writes into drop-ins: keys that are
// encrypted, a folder of somebody's home, only one network.
func (p *plant) dropIns(t *testing.T) {
	p.t = t
	p.shell(`systemd-creds encrypt --name=aws /etc/millwright/credentials /etc/millwright/credentials.cred
		rm /etc/millwright/credentials
		install -d -o logger /home/logger /home/logger/export
		setfacl -R -m g:millwright:rwX -m d:g:millwright:rwX /home/logger/export
		mkdir -p /etc/systemd/system/millwright.service.d
		cat >/etc/systemd/system/millwright.service.d/override.conf <<'END'
[Service]
LoadCredential=
LoadCredentialEncrypted=aws:/etc/millwright/credentials.cred
BindPaths=/home/logger/export:/srv/export
IPAddressDeny=any
IPAddressAllow=localhost 10.20.0.0/16
END
		systemctl daemon-reload`)
	p.write("etc/millwright/agent.yaml", strings.Replace(settings("pump-7", "fan", "mill"), "{path: /srv/drop}", "{path: /srv/drop}, {path: /srv/export, component: mill}", 1))
	p.run("systemctl", "restart", "millwright")
	p.next()
	p.arrives(p.dropInto("/home/logger/export", "mill"))
	p.arrives(p.drop("pump-7"))
	p.write("etc/millwright/agent.yaml", settings("pump-7", "fan"))
	p.run("systemctl", "restart", "millwright")
}

func (p *plant) killed(t *testing.T) {
	p.t = t
	p.run("systemctl", "kill", "-s", "KILL", "--kill-who=main", "millwright")
	p.next()
	p.arrives(p.drop("pump-7"))
	if n := p.property("NRestarts"); n != "1" {
		t.Errorf("started again %s times", n)
	}
}

// watchdog has systemd miss a process that does nothing any more, with the first
// rows of a window taken and the others dropped meanwhile.
func (p *plant) watchdog(t *testing.T) {
	p.t = t
	if of := p.property("WatchdogUSec"); of != "2min" {
		t.Errorf("the watchdog waits %s", of)
	}
	const dropIn = "/etc/systemd/system/millwright.service.d/watchdog.conf"
	p.shell("printf '[Service]\\nWatchdogSec=30s\\n' >" + dropIn + "; systemctl daemon-reload; systemctl restart millwright")
	was := p.property("WatchdogTimestampMonotonic")
	p.until("the watchdog is fed", func() string {
		if now := p.property("WatchdogTimestampMonotonic"); now == was || now == "0" {
			return now
		}
		return ""
	})
	p.next()
	read := p.account().Rows.Read
	p.dropRows("/srv/drop/pump-7", 1, 3)
	p.until("the first rows are taken", func() string {
		if now := p.account().Rows.Read; now != read+3 {
			return fmt.Sprint(now)
		}
		return ""
	})
	pid := p.property("MainPID")
	p.run("systemctl", "kill", "-s", "STOP", "--kill-who=main", "millwright")
	p.dropRows("/srv/drop/pump-7", 4, 6)
	p.arrives(fmt.Sprintf("pump-7_%s.csv", p.window.Format("20060102150405")))
	if now, n := p.property("MainPID"), p.property("NRestarts"); now == pid || n != "1" {
		t.Errorf("the process is %s, was %s; started again %s times", now, pid, n)
	}
	for _, line := range []string{"Watchdog timeout (limit 30s)!", "Failed with result 'watchdog'"} {
		if log := p.run("journalctl", "--no-pager", "-o", "cat", "-u", "millwright"); !strings.Contains(log, line) {
			t.Errorf("systemd does not say %q:\n%s", line, log)
		}
	}
	p.shell("rm " + dropIn + "; systemctl daemon-reload; systemctl restart millwright")
}

func (p *plant) upgrade(t *testing.T) {
	p.t = t
	was := p.account()
	t.Log(p.run("dpkg", "-i", "/root/1.1.0.deb"))
	p.next()
	p.arrives(p.drop("pump-7"))
	now := p.account()
	if !now.Running || !now.FirstStart.Equal(was.FirstStart) || now.Rows.Read != was.Rows.Read+6 {
		t.Errorf("before the upgrade %+v, after it %+v", was, now)
	}
}

func (p *plant) again(t *testing.T) {
	p.t = t
	was := p.account()
	t.Log(p.run("dpkg", "-r", "millwright"))
	if _, err := os.Stat(p.file("var/lib/millwright/ledger.db")); err != nil {
		t.Error(err)
	}
	if state := p.property("ActiveState"); state != "inactive" {
		t.Errorf("after its removal the unit is %s", state)
	}
	t.Log(p.run("dpkg", "-i", "/root/1.1.0.deb"))
	p.next()
	p.arrives(p.drop("pump-7"))
	if now := p.account(); !now.FirstStart.Equal(was.FirstStart) {
		t.Errorf("it began anew: before %+v, after %+v", was, now)
	}
	p.clean()
}

func (p *plant) purge(t *testing.T) {
	p.t = t
	p.shell("mkdir -p /etc/systemd/system/millwright.service.d; echo '[Service]' >/etc/systemd/system/millwright.service.d/drops.conf")
	out := p.run("dpkg", "-P", "millwright")
	t.Log(out)
	if !strings.Contains(out, "deleting /var/lib/millwright") {
		t.Error("it does not say what it deletes")
	}
	p.clear()
	if _, err := os.Stat(p.file("srv/drop/pump-7")); err != nil {
		t.Error("the plant's own folder is gone")
	}
}
