package store_test

import (
	"fmt"
	"testing"
	"time"

	"millwright/inference/store"
)

// Many objects are replaced as a whole, those of others left alone, and of two under
// one name the last one counts.
func TestObjectsAreReplacedAsAWhole(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		ctx := t.Context()
		at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		objects := func(owner, ingestion string, n int) (all []store.Object) {
			for i := range n {
				all = append(all, store.Object{
					Kind: store.ObjectDataset, Owner: owner, Component: fmt.Sprint("c", i%7), Day: int64(i / 7), Key: fmt.Sprint(ingestion, "/", i),
					DataStart: at, DataEnd: at.Add(time.Hour), Rows: 10, Size: 20, CreatedAt: at,
				})
			}
			return all
		}
		put := func(owner string, all []store.Object) {
			t.Helper()
			if err := s.Tx(ctx, func(tx *store.Tx) error { return tx.ReplaceObjects(ctx, store.ObjectDataset, owner, all) }); err != nil {
				t.Fatal(err)
			}
		}
		put("other", objects("other", "i", 3))
		put("d", objects("d", "i", 1201))
		again := objects("d", "j", 601)
		twice := again[5]
		twice.Rows = 99
		put("d", append(again, twice))
		span, err := s.ObjectSpan(ctx, store.ObjectDataset, "d")
		if err != nil || span.Objects != 601 || span.Rows != 600*10+99 {
			t.Errorf("%+v %v", span, err)
		}
		if span, err = s.ObjectSpan(ctx, store.ObjectDataset, "other"); err != nil || span.Objects != 3 {
			t.Errorf("%+v %v", span, err)
		}
		if err := s.Tx(ctx, func(tx *store.Tx) error {
			return tx.ReplaceObjects(ctx, store.ObjectDataset, "d", objects("other", "k", 1))
		}); err == nil {
			t.Error("another's object was taken")
		}
	})
}
