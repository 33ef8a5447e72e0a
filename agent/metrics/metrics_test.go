package metrics_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"millwright/agent/metrics"
	"millwright/agent/status"
	"millwright/agent/status/example"
	"millwright/internal/drop"
	"millwright/internal/golden"
)

func written(t *testing.T, s status.Snapshot) string {
	t.Helper()
	var b bytes.Buffer
	if err := metrics.Write(&b, &s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWhatIsWritten(t *testing.T) {
	t.Parallel()
	text := written(t, example.Snapshot())
	for _, line := range []string{
		`millwright_late_rows_total{scheduler="mill-2",component="mill-2"} 290`,
		`millwright_windows_without_result{scheduler="pump-7"} 3`,
		`millwright_outcomes{scheduler="mill-2",scoring="missing"} 2`,
		`millwright_upload_retries_total{cause="timeout"} 7`,
		`millwright_sink_waiting_messages{sink="mqtt-77b0d1e4"} 14`,
		`millwright_clock_settled 1`,
		`millwright_next_wakeup_timestamp_seconds{scheduler="mill-2"} 1767623220`,
		`millwright_build_info{version="1.4.0",commit="0123456789abcdef",go_version="go1.26.0",build="agent"} 1`,
		"# TYPE millwright_upload_retries_total counter",
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("not there: %s", line)
		}
	}
	if strings.Contains(text, "NaN") || strings.Contains(text, "-6.") {
		t.Errorf("a sample without value:\n%s", text)
	}
	s := example.Snapshot()
	s.Drops = map[drop.State]int64{}
	s.Live = nil
	if text := written(t, s); strings.Contains(text, "millwright_drops") || strings.Contains(text, "process_") {
		t.Errorf("samples of nothing:\n%s", text)
	}
}

// TestTheDocumentationIsTheTable also keeps names to Prometheus's conventions
// where its linter has no samples to look at.
func TestTheDocumentationIsTheTable(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(`# Metrics

What ` + "`/metrics`" + ` of the agent holds, with ` + "`http.listen`" + ` set. Instants are Unix seconds: ` + "`time() - millwright_last_drop_timestamp_seconds`" + ` is an age.
Counters marked *lasting* are sums that the agent keeps on disk and go on after a restart; the others begin at 0 with the
process. Samples that cannot be given, such as the time of a first result that has not come, are left out.

This page is made from the table in the code: ` + "`go test ./agent/metrics -update`" + `.

| metric | type | labels | meaning |
|---|---|---|---|
`)
	for _, m := range metrics.Table() {
		kind := string(m.Kind)
		if m.Keeps {
			kind += ", lasting"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m.Name, kind, strings.Join(m.Labels, ", "), m.Help)
		if total := strings.HasSuffix(m.Name, "_total"); total != (m.Kind == metrics.Counter) {
			t.Errorf("%s is a %s", m.Name, m.Kind)
		}
		if !strings.HasSuffix(m.Help, ".") || strings.ContainsAny(m.Help, "|\n") {
			t.Errorf("%s: help %q is no sentence for a table", m.Name, m.Help)
		}
	}
	golden.Check(t, filepath.Join("..", "..", "docs", "metrics.md"), b.String())
}

// TestEveryMetricHasASample: one that never has any is a mistake in the table.
func TestEveryMetricHasASample(t *testing.T) {
	t.Parallel()
	s := example.Snapshot()
	s.Clock = status.Clock{Since: example.Now()}
	text := written(t, s)
	for _, m := range metrics.Table() {
		if !strings.Contains(text, "\n"+m.Name) {
			t.Errorf("%s: no sample", m.Name)
		}
	}
}
