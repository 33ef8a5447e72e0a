package objstore_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"

	"millwright/internal/objstore"
)

// What a credential_process prints holds keys, also when it is no JSON, and
// errors are logged. Not parallel: it sets the environment.
func TestErrorsDoNotTellWhatACredentialProcessPrinted(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(dir, "credentials"))
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(dir, "config"))
	for _, printed := range []string{`{"AccessKeyId": "key-of-mine", "SecretAccessKey": "secret-of-mine"`, "key-of-mine\nsecret-of-mine"} {
		script := filepath.Join(dir, "process")
		if err := os.WriteFile(script, []byte("#!/bin/sh\ncat <<'END'\n"+printed+"\nEND\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "config"), []byte("[default]\ncredential_process = "+script+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := objstore.New(t.Context(), objstore.Settings{Region: "eu-west-1", Endpoint: "http://127.0.0.1:9"}, zap.NewNop())
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Head(t.Context(), "plant", "key")
		if objstore.KindOf(err) != objstore.KindNoCredentials {
			t.Fatal(err)
		}
		what, remedy := objstore.Explain(err)
		if text := err.Error() + what + remedy; strings.Contains(text, "of-mine") || !strings.Contains(text, "process") {
			t.Error(text)
		}
	}
}
