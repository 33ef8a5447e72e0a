package validate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"millwright/config"
	"millwright/internal/golden"
)

// site is a drop folder with files.
type site struct {
	t   testing.TB
	dir string
}

func newSite(t testing.TB) *site {
	t.Helper()
	return &site{t: t, dir: t.TempDir()}
}

// file writes one below the folder.
func (s *site) file(name, text string) string {
	s.t.Helper()
	path := filepath.Join(s.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// config reads a configuration whose only drop folder is the site's. drop and
// scheduler are further lines of them, each with its indentation.
func (s *site) config(drop, scheduler string) *config.Config {
	s.t.Helper()
	text := fmt.Sprintf(`instance: test
state_dir: %s
drops:
  - path: %s
%s
schedulers:
  - name: pump-7
    target_sampling_rate: PT1M
    input: {bucket: plant, prefix: in/}
    output: {bucket: plant, prefix: out/}
%s
`, filepath.Join(s.t.TempDir(), "state"), s.dir, drop, scheduler)
	cfg, _, err := config.Parse("test.yaml", []byte(text))
	if err != nil {
		s.t.Fatal(err)
	}
	return cfg
}

// run validates the whole site; its paths are cut to what is below it.
func (s *site) run(o Options) *Report {
	s.t.Helper()
	r, err := Run(s.t.Context(), o, []string{s.dir})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, f := range r.Files {
		f.Path = strings.TrimPrefix(f.Path, s.dir+string(filepath.Separator))
	}
	return r
}

// rows writes a file of one-minute rows, the first one minute after from.
func rows(from time.Time, n int) string {
	var b strings.Builder
	b.WriteString("Time,Flow 1,speed\n")
	for i := range n {
		at := from.Add(time.Duration(i+1) * time.Minute)
		fmt.Fprintf(&b, "%s,%d.5,%d\n", at.Format("2006-01-02 15:04:05"), 40+i%7, 1480+i*13%29)
	}
	return b.String()
}

func monday(hours, minutes int) time.Time {
	return time.Date(2026, 1, 5, hours, minutes, 0, 0, time.UTC)
}

// held holds both forms of a report against testdata.
func held(t *testing.T, name string, r *Report) {
	t.Helper()
	var text, document bytes.Buffer
	if err := r.Text(&text); err != nil {
		t.Fatal(err)
	}
	e := json.NewEncoder(&document)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text.String()) {
		if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > textWidth {
			t.Errorf("a line of %d characters: %s", n, line)
		}
	}
	for ext, got := range map[string]string{".txt": text.String(), ".json": document.String()} {
		golden.Check(t, filepath.Join("testdata", name+ext), got)
	}
}
