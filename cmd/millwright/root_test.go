package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// invoke runs args on a root that has two more verbs: one that fails as it is
// told, and a group with one verb.
func invoke(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	root := newRoot()
	fail := &cobra.Command{Use: "fail", Args: cobra.NoArgs, Hidden: true}
	how := fail.Flags().String("how", "", "")
	fail.RunE = func(*cobra.Command, []string) error {
		switch *how {
		case "plain":
			return errors.New("open it: no such thing")
		case "config":
			return exit(exitConfig, errors.New("drops: missing"))
		case "silent":
			return exit(exitData, nil)
		}
		return exit(exitDone, nil)
	}
	group := &cobra.Command{Use: "group", Hidden: true}
	group.AddCommand(&cobra.Command{Use: "member", RunE: func(*cobra.Command, []string) error { return nil }})
	root.AddCommand(fail, group)

	var out, errs bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&errs)
	code = execute(t.Context(), root, args)
	return code, out.String(), errs.String()
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		args   []string
		code   int
		stderr string
	}{
		{"done", []string{"fail"}, exitDone, ""},
		{"an error without a code is a failure", []string{"fail", "--how", "plain"}, exitFailed, "millwright: open it: no such thing\n"},
		{"bad configuration", []string{"fail", "--how", "config"}, exitConfig, "millwright: drops: missing\n"},
		{"a code without words prints nothing", []string{"fail", "--how", "silent"}, exitData, ""},
		{"unknown flag", []string{"fail", "--nope"}, exitUsage, "millwright: unknown flag: --nope\nsee 'millwright fail --help'\n"},
		{"too many arguments", []string{"fail", "x"}, exitUsage, "millwright: unknown command \"x\" for \"millwright fail\"\nsee 'millwright fail --help'\n"},
		{"unknown verb", []string{"frobnicate"}, exitUsage, "millwright: unknown command \"frobnicate\" for \"millwright\"\nsee 'millwright --help'\n"},
		{"unknown verb of a group", []string{"group", "x"}, exitUsage, "millwright: unknown command \"x\" for \"millwright group\"\nsee 'millwright group --help'\n"},
		{"a verb of a group", []string{"group", "member"}, exitDone, ""},
		{"a group alone shows its help", []string{"group"}, exitDone, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			code, _, stderr := invoke(t, tt.args...)
			if code != tt.code || stderr != tt.stderr {
				t.Errorf("got %d, %q; want %d, %q", code, stderr, tt.code, tt.stderr)
			}
		})
	}
}

// A script that asked for JSON reads JSON, also of what is not there.
func TestFailuresAsJSON(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	none := filepath.Join(dir, "none.yaml")
	bare := filepath.Join(dir, "bare.yaml")
	text := fmt.Sprintf("instance: gw\nstate_dir: %s/state\ndrops: [{path: %s/drop}]\nschedulers: [{name: s, data_upload_frequency: PT5M, data_delay_offset_in_minutes: 1, target_sampling_rate: PT1M, input: {bucket: plant}, output: {bucket: plant}}]\n", dir, dir)
	if err := os.WriteFile(bare, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args   []string
		code   int
		error  string
		remedy string
	}{
		{[]string{"config", "check", "--json", "--config", none}, exitConfig, "none.yaml", "config init"},
		{[]string{"status", "--json", "--config", none}, exitConfig, "none.yaml", "config init"},
		{[]string{"validate", "--json", "--config", none, dir}, exitConfig, "none.yaml", "config init"},
		{[]string{"status", "--json", "--config", bare}, exitFailed, "there is none", "millwright run"},
		{[]string{"status", "drop", "/x", "--json", "--config", bare}, exitFailed, "there is none", "millwright run"},
		{[]string{"validate", "--json", "/nowhere/at/all"}, exitFailed, "/nowhere/at/all", ""},
	} {
		code, stdout, stderr := invoke(t, tt.args...)
		var got failure
		d := json.NewDecoder(strings.NewReader(stdout))
		d.DisallowUnknownFields()
		if err := d.Decode(&got); err != nil || d.More() {
			t.Errorf("%v: %v: %q", tt.args, err, stdout)
			continue
		}
		if code != tt.code || !strings.Contains(got.Error, tt.error) || !strings.Contains(got.Remedy, tt.remedy) || !strings.Contains(stderr, got.Error) || !strings.Contains(stderr, got.Remedy) {
			t.Errorf("%v: %d, %+v, %q", tt.args, code, got, stderr)
		}
	}
	if _, stdout, _ := invoke(t, "config", "check", "--json", "--offline", "--config", bare); strings.Contains(stdout, `"error"`) || !json.Valid([]byte(stdout)) {
		t.Errorf("a report and a failure: %s", stdout)
	}
	if _, stdout, _ := invoke(t, "status", "--config", none); stdout != "" {
		t.Errorf("JSON that nobody asked for: %s", stdout)
	}
}

func TestHelpRepeatsTheExitCodes(t *testing.T) {
	t.Parallel()
	code, stdout, _ := invoke(t, "help")
	if code != exitDone || !strings.Contains(stdout, exitCodes) {
		t.Errorf("got %d and\n%s", code, stdout)
	}
}

func TestVersionSaysWhichBuild(t *testing.T) {
	t.Parallel()
	_, stdout, _ := invoke(t, "version", "--json")
	var facts buildFacts
	if err := json.Unmarshal([]byte(stdout), &facts); err != nil {
		t.Fatal(err)
	}
	if facts.Build != buildKind || !strings.HasPrefix(facts.Go, "go1.") {
		t.Errorf("got %+v", facts)
	}
	_, stdout, _ = invoke(t, "version")
	if want := thisBuild().String() + "\n"; stdout != want {
		t.Errorf("got %q, want %q", stdout, want)
	}
}

// TestEveryVerbExplainsItself keeps verbs from being added without a line of help.
func TestEveryVerbExplainsItself(t *testing.T) {
	t.Parallel()
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Short == "" {
			t.Errorf("%s has no short help", cmd.CommandPath())
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(newRoot())
}

func TestAVerbThatIsNotThereIsWrongUsage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args string
		want string
	}{
		{"config chekc", `did you mean "millwright config check"?`},
		{"help statuss", `did you mean "millwright status"?`},
		{"help config chekc", `did you mean "millwright config check"?`},
		{"help xyzzy", `unknown command "xyzzy" for "millwright"`},
	} {
		if code, _, errs := invoke(t, strings.Fields(c.args)...); code != exitUsage || !strings.Contains(errs, c.want) {
			t.Errorf("%s: exit %d: %s", c.args, code, errs)
		}
	}
	if code, out, errs := invoke(t, "help", "config", "check"); code != exitDone || !strings.Contains(out, "--offline") {
		t.Errorf("help: exit %d: %s%s", code, out, errs)
	}
}
