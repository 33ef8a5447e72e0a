package e2e

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"millwright/e2e/drops"
	"millwright/e2e/harness"
	"millwright/e2e/oracle"
)

// What all scenarios share: one binary, and one store, of which a process can
// have only one.
var (
	builder harness.Builder
	store   harness.Store
	kills   atomic.Int64 // kill -9, by all scenarios
)

// leastKills is how often the whole suite has to kill the agent.
const leastKills = 200

// together is how many scenarios run at a time, at least: they wait more than they
// compute.
const together = 6

func TestMain(m *testing.M) {
	flag.Parse()
	if parallel := flag.Lookup("test.parallel"); runtime.GOMAXPROCS(0) < together && parallel.Value.String() == parallel.DefValue {
		if err := parallel.Value.Set(strconv.Itoa(together)); err != nil {
			panic(err)
		}
	}
	code := m.Run()
	store.Close()
	n := kills.Load()
	fmt.Printf("the agent was killed with kill -9 %d times\n", n)
	if whole := flag.Lookup("test.run").Value.String() == ""; code == 0 && whole && n < leastKills {
		fmt.Printf("FAIL: the suite kills it at least %d times\n", leastKills)
		code = 1
	}
	os.Exit(code)
}

type drop = oracle.Drop

// begin is when rehearsals start: a Monday, at a window's start.
func begin() time.Time { return time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC) }

// pump is a scheduler of two components with the settings most people have.
func pump() oracle.Scheduler {
	return oracle.Scheduler{
		Components: []string{"pump-7", "motor-7"}, Prefix: "in/", Delimiter: "_", Format: "yyyyMMddHHmmss",
		Frequency: 5 * time.Minute, Delay: 2 * time.Minute, Margin: 30 * time.Second, Rate: time.Minute,
		Default: oracle.Treatment{Aggregate: "mean", MaxGap: 3 * time.Minute},
	}
}

// tidy is an hour of one-minute files, as a healthy logger writes them.
func tidy(seed uint64, s oracle.Scheduler) drops.Plan {
	return drops.Plan{
		Seed: seed, Components: s.Components, Sensors: []string{"flow", "speed", "vibration"},
		From: begin(), For: time.Hour, Step: 10 * time.Second, File: time.Minute, Delay: 2 * time.Second,
	}
}

// untidy is the same with all that goes wrong at plants.
func untidy(seed uint64, s oracle.Scheduler) drops.Plan {
	p := tidy(seed, s)
	p.Empty, p.Gaps, p.Disorder, p.Corrected, p.Repeated = 0.02, 0.1, 0.2, 0.1, 0.1
	return p
}

func nothing() {}

func seeded(seed uint64) string { return fmt.Sprintf("seed %d", seed) }
