package jobs

import (
	"fmt"
	"testing"
)

// Models are kept by how large they are together, the last ones first.
func TestKeptModelsAreBounded(t *testing.T) {
	t.Parallel()
	m := &Models{kept: map[modelKey]*keptModel{}}
	keep := func(id string, size int64) {
		m.clock++
		m.keep(modelKey{id: id}, &keptModel{used: m.clock, size: size})
	}
	for i := range 9 {
		keep(fmt.Sprint("large ", i), keptBytes/4)
	}
	if len(m.kept) != 4 || m.kept[modelKey{id: "large 5"}] == nil {
		t.Error(len(m.kept))
	}
	keep("large 8", keptBytes/4) // again
	if len(m.kept) != 4 || m.bytes != keptBytes {
		t.Error(len(m.kept), m.bytes)
	}
	keep("larger than all", 2*keptBytes)
	if len(m.kept) != 1 {
		t.Error(len(m.kept))
	}
	for i := range 2 * keptModels {
		keep(fmt.Sprint("small ", i), 1)
	}
	if len(m.kept) != keptModels || m.bytes != keptModels {
		t.Error(len(m.kept), m.bytes)
	}
}
