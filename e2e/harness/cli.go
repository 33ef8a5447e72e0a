package harness

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// CLI is the AWS CLI as somebody has set it up who uses a service.
type CLI struct {
	API, S3 string
	t       testing.TB
	binary  string
	env     []string
}

// NewCLI finds the AWS CLI. It has no settings but a key and a region.
func NewCLI(t testing.TB, s *Serve, p Principal) *CLI {
	t.Helper()
	binary, err := exec.LookPath("aws")
	if err != nil {
		t.Fatalf("the AWS CLI, which Debian has as the package awscli: %v", err)
	}
	home := t.TempDir()
	return &CLI{API: s.API, S3: s.S3, t: t, binary: binary, env: []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TZ=UTC", "LANG=C.UTF-8", "AWS_PAGER=",
		"AWS_CONFIG_FILE=" + filepath.Join(home, "none"), "AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(home, "none"),
		"AWS_ACCESS_KEY_ID=" + p.Key, "AWS_SECRET_ACCESS_KEY=" + p.Secret, "AWS_DEFAULT_REGION=" + Region,
		"AWS_EC2_METADATA_DISABLED=true", "AWS_REQUEST_CHECKSUM_CALCULATION=when_required",
	}}
}

// Refusal is an error that the service answered with.
type Refusal struct{ Type, Message string }

func (r *Refusal) Error() string { return r.Type + ": " + r.Message }

// Call calls an operation of the API by its name on the command line and reads the
// answer into out, unless that is nil. What the service refuses is a *Refusal.
func (c *CLI) Call(out any, command string, args ...string) error {
	c.t.Helper()
	got := Run(c.t, c.binary, c.env, append([]string{"--endpoint-url", c.API, "--output", "json", "lookoutequipment", command}, args...)...)
	if m := regexp.MustCompile(`(?s)An error occurred \((\w+)\) when calling the \w+ operation[^:]*: (.*)`).FindStringSubmatch(got.Stderr); m != nil {
		return &Refusal{m[1], m[2]}
	}
	if got.Code != 0 {
		return fmt.Errorf("aws %s: exit code %d: %s", command, got.Code, got.Stderr)
	}
	if out == nil || got.Stdout == "" {
		return nil
	}
	return json.Unmarshal([]byte(got.Stdout), out)
}

// Store runs a command of aws s3, which has to succeed.
func (c *CLI) Store(args ...string) string {
	c.t.Helper()
	got := Run(c.t, c.binary, c.env, append([]string{"--endpoint-url", c.S3, "s3"}, args...)...)
	if got.Code != 0 {
		c.t.Fatalf("aws s3 %v: exit code %d: %s", args, got.Code, got.Stderr)
	}
	return got.Stdout
}
