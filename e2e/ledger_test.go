package e2e

import (
	"os"
	"path/filepath"
	"testing"
)

// TestLedgerGone deletes the ledger between two runs, with the drops still in their
// folder, with and without the spool. What is in the bucket stays as it is, byte for
// byte, and what comes after is as if nothing had happened.
func TestLedgerGone(t *testing.T) {
	t.Parallel()
	for _, spool := range []bool{true, false} {
		name := "with its spool"
		if !spool {
			name = "without its spool"
		}
		t.Run(name, func(t *testing.T) {
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
				if i == len(sc.plan)/2 {
					sc.lose(spool)
				}
			}
			sc.gates(next, sc.end, nothing)
			sc.clock.Until(sc.end)
			sc.finish()
		})
	}
}

// lose stops the agent, deletes the ledger, or all of the state, and starts it again.
func (sc *scene) lose(spool bool) {
	sc.t.Helper()
	sc.agent.Stop()
	lost := []string{"ledger.db", "ledger.db-wal", "ledger.db-shm"}
	if !spool {
		lost = append(lost, "spool")
	}
	for _, name := range lost {
		if err := os.RemoveAll(filepath.Join(sc.agent.State(), name)); err != nil {
			sc.t.Fatal(err)
		}
	}
	sc.agent.Start()
}
