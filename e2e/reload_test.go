package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"millwright/e2e/harness"
	"millwright/e2e/oracle"
)

// reloads is how the log ends a reload, well or not.
const (
	taken    = "runs the new configuration"
	rejected = "the new configuration is rejected, the old one stays"
)

// reload has the agent read its configuration anew and waits until it says how
// that ended.
func (sc *scene) reload(how string) {
	sc.t.Helper()
	n := sc.agent.Said(how)
	sc.agent.Hangup()
	sc.agent.Await(how, func() string {
		if sc.agent.Said(how) == n {
			return "it is not said"
		}
		return ""
	})
}

// said is what status says needs attention, in a line.
func (sc *scene) said() string {
	sc.t.Helper()
	var s struct {
		Attention  []struct{ About, What string }
		Schedulers []struct{ Name string }
	}
	out := sc.agent.Verb("status", "--config", sc.agent.Config(), "--json")
	if err := json.Unmarshal([]byte(out.Stdout), &s); err != nil || out.Code != 0 && out.Code != 78 { // the file may have faults
		sc.t.Fatalf("%+v: %v", out, err)
	}
	return fmt.Sprint(s)
}

// TestReloadUnderLoad has the configuration read anew again and again while files
// come and the agent is killed: a second scheduler is added before the first file
// and taken away after the last one, the file is good and bad in between. Not one
// window of either scheduler is lost or different for it.
func TestReloadUnderLoad(t *testing.T) {
	t.Parallel()
	for _, seed := range []uint64{21, 22} {
		t.Run(seeded(seed), func(t *testing.T) {
			t.Parallel()
			s := pump()
			slow := pump()
			slow.Prefix, slow.Frequency, slow.Rate = "slow/", 15*time.Minute, 5*time.Minute
			slow.Components = slow.Components[:1]
			slow.Default = oracle.Treatment{Aggregate: "max", MaxGap: 15 * time.Minute}
			both := []oracle.Scheduler{slow}
			sc := set(t, s, untidy(seed, s), func(c *harness.Setup) { c.More = both })

			with := func(more []oracle.Scheduler) {
				sc.setup.More = more
				sc.agent.Configure(sc.setup)
				sc.reload(taken)
			}
			sc.setup.More = nil
			sc.agent.Configure(sc.setup)
			sc.begin()
			with(both)
			sc.play(func() {
				switch sc.rng.IntN(24) {
				case 0, 1:
					sc.killed()
				case 2, 3:
					sc.reload(taken)
				case 4:
					sc.agent.Hangup() // and whatever comes next may meet it half-way
				case 5:
					sc.agent.Hangup()
					sc.killed()
				case 6:
					sc.misconfigured()
				}
			})
			sc.drained() // a reload at a window's latest time may make it overdue
			with(nil)
			if said := sc.said(); strings.Contains(said, "s2") {
				t.Errorf("of a scheduler that is gone status says %s", said)
			}
			sc.finish()
		})
	}
}

// misconfigured spoils the configuration's file, reloads, and mends it.
func (sc *scene) misconfigured() {
	sc.t.Helper()
	good, err := os.ReadFile(sc.agent.Config())
	if err != nil {
		sc.t.Fatal(err)
	}
	sc.agent.Up() // it has read the good one
	bad := strings.Replace(string(good), `"schedulers"`, `"shedulers"`, 1)
	if err := os.WriteFile(sc.agent.Config(), []byte(bad), 0o600); err != nil {
		sc.t.Fatal(err)
	}
	sc.reload(rejected)
	if said := sc.said(); !strings.Contains(said, "is rejected") || !strings.Contains(said, "schedulers: is missing") {
		sc.t.Errorf("after a rejected reload status says %s", said)
	}
	if err := os.WriteFile(sc.agent.Config(), good, 0o600); err != nil {
		sc.t.Fatal(err)
	}
	sc.reload(taken)
	if said := sc.said(); strings.Contains(said, "is rejected") {
		sc.t.Errorf("after a good one it says %s", said)
	}
}
