package jobs

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.uber.org/zap"

	"millwright/inference/lake"
	"millwright/inference/store"
)

// What executions bring while another model's data are copied is not lost to a copy that
// was to be made only where there is nothing.
func TestACopyForAnEmptyModelFindsItFilled(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		strategy string
		have     bool // by the time that all is copied
		want     []string
	}{
		{"ADD_WHEN_EMPTY", false, []string{"copied"}},
		{"ADD_WHEN_EMPTY", true, []string{"own"}},
		{"OVERWRITE", true, []string{"copied"}},
	} {
		db, err := store.Open(t.Context(), store.Options{Database: filepath.Join(t.TempDir(), "db"), Also: Migrate})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		j, err := New(Options{Store: db, S3: struct{ lake.Store }{}, Bucket: "work"}, zap.NewNop())
		if err != nil {
			t.Fatal(err)
		}
		rows := func(key string) []lake.Object {
			return []lake.Object{{Component: "pump", Day: 1, Key: key, Start: 1e15, End: 2e15, Rows: 5, Size: 100}}
		}
		err = db.Tx(t.Context(), func(tx *store.Tx) error {
			if c.have {
				if err := tx.SwapObjects(t.Context(), stored(store.ObjectInference, "m", rows("own"), time.Now()), nil); err != nil {
					return err
				}
			}
			return j.takeSeen(t.Context(), tx, "m", rows("copied"), c.strategy)
		})
		if err != nil {
			t.Fatal(err)
		}
		objects, err := db.Objects(t.Context(), store.ObjectInference, "m", "", -allDays, allDays)
		var keys []string
		for _, o := range objects {
			keys = append(keys, o.Key)
		}
		if err != nil || !slices.Equal(keys, c.want) {
			t.Errorf("%s: %v %v", c.strategy, keys, err)
		}
	}
}
