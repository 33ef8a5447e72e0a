package main

import (
	"strings"
	"testing"
	"time"
)

// TestAnOldFolderSaysWhereItsResultsAre: the last day of a plant that stood still for
// long is empty, and its results are there.
func TestAnOldFolderSaysWhereItsResultsAre(t *testing.T) {
	t.Parallel()
	r := newResultsRig(t)
	r.deliver("pump-7", resultsDay, time.Minute, 0.1, 0.1, 0.1, 0.1, 0.1)
	code, out, errs := invoke(t, "results", "--config", r.config, "--at", "2026-03-01T12:00:00Z")
	const pump = "pump-7, windows from 2026-02-28T12:00:00Z on: none\nthe newest is of 2026-01-05T00:00:00Z: use --since 2026-01-04\n"
	if code != exitDone || !strings.Contains(out, pump) || !strings.Contains(out, "mill, windows from 2026-02-28T12:00:00Z on: none yet\n") {
		t.Errorf("%d, %s%s", code, out, errs)
	}
	if _, out, errs = invoke(t, "results", "--config", r.config, "--at", "2026-03-01T12:00:00Z", "--since", "2026-01-04"); !strings.Contains(out, "1 delivered") {
		t.Errorf("%s%s", out, errs)
	}
}
