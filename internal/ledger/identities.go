package ledger

import (
	"context"
	"database/sql"
	"encoding/binary"
	"math/bits"
	"sync"

	"millwright/internal/drop"
)

// identities tells of nearly every new drop, without asking the database, that
// no earlier one has its identity: a Bloom filter over the identities of all
// drops whose rows were taken. Drops that are forgotten stay in it, which costs
// a question now and then.
type identities struct {
	mu    sync.RWMutex
	words []uint64 // nil: nothing is known, every identity may be there
	held  int
}

const (
	identityBits   = 16 // for each identity held: one in 700 is asked for in vain
	identityProbes = 5
	leastHeld      = 1 << 12 // identities that the smallest filter has room for: 8 KiB
)

const (
	countIdentities  = `SELECT count(*) FROM drops WHERE origin`
	selectIdentities = `SELECT identity FROM drops WHERE origin`
)

// load makes the filter anew, with room for as many again. After an error every
// identity is asked for.
func (f *identities) load(ctx context.Context, db *sql.DB) error {
	f.mu.Lock() // so that nothing is added that is neither read nor kept
	defer f.mu.Unlock()
	f.words, f.held = nil, 0
	var n int
	if err := db.QueryRowContext(ctx, countIdentities).Scan(&n); err != nil {
		return err
	}
	words := make([]uint64, max(leastHeld, 1<<bits.Len(uint(n)))*identityBits/64)
	rows, err := db.QueryContext(ctx, selectIdentities)
	if err != nil {
		return err
	}
	held := 0
	err = each(rows, func(r *sql.Rows) error {
		var id sql.RawBytes
		if err := r.Scan(&id); err != nil || len(id) != 32 {
			return err
		}
		held++
		enter(words, [32]byte(id))
		return nil
	})
	if err == nil {
		f.words, f.held = words, held
	}
	return err
}

// has tells whether a drop may have the identity.
func (f *identities) has(id [32]byte) bool {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.words == nil {
		return true
	}
	for i := range identityProbes {
		if at := probe(f.words, id, i); f.words[at>>6]&(1<<(at&63)) == 0 {
			return false
		}
	}
	return true
}

// add notes drops, and tells whether the filter has become too full.
func (f *identities) add(drops []drop.Drop) (full bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.words == nil {
		return false
	}
	for _, d := range drops {
		if d.State == drop.Taken {
			enter(f.words, d.Identity)
			f.held++
		}
	}
	return f.held > len(f.words)*64/identityBits
}

func enter(words []uint64, id [32]byte) {
	for i := range identityProbes {
		at := probe(words, id, i)
		words[at>>6] |= 1 << (at & 63)
	}
}

// probe gives the i-th bit of an identity, whose own bits are as good as random.
// The number of words is a power of two.
func probe(words []uint64, id [32]byte, i int) uint64 {
	return binary.LittleEndian.Uint64(id[i*6:]) & uint64(len(words)*64-1)
}
