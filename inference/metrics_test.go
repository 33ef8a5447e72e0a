package inference

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"millwright/inference/config"
)

// TestThePageNamesEveryMetric holds docs/service.md against what is registered.
func TestThePageNamesEveryMetric(t *testing.T) {
	// The embedded S3 server of other tests changes the working folder.
	page, err := os.ReadFile(filepath.Join(os.Getenv("PWD"), "..", "docs", "service.md"))
	if err != nil {
		t.Fatal(err)
	}
	cfg, _, err := config.New(t.TempDir(), "127.0.0.1:0", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), Options{Config: cfg, Getenv: func(string) string { return "" }}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	s.watchJobs()
	all := make(chan *prometheus.Desc, 100)
	s.registry.Describe(all)
	close(all)
	known := map[string]bool{}
	for d := range all {
		known[regexp.MustCompile(`fqName: "([^"]*)"`).FindStringSubmatch(d.String())[1]] = true
	}
	told := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `(millwright_serve_[a-z0-9_]*)` \\|").FindAllStringSubmatch(string(page), -1) {
		told[m[1]] = true
	}
	for name := range known {
		if !told[name] {
			t.Errorf("docs/service.md does not name %s", name)
		}
	}
	for name := range told {
		if !known[name] {
			t.Errorf("docs/service.md names %s, which is not there", name)
		}
	}
	if len(known) < 10 {
		t.Errorf("only %d metrics", len(known))
	}
}

func TestNoCatchUpIsNotTheDefault(t *testing.T) {
	t.Parallel()
	if catchUp(0) >= 0 || catchUp(time.Hour) != time.Hour {
		t.Error(catchUp(0), catchUp(time.Hour))
	}
}
