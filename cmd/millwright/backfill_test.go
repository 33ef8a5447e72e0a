package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"millwright/backfill"
	"millwright/internal/s3server/s3test"
)

// backfillSite is a configuration with a bucket in a real store.
func backfillSite(t *testing.T) (config, drop string) {
	t.Helper()
	s := s3test.New(t)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", s.CredentialsFile)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	t.Setenv("AWS_PROFILE", "")
	dir := t.TempDir()
	drop = filepath.Join(dir, "drop", "pump")
	if err := os.MkdirAll(drop, 0o750); err != nil {
		t.Fatal(err)
	}
	config = filepath.Join(dir, "site.yaml")
	text := fmt.Sprintf(`
instance: gw-1
state_dir: %s
log: {level: error}
limits: {free: 64MiB}
s3: {endpoint: %q, path_style: true, region: %s}
drops: [{path: %s}]
schedulers:
  - name: pump
    data_upload_frequency: PT5M
    data_delay_offset_in_minutes: 2
    target_sampling_rate: PT1M
    input: {bucket: %[5]s, prefix: in/}
    output: {bucket: %[5]s, prefix: out/}
    training: {bucket: %[5]s, prefix: train/}
`, filepath.Join(dir, "state"), s.Endpoint, s3test.Region, filepath.Dir(drop), s.Bucket)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return config, drop
}

func backfilled(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	root := newRoot()
	root.SetOut(&out)
	root.SetErr(&errs)
	code = execute(t.Context(), root, append([]string{"backfill"}, args...))
	return code, out.String(), errs.String()
}

func TestBackfillFromTheCommandLine(t *testing.T) {
	config, drop := backfillSite(t)
	file := filepath.Join(drop, "a.csv")
	write := func(rows ...string) {
		t.Helper()
		if err := os.WriteFile(file, []byte("Timestamp,flow\n"+strings.Join(rows, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("2026-01-05T08:01:30Z,1", "2026-01-05T08:06:30Z,2")
	for _, c := range []struct {
		name  string
		args  []string
		code  int
		said  string // on either
		print func()
	}{
		{name: "dry run", args: []string{"--dry-run"}, code: exitDone, said: "2 objects would be sent"},
		{name: "windows", code: exitDone, said: "2 objects sent, 0 there already"},
		{name: "again", code: exitDone, said: "0 objects sent, 2 there already"},
		{name: "training", args: []string{"--as", "training"}, code: exitDone, said: "train/pump/pump_202601.csv: 4 rows"},
		{name: "other rows", code: exitData, said: "--replace", print: func() { write("2026-01-05T08:01:30Z,5") }},
		{name: "replaced", args: []string{"--replace"}, code: exitDone, said: "1 object sent"},
		{name: "a bad row", code: exitData, said: file + ":3", print: func() { write("2026-01-05T08:01:30Z,5", "yesterday,7") }},
		{name: "no scheduler of that name", args: []string{"--scheduler", "x"}, code: exitUsage, said: "there are pump"},
		{name: "no time", args: []string{"--from", "monday"}, code: exitUsage, said: "2026-01-05"},
		{name: "no place", args: []string{"--dest", "plant/in"}, code: exitUsage, said: "s3://bucket/prefix/"},
		{name: "no rate", args: []string{"--rate-limit", "10%"}, code: exitUsage, said: "5MB"},
	} {
		if c.print != nil {
			c.print()
		}
		code, out, errs := backfilled(t, append([]string{"--config", config, file}, c.args...)...)
		if code != c.code || !strings.Contains(out+errs, c.said) {
			t.Errorf("%s: code %d, want %d and %q\n%s%s", c.name, code, c.code, c.said, out, errs)
		}
	}
	if code, _, errs := backfilled(t, "--config", config+"x", file); code != exitConfig {
		t.Errorf("no configuration: %d %s", code, errs)
	}
	if code, _, errs := backfilled(t, "--config", config); code != exitUsage {
		t.Errorf("no path: %d %s", code, errs)
	}
}

func TestBackfillSummaryAsJSON(t *testing.T) {
	config, drop := backfillSite(t)
	if err := os.WriteFile(filepath.Join(drop, "a.csv"), []byte("Timestamp,flow\n2026-01-05T08:01:30Z,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := backfilled(t, "--config", config, "--json", drop)
	var sum backfill.Summary
	if err := json.Unmarshal([]byte(out), &sum); err != nil || code != exitDone {
		t.Fatalf("%d %v %s", code, err, errs)
	}
	if sum.Windows.Sealed != 1 || sum.Objects.Sent != 1 || sum.Rows.Read != 1 || len(sum.Files) != 1 || sum.Seconds <= 0 {
		t.Errorf("%s", out)
	}
}
