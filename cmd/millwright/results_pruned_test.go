package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"millwright/internal/window"
)

// TestPrunedResults: that they are not here is no fault, and it is said.
func TestPrunedResults(t *testing.T) {
	t.Parallel()
	r := newResultsRig(t)
	for i := range 3 {
		r.deliver("pump-7", resultsDay.Add(time.Duration(i)*5*time.Minute), time.Minute, 0.4, 0.9)
	}
	second := resultsDay.Add(5 * time.Minute).UnixNano()
	if err := errors.Join(r.ledger.Evict(t.Context(), "pump-7", second, second+1), os.Remove(filepath.Join(r.dir, window.ResultPath("pump-7", second)))); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ form, out, errs string }{
		{"", "1 result: pruned from site, still in the bucket\n", ""},
		{"", "01-05 00:05       delivered     2     1 0.900              pruned from site\n", ""},
		{"--json", `"reason":"pruned from site, still in the bucket","generation":1,"anomalous":1,"off":0,"peak":0.9,"peak_at":"2026-01-05T00:07:00Z","rows":[]}`, ""},
		{"--csv", "timestamp,", "window 2026-01-05T00:05:00Z, are left out: pruned from site, still in the bucket"},
	} {
		args := []string{"results", "--config", r.config, "--scheduler", "pump-7", "--since", "2026-01-05"}
		if c.form != "" {
			args = append(args, c.form)
		}
		code, out, errs := invoke(t, args...)
		if code != exitDone || !strings.Contains(out, c.out) || !strings.Contains(errs, c.errs) || c.errs == "" && errs != "" {
			t.Errorf("%s: exit %d\n%s\nstderr %s\nwant %s", c.form, code, out, errs, c.out)
		}
	}
}
