//go:build !agent

package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"millwright/inference/config"
	"millwright/internal/clock"
	"millwright/internal/s3server/s3test"
)

const goodSecret = "a-secret-that-nobody-can-guess"

// pair writes a certificate and its key.
func pair(t *testing.T, dir, name string, until time.Time) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	is := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: until.Add(-time.Hour), NotAfter: until, DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, is, is, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert = dropped(t, dir, name+".pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	key = dropped(t, dir, name+".key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
	if err := os.Chmod(key, 0o600); err != nil {
		t.Fatal(err)
	}
	return cert, key
}

// TestServeRefusesWhatItsFilesSay: the check finds what a start would end with, and
// both call it a bad configuration.
func TestServeRefusesWhatItsFilesSay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := pair(t, dir, "good", time.Now().Add(time.Hour))
	_, other := pair(t, dir, "other", time.Now().Add(time.Hour))
	old, oldKey := pair(t, dir, "old", time.Now().Add(-time.Hour))
	text := dropped(t, dir, "text.pem", "no PEM at all\n")
	short := dropped(t, dir, "short.key", "too-short\n")
	principals := func(name string, mode os.FileMode, list ...string) string {
		file := dropped(t, dir, name, "principals:\n  - "+strings.Join(list, "\n  - ")+"\n")
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		return "principals_file: " + file
	}
	boss := func(more string) string { return "{name: boss, access_key: MWBOSS, role: admin, " + more + "}" }
	for name, c := range map[string]struct{ more, says string }{
		"no principals file": {"principals_file: " + filepath.Join(dir, "none.yaml"), `serve.yaml:4:18: principals_file "` + dir + `/none.yaml": cannot be read: no such file`},
		"a role":             {principals("role.yaml", 0o600, "{name: a, access_key: MWA, role: boss, secret: "+goodSecret+"}"), "role.yaml:2:38: principals[0].role \"boss\": is not known"},
		"a key twice":        {principals("twice.yaml", 0o600, boss("secret: "+goodSecret), "{name: b, access_key: MWBOSS, role: read, secret: "+goodSecret+"}"), "is that of principals[0].access_key too"},
		"a member":           {principals("member.yaml", 0o600, boss("secret: "+goodSecret+", rigths: all")), "is not a known key"},
		"no secret":          {principals("without.yaml", 0o600, boss("read: [plant]")), "principals[0].secret: is missing"},
		"no secret file":     {principals("file.yaml", 0o600, boss("secret_file: none.key")), "principals[0].secret_file \"none.key\": cannot be read"},
		"a short secret":     {principals("short.yaml", 0o600, boss("secret_file: "+short)), "is shorter than 16 characters"},
		"no certificate":     {"cert_file: " + filepath.Join(dir, "none.pem") + "\nkey_file: " + key, `serve.yaml:4:12: cert_file "` + dir + `/none.pem": cannot be read: no such file`},
		"text":               {"cert_file: " + text + "\nkey_file: " + key, "holds no certificate"},
		"another key":        {"cert_file: " + cert + "\nkey_file: " + other, "serve.yaml:5:11: key_file"},
		"authorities":        {"s3: {endpoint: 'https://127.0.0.1:1', ca_file: " + text + "}", "s3.ca_file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own := t.TempDir()
			file := dropped(t, own, "serve.yaml", fmt.Sprintf("data_dir: %s/data\nlisten: 127.0.0.1:0\ns3_listen: 127.0.0.1:0\n%s\n", own, c.more))
			code, _, said := invoke(t, "serve", "check", file)
			if code != exitConfig || !strings.Contains(said, c.says) || strings.Contains(said, "see 'millwright serve check") {
				t.Errorf("check: %d, %s", code, said)
			}
			code, _, said = invoke(t, "serve", "--config", file)
			if code != exitConfig || !strings.Contains(said, c.says) || !strings.Contains(said, "see 'millwright serve check "+file) {
				t.Errorf("serve: %d, %s", code, said)
			}
		})
	}
	open := principals("open.yaml", 0o644, boss("secret: "+goodSecret))
	file := dropped(t, dir, "serve.yaml", "data_dir: "+dir+"\n"+open+"\ncert_file: "+old+"\nkey_file: "+oldKey+"\n")
	code, out, said := invoke(t, "serve", "check", file)
	if code != exitDone || out != file+": no faults\n" || !strings.Contains(said, "open.yaml: can be read by everybody") || !strings.Contains(said, "cert_file") || !strings.Contains(said, "expired at") {
		t.Errorf("warnings: %d, %s%s", code, out, said)
	}
}

func TestWhatIsGivenAndEmptyIsRefused(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"serve", "--listen", ""},
		{"serve", "--s3-listen", ""},
		{"serve", "--data", ""},
		{"serve", "--config", ""},
		{"demo", "--dir", ""},
		{"demo", "--for", "-1h"},
	} {
		if code, _, said := invoke(t, args...); code != exitUsage || !strings.Contains(said, args[1]) {
			t.Errorf("%q: %d, %s", args, code, said)
		}
	}
}

// TestServeSaysHowItBeganAndEnded: which clock it goes by, and that it stopped as
// told. The store is that of the other tests: a process has one.
func TestServeSaysHowItBeganAndEnded(t *testing.T) {
	store := s3test.New(t)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", store.CredentialsFile)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	t.Setenv("AWS_PROFILE", "")
	text := fmt.Sprintf("data_dir: %s/data\nlisten: 127.0.0.1:0\nregion: %s\ns3: {endpoint: '%s'}\n", t.TempDir(), s3test.Region, store.Endpoint)
	cfg, _, err := config.Parse("serve.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var out, log bytes.Buffer
	serving := writerFunc(func(p []byte) (int, error) {
		if bytes.Contains(p, []byte(`"serving"`)) {
			stop()
		}
		return log.Write(p)
	})
	if err := serve(ctx, "", cfg, clock.NewRehearsal(time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC), 60), &out, serving); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "rehearsal    business time from 2026-01-05T00:00:00Z on, at 60 times the pace\n") {
		t.Error(out.String())
	}
	for line := range strings.Lines(out.String()) {
		if len(line) > 81 && !strings.Contains(line, "/data/") {
			t.Errorf("%d columns: %s", len(line), line)
		}
	}
	if said := log.String(); !strings.Contains(said, `"rehearsal":"2026-01-05T00:00:00Z@60"`) || !strings.HasSuffix(strings.TrimSpace(said[strings.LastIndex(strings.TrimSpace(said), "\n")+1:]), `"stopped"}`) {
		t.Error(said)
	}
}

// A service manager that has it stop while it starts is to see no failure.
func TestServeIsStoppedBeforeItServes(t *testing.T) {
	t.Parallel()
	text := fmt.Sprintf("data_dir: %s\nlisten: 127.0.0.1:0\ns3: {endpoint: 'http://127.0.0.1:1'}\n", t.TempDir())
	cfg, _, err := config.Parse("serve.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var out, log bytes.Buffer
	if err := serve(ctx, "", cfg, clock.Real{}, &out, &log); err != nil || out.Len() > 0 || !strings.Contains(log.String(), "stopped before it served") {
		t.Errorf("%v %s%s", err, out.String(), log.String())
	}
}

type writerFunc func([]byte) (int, error)

func (w writerFunc) Write(p []byte) (int, error) { return w(p) }

func TestHelpFitsATerminal(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"serve", "demo"} {
		_, out, _ := invoke(t, verb, "--help")
		for line := range strings.Lines(out) {
			if len(line) > 81 {
				t.Errorf("%s: %d columns: %s", verb, len(line)-1, line)
			}
		}
	}
}
