package e2e

import (
	"os"
	"path/filepath"
	"testing"
)

// TestLedgerAndSpoolLost deletes ledger and spool between two runs; all drops are
// still in their folder. What is in the bucket stays as it is, byte for byte, and
// what comes after is as if nothing had happened.
func TestLedgerAndSpoolLost(t *testing.T) {
	t.Parallel()
	s := pump()
	sc := set(t, s, tidy(11, s), nil)
	sc.begin()
	next := sc.from
	for i, d := range sc.plan {
		next = sc.gates(next, d.At, nothing)
		sc.clock.Until(d.At)
		sc.put(d)
		sc.taken(d)
		if i != len(sc.plan)/2 {
			continue
		}
		sc.agent.Stop()
		for _, lost := range append(sc.stateFiles("ledger.db*"), filepath.Join(sc.agent.State(), "spool")) {
			if err := os.RemoveAll(lost); err != nil {
				t.Fatal(err)
			}
		}
		sc.agent.Start()
	}
	sc.gates(next, sc.end, nothing)
	sc.clock.Until(sc.end)
	sc.finish()
}
