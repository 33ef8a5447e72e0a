package metrics_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"go.yaml.in/yaml/v3"

	"millwright/agent/metrics"
)

func alerts() string { return filepath.Join("..", "..", "docs", "prometheus", "alerts.yml") }

// unknown names the metrics in a query that the table does not have.
func unknown(expr string) (names []string) {
	own := []string{"up"} // Prometheus's own
	for _, m := range metrics.Table() {
		own = append(own, m.Name)
	}
	for _, name := range regexp.MustCompile(`\b(millwright|process)_[a-z_]+\b`).FindAllString(expr, -1) {
		if !slices.Contains(own, name) {
			names = append(names, name)
		}
	}
	return names
}

func TestAlertsAreRulesOverOurMetrics(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(alerts())
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr         string
				Labels, Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			n++
			if names := unknown(r.Expr + r.Annotations["description"]); len(names) > 0 {
				t.Errorf("%s: there is no %v", r.Alert, names)
			}
			if len(r.Annotations["description"]) < 40 || r.Annotations["summary"] == "" || r.Labels["severity"] == "" {
				t.Errorf("%s does not say what to do, and how urgent it is", r.Alert)
			}
		}
	}
	if n < 15 {
		t.Errorf("%d alerts", n)
	}
}

// board is what the tests look at of the Grafana dashboard.
type board struct {
	Title, UID string
	Templating struct {
		List []struct{ Name, Type, Definition string }
	}
	Annotations struct{ List []struct{ Expr string } }
	Panels      []struct {
		ID                  int
		Type, Title, Repeat string
		GridPos             struct{ X, Y, W, H int }
		Datasource          struct{ UID string }
		Targets             []struct{ Expr string }
	}
}

func dashboard(t *testing.T) (d board) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "grafana", "millwright.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *board) queries() (all []string) {
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			all = append(all, target.Expr)
		}
	}
	for _, a := range d.Annotations.List {
		all = append(all, a.Expr)
	}
	return all
}

func TestTheDashboardAsksForOurMetrics(t *testing.T) {
	t.Parallel()
	d := dashboard(t)
	seen, taken := map[int]bool{}, map[[2]int]string{}
	repeats := 0
	for _, p := range d.Panels {
		if seen[p.ID] {
			t.Errorf("panel %q has the id of another one", p.Title)
		}
		seen[p.ID] = true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("panel %q lies on %q", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		if p.Type == "row" {
			repeats += len(p.Repeat)
			continue
		}
		if p.Datasource.UID != "${datasource}" || len(p.Targets) == 0 {
			t.Errorf("panel %q asks %q %d queries", p.Title, p.Datasource.UID, len(p.Targets))
		}
	}
	var names []string
	for _, v := range d.Templating.List {
		names = append(names, v.Name)
		if u := unknown(v.Definition); len(u) > 0 {
			t.Errorf("variable %s: there is no %v", v.Name, u)
		}
	}
	if !slices.Equal(names, []string{"datasource", "instance", "scheduler"}) || repeats == 0 || d.UID == "" {
		t.Errorf("variables %v, rows for each scheduler: %v", names, repeats > 0)
	}
	for _, q := range d.queries() {
		if u := unknown(q); len(u) > 0 {
			t.Errorf("%s: there is no %v", q, u)
		}
	}
}
