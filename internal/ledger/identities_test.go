package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"testing"

	"millwright/internal/drop"
)

func anIdentity(n int) [32]byte {
	return sha256.Sum256(binary.LittleEndian.AppendUint64(nil, uint64(n)))
}

// What was taken is found by its identity, over restarts and more drops than the
// filter began with; of what was not, hardly any is asked for.
func TestAnIdentityIsNeverMissed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := openTest(t, dir)
	const batch, batches = 2048, leastHeld/2048 + 1
	for b := range batches {
		work := make([]drop.Taking, batch)
		for i := range work {
			n := b*batch + i
			work[i] = drop.Taking{Drop: drop.Drop{Folder: "/srv/drop", Name: fmt.Sprintf("%d.csv", n), Identity: anIdentity(n), State: drop.Taken}}
		}
		commit(t, l, work...)
	}
	check := func() {
		t.Helper()
		for n := range batch * batches {
			if !l.origins.has(anIdentity(n)) {
				t.Fatalf("identity %d is missed", n)
			}
		}
		for _, n := range []int{0, batch * batches / 2, batch*batches - 1} {
			if d, ok, err := l.ByIdentity(t.Context(), anIdentity(n)); err != nil || !ok || d.ID != int64(n+1) {
				t.Fatalf("identity %d is of drop %d, %v, %v", n, d.ID, ok, err)
			}
		}
		vain := 0
		for n := range 10_000 {
			if l.origins.has(anIdentity(-1 - n)) {
				vain++
			}
		}
		if vain > 50 {
			t.Errorf("%d of 10,000 new identities would be looked up", vain)
		}
	}
	check()
	must(t, l.Close())
	l = openTest(t, dir)
	check()
}
