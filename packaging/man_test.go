package main

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// read gives a page's text.
func read(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestPagesOfVerbs(t *testing.T) {
	t.Parallel()
	var root verb
	err := json.Unmarshal([]byte(`{"name": "mill", "use": "mill", "short": "It mills", "long": "It mills.\n\nExit codes:\n   0  done\n  78  bad", "below": [
		{"name": "mill run", "use": "mill run --config FILE [flags]", "short": "Run", "long": "'Run' it.\n.so /etc/passwd\n\n  as it is", "example": "  mill run\n  .mill",
		 "flags": [{"name": "config", "value": "FILE", "usage": "take FILE"}, {"name": "jobs", "shorthand": "j", "value": "N", "usage": "N at a time", "default": "2"}]}]}`), &root)
	if err != nil {
		t.Fatal(err)
	}
	m := manual{source: source{version: "1.2~3", time: time.Unix(0, 0).UTC()}, dir: t.TempDir(), codes: exitCodes(root.Long)}
	if err := m.verbs(root, nil); err != nil {
		t.Fatal(err)
	}
	page := read(t, filepath.Join(m.dir, "mill-run.1.gz"))
	for _, want := range []string{
		".TH \"MILL\\-RUN\" 1 \"1970-01-01\" \"1.2~3\"", "\\fBmill run\\fR \\-\\-config FILE [flags]\n",
		"\\(aqRun\\(aq it.\n\\&.so /etc/passwd\n", ".nf\nas it is\n.fi", "mill run\n\\&.mill\n",
		".TP\n\\fB\\-j\\fR, \\fB\\-\\-jobs\\fR \\fIN\\fR\nN at a time (default: 2)\n", ".TP\n\\fB78\\fR\nbad\n", "mill(1), ",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in\n%s", want, page)
		}
	}
	if page := read(t, filepath.Join(m.dir, "mill.1.gz")); strings.Contains(page, "Exit codes") || !strings.Contains(page, "See mill\\-run(1)") {
		t.Errorf("the first page is\n%s", page)
	}
}

func TestPageOfTheConfigurationKeepsTheFilesOrder(t *testing.T) {
	t.Parallel()
	m := manual{source: source{time: time.Unix(0, 0)}, dir: t.TempDir()}
	schema, err := os.ReadFile(filepath.Join("..", "config", "agent.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.configuration(schema); err != nil {
		t.Fatal(err)
	}
	page := read(t, filepath.Join(m.dir, "millwright-agent.yaml.5.gz"))
	last := -1
	for _, key := range []string{"instance", "s3.endpoint", "drops[].path", "drops[].csv.time_zone", "schedulers[].input.bucket", "schedulers[].resample.sensors.NAME.max_gap", "limits.memory"} {
		at := strings.Index(page, `\fB`+key+`\fR`)
		if at <= last {
			t.Errorf("%s is at %d, after %d", key, at, last)
		}
		last = at
	}
}

func TestTheSameTextIsSqueezedToTheSameFile(t *testing.T) {
	t.Parallel()
	var all [][]byte
	for range 2 {
		path := filepath.Join(t.TempDir(), "a.gz")
		if err := squeeze(path, []byte("text")); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data)
	}
	if !slices.Equal(all[0], all[1]) {
		t.Error("they differ")
	}
}
