package sigv4

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"millwright/internal/yamlfile"
)

const goodFile = `principals:
  - name: scripts
    access_key: MWSCRIPTS
    secret: 0123456789abcdef
    role: operate
    read: [plant/in/, models]
    write: [plant/out]
  - name: gateway-7
    access_key: MWGATEWAY
    secret_file: gateway.secret
    account: "123456789012"
    role: gateway
    write: ["plant/in/"]
  - name: boss
    access_key: MWBOSS
    secret: fedcba9876543210
    role: admin
    read: ["*"]
    write: ["*"]
`

// folder holds a principals file with the secret that it names.
func folder(t *testing.T) (file string) {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "gateway.secret"), "gateway-secret-0123\n")
	write(t, filepath.Join(dir, "principals.yaml"), goodFile)
	return filepath.Join(dir, "principals.yaml")
}

// write replaces a file as editors and deployments do.
func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
}

func TestPrincipalsFile(t *testing.T) {
	t.Parallel()
	p, err := Open(folder(t), Options{Account: "000000000000", Hidden: []string{"millwright"}}, zaptest.NewLogger(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(p.All()) != 3 {
		t.Fatalf("%d principals", len(p.All()))
	}
	scripts, gateway, boss := p.Find("MWSCRIPTS"), p.Find("MWGATEWAY"), p.Find("MWBOSS")
	if scripts.Account != "000000000000" || gateway.Account != "123456789012" || gateway.Secret() != "gateway-secret-0123" {
		t.Errorf("%+v %+v", scripts, gateway)
	}
	if p.Find("NOBODY") != nil || p.Find("") != nil {
		t.Error("somebody without a key")
	}
	for _, c := range []struct {
		who            *Principal
		bucket, prefix string
		read, write    bool
	}{
		{scripts, "plant", "in/", true, false},
		{scripts, "plant", "in/pump-7/", true, false},
		{scripts, "plant", "in", false, false},
		{scripts, "plant", "", false, false},
		{scripts, "plant", "inner/", false, false},
		{scripts, "plant", "out/x/", false, true},
		{scripts, "plant", "output/", false, false},
		{scripts, "models", "", true, false},
		{scripts, "models", "a/", true, false},
		{scripts, "models2", "a/", false, false},
		{gateway, "plant", "in/x.csv", false, true},
		{boss, "anything", "", true, true},
		{boss, "millwright", "", false, false},
		{boss, "millwright", "datasets/", false, false},
	} {
		if got := c.who.MayRead(c.bucket, c.prefix); got != c.read {
			t.Errorf("%s reads %s/%s: %v", c.who.Name, c.bucket, c.prefix, got)
		}
		if got := c.who.MayWrite(c.bucket, c.prefix); got != c.write {
			t.Errorf("%s writes %s/%s: %v", c.who.Name, c.bucket, c.prefix, got)
		}
	}
}

func TestBadPrincipalsFiles(t *testing.T) {
	t.Parallel()
	text := `principals:
  - {name: a b, access_key: "x y", secret: hunter2, role: oper, read: [Plant], write: ["s3://plant"]}
  - {name: one, access_key: MWONE, secret: hunter2hunter2hunter2, secret_file: f, role: read}
  - {name: one, access_key: MWONE, role: read, acount: 1}
  - {name: two, access_key: MWTWO, secret_file: missing, account: 12, role: read}
  - {secret: "hunter2 hunter2 hunter2"}
  - {name: three, access_key: MWTHREE, secret: [hunter2hunter2hunter2], role: read}
`
	_, _, err := parsePrincipals("p.yaml", []byte(text), Options{}, func(string) (string, error) { return "", errors.New("no such file") })
	var faults yamlfile.Faults
	if !errors.As(err, &faults) {
		t.Fatal(err)
	}
	for _, want := range []string{
		`principals[0].name "a b": cannot be used`, `principals[0].access_key "x y": cannot be used`, `principals[0].secret: is shorter than 16`,
		`principals[0].role "oper": is not known: did you mean "operate"?`, `principals[0].read[0] "Plant": is no location`, `principals[0].write[0]`,
		`principals[1].secret_file "f": is given beside secret`,
		`principals[2].name "one": is that of principals[1].name too`, `principals[2].access_key "MWONE": is that of principals[1].access_key too`,
		`principals[2].secret: is missing`, `principals[2].acount: is not a known key: did you mean "account"?`,
		`principals[3].secret_file "missing": cannot be read: no such file`, `principals[3].account "12": is no account`,
		`principals[4].name: is missing`, `principals[4].role: is missing`, `principals[4].secret: holds blanks`,
		`principals[5].secret: is a list where one value is wanted`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("nothing says %s", want)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Error("a secret is told")
	}
	if t.Failed() {
		t.Log(err)
	}
	for _, text := range []string{"", "principals: []", "principals: {}", "a: 1"} {
		if list, _, err := parsePrincipals("p.yaml", []byte(text), Options{}, nil); err == nil {
			t.Errorf("%q read as %v", text, list)
		}
	}
}

// A changed secret is another key at once, also for those who know the old one: the
// signer keeps derived keys by access key and day.
func TestAChangedSecretEndsTheOldOne(t *testing.T) {
	t.Parallel()
	file := folder(t)
	p, err := Open(file, Options{}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	v := NewVerifier(region, service, p, noon)
	try := func(secretKey string) error {
		r := signedRequest(t, "{}", noon(), region, service, nil)
		key := aws.Credentials{AccessKeyID: "MWSCRIPTS", SecretAccessKey: secretKey}
		if err := v4.NewSigner().SignHTTP(t.Context(), key, r, hashOf("{}"), service, region, noon()); err != nil {
			t.Fatal(err)
		}
		_, err := check(v, r)
		return err
	}
	if err := try("0123456789abcdef"); err != nil {
		t.Fatal(err)
	}
	write(t, file, strings.Replace(goodFile, "0123456789abcdef", "another-0123456789", 1))
	if changed, err := p.reload(); !changed || err != nil {
		t.Fatal(changed, err)
	}
	if try("0123456789abcdef") == nil {
		t.Error("the old secret opens")
	}
	if err := try("another-0123456789"); err != nil {
		t.Error(err)
	}
	if changed, err := p.reload(); changed || err != nil {
		t.Error("the same file is a change", err)
	}
}

func TestRunTakesChangesOver(t *testing.T) {
	t.Parallel()
	file := folder(t)
	p, err := Open(file, Options{Every: time.Millisecond}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	waitFor := func(what string, done func() bool) {
		t.Helper()
		for until := time.Now().Add(10 * time.Second); !done(); {
			if time.Now().After(until) {
				t.Fatalf("%s: not within 10 s", what)
			}
			<-time.After(time.Millisecond)
		}
	}
	write(t, file, "principals: [") // is refused; everybody keeps the key
	<-time.After(20 * time.Millisecond)
	if len(p.All()) != 3 {
		t.Error("a bad file was taken")
	}
	write(t, file, "principals: [{name: a, access_key: MWONLY, secret: 0123456789abcdef, role: read}]")
	waitFor("a new file", func() bool { return p.Find("MWONLY") != nil && p.Find("MWBOSS") == nil })
	write(t, file, goodFile)
	waitFor("the old file", func() bool { return p.Find("MWGATEWAY") != nil })
	write(t, filepath.Join(filepath.Dir(file), "gateway.secret"), "gateway-secret-9999")
	waitFor("a new secret", func() bool { return p.Find("MWGATEWAY").Secret() == "gateway-secret-9999" })
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestThoseBesideTheFile(t *testing.T) {
	t.Parallel()
	always := New("environment", "MWENV", keyText, "", Admin, nil, nil)
	p, err := Open(folder(t), Options{Always: []*Principal{always}}, zap.NewNop())
	if err != nil || len(p.All()) != 4 || p.Find("MWENV") != always || p.Find("MWBOSS") == nil {
		t.Errorf("%v %v", p, err)
	}
	taken := New("boss", "MWBOSS", keyText, "", Admin, nil, nil)
	if _, err := Open(folder(t), Options{Always: []*Principal{taken}}, zap.NewNop()); err == nil || strings.Count(err.Error(), "is that of the principal boss too") != 2 {
		t.Errorf("%v", err)
	}
}

func TestPrincipalsHideTheirSecret(t *testing.T) {
	t.Parallel()
	p := New("a", "MWKEY", keyText, "", Read, nil, nil)
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(format, p); strings.Contains(text, keyText) {
			t.Errorf("%s shows %s", format, text)
		}
	}
}

// TestRoles is the table of who may do what; it is in the manual.
func TestRoles(t *testing.T) {
	t.Parallel()
	table, err := os.ReadFile("testdata/roles.txt")
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(strings.TrimSpace(string(table)), "\n")
	if len(rows) != 49 {
		t.Errorf("%d operations", len(rows))
	}
	for _, row := range rows {
		words := strings.Fields(row)
		operation, least := words[0], words[1]
		for i, role := range []Role{Read, Operate, Admin} {
			want := map[string]int{"read": 0, "operate": 1, "admin": 2}[least] <= i
			if got := New("a", "k", "", "", role, nil, nil).Allowed(operation); got != want {
				t.Errorf("%s may call %s: %v", role, operation, got)
			}
		}
		if New("a", "k", "", "", Gateway, nil, nil).Allowed(operation) {
			t.Errorf("a gateway may call %s", operation)
		}
	}
}

func TestFirstCredentials(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "data", "credentials")
	p, made, err := First(file, "000000000000")
	if err != nil || !made {
		t.Fatal(made, err)
	}
	st, err := os.Stat(file)
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", st.Mode(), err)
	}
	again, made, err := First(file, "000000000000")
	if err != nil || made || again.AccessKey != p.AccessKey || again.Secret() != p.Secret() {
		t.Errorf("%v %v", made, err)
	}
	if len(p.AccessKey) != 22 || len(p.Secret()) != 40 || !p.Allowed("DeleteModel") || !p.MayRead("any", "") || !p.MayWrite("any", "") {
		t.Errorf("%+v", p)
	}
	other, _, err := First(filepath.Join(t.TempDir(), "credentials"), "")
	if err != nil || other.AccessKey == p.AccessKey || other.Secret() == p.Secret() {
		t.Errorf("two first starts have one key: %v", err)
	}
}

func TestOddCredentialsFiles(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"[default]\naws_access_key_id=K1\naws_secret_access_key=0123456789abcdef\n":                                 "K1",
		"# mine\n[ default ]\n  aws_secret_access_key  = 0123456789abcdef==\n\naws_access_key_id = K2 \nregion=x\n": "K2",
		"[other]\naws_access_key_id=K1\naws_secret_access_key=0123456789abcdef\n":                                   "",
		"[default]\n[other]\naws_access_key_id=K1\naws_secret_access_key=0123456789abcdef\n":                        "",
		"[default]\naws_access_key_id=K1\n":                                                                         "",
		"[default]\naws_access_key_id=K1\naws_secret_access_key=short\n":                                            "",
		"": "",
	} {
		file := filepath.Join(t.TempDir(), "credentials")
		write(t, file, text)
		p, made, err := First(file, "")
		if made || (err == nil) != (want != "") || err == nil && p.AccessKey != want {
			t.Errorf("%q: %v %v %v", text, p, made, err)
		}
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ key, secret, want string }{
		{"", "", "nobody"}, {"K", "0123456789abcdef", "K"}, {"K", "", "error"}, {"", "0123456789abcdef", "error"}, {"K", "short", "error"},
	} {
		env := map[string]string{"MILLWRIGHT_ACCESS_KEY_ID": c.key, "MILLWRIGHT_SECRET_ACCESS_KEY": c.secret}
		p, err := FromEnvironment(func(name string) string { return env[name] }, "")
		got := "nobody"
		if err != nil {
			got = "error"
		} else if p != nil {
			got = p.AccessKey
		}
		if got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}
