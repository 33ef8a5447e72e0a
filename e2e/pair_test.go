package e2e

import (
	"testing"
	"time"

	"millwright/e2e/harness"
	"millwright/e2e/oracle"
)

// TestTwoSchedulersShareComponents has one scheduler of five minutes and one of a
// quarter of an hour at another rate over the same drops, and kills.
func TestTwoSchedulersShareComponents(t *testing.T) {
	t.Parallel()
	s := pump()
	slow := pump()
	slow.Prefix, slow.Frequency, slow.Rate = "slow/", 15*time.Minute, 5*time.Minute
	slow.Components = slow.Components[:1]
	slow.Default = oracle.Treatment{Aggregate: "max", MaxGap: 15 * time.Minute}
	sc := set(t, s, untidy(8, s), func(c *harness.Setup) { c.More = []oracle.Scheduler{slow} })
	sc.begin()
	sc.play(func() {
		if sc.rng.IntN(10) == 0 {
			sc.killed()
		}
	})
	sc.finish()
}
