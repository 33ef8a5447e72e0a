package e2e

import (
	"testing"
	"time"

	"millwright/e2e/harness"
)

// TestKilledAnywhere kills the agent at random moments, more than 200 times over
// its seeds, and loses and changes nothing.
func TestKilledAnywhere(t *testing.T) {
	t.Parallel()
	const killsPerSeed = 30
	for seed := range uint64(7) {
		t.Run(seeded(seed), func(t *testing.T) {
			t.Parallel()
			s := pump()
			sc := set(t, s, untidy(seed, s), nil)
			sc.begin()
			kills := 0
			sc.play(func() {
				if kills < killsPerSeed && sc.rng.IntN(3) == 0 {
					time.Sleep(time.Duration(sc.rng.IntN(250)) * time.Millisecond)
					sc.killed()
					kills++
				}
			})
			sc.finish()
			if kills < killsPerSeed {
				t.Errorf("only %d kills", kills)
			}
		})
	}
}

// TestStoreDown has the store away for ten windows.
func TestStoreDown(t *testing.T) {
	t.Parallel()
	s := pump()
	sc := set(t, s, tidy(1, s), nil)
	sc.begin()
	down, up := begin().Add(7*time.Minute), begin().Add(57*time.Minute)
	sc.play(func() {
		switch now := sc.clock.Now(); {
		case !sc.blind && now.After(down) && now.Before(up):
			sc.blind = true
			sc.link.Down()
		case sc.blind && now.After(up):
			sc.blind = false
			sc.link.Up()
		}
	})
	sc.finish()
}

// TestConnectionsReset breaks every connection after some bytes, again and again.
func TestConnectionsReset(t *testing.T) {
	t.Parallel()
	s := pump()
	sc := set(t, s, tidy(2, s), nil)
	sc.begin()
	sc.play(func() {
		sc.link.ResetAfter(int64(sc.rng.IntN(3000)))
		time.Sleep(20 * time.Millisecond)
		sc.link.ResetAfter(0)
	})
	sc.finish()
}

// TestWrongCredentialsThenRight begins with a key that the store refuses.
func TestWrongCredentialsThenRight(t *testing.T) {
	t.Parallel()
	s := pump()
	sc := set(t, s, tidy(3, s), nil)
	sc.agent.Credentials("nobody", "wrong")
	sc.blind = true
	sc.begin()
	sc.play(func() {
		if sc.blind && sc.clock.Now().After(begin().Add(30*time.Minute)) {
			sc.blind = false
			sc.agent.Credentials(harness.AccessKey, harness.SecretKey)
		}
	})
	sc.finish()
}

// TestDropGoneAfterTaking deletes or overwrites drops as soon as they are taken and
// kills the agent then: nothing may need them again.
func TestDropGoneAfterTaking(t *testing.T) {
	t.Parallel()
	s := pump()
	sc := set(t, s, tidy(4, s), nil)
	sc.begin()
	next := begin()
	for _, d := range sc.plan {
		next = sc.gates(next, d.At, nothing)
		sc.clock.Until(d.At)
		sc.put(d)
		sc.taken(d)
		switch sc.rng.IntN(5) {
		case 0:
			sc.kill()
			sc.agent.Remove(d.Path)
			sc.agent.Start()
		case 1:
			sc.agent.Remove(d.Path)
			sc.killed()
		case 2:
			sc.agent.Put(d.Path, []byte("Timestamp,flow\n")) // a file that begins anew
			sc.killed()
		case 3:
			sc.kill()
			sc.agent.Put(d.Path, []byte("Timestamp,flow\n"))
			sc.agent.Start()
		}
	}
	sc.gates(next, sc.end, nothing)
	sc.clock.Until(sc.end)
	sc.finish()
}

// TestOffForHours has the drops of three hours wait for an agent that was off.
func TestOffForHours(t *testing.T) {
	t.Parallel()
	s := pump()
	plan := tidy(5, s)
	plan.For = 3 * time.Hour
	sc := set(t, s, plan, nil)
	sc.begin()
	sc.kill()
	for _, d := range sc.plan {
		sc.put(d)
	}
	sc.clock.Until(sc.end.Add(s.Frequency))
	sc.agent.Start()
	for _, d := range sc.plan {
		sc.taken(d)
	}
	sc.clock.Advance(2 * s.Frequency) // no row came for a period: overdue windows may go
	sc.finish()
}
