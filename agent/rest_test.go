package agent

import (
	"runtime"
	"runtime/metrics"
	"testing"
)

// It is not parallel: it looks at the memory of the whole process.
func TestMemoryOfBusyTimesIsGivenBack(t *testing.T) {
	free := func() uint64 {
		s := []metrics.Sample{{Name: "/memory/classes/heap/free:bytes"}}
		metrics.Read(s)
		return s[0].Value.Uint64()
	}
	var r rest
	r.turn()
	work := make([][]byte, 64)
	for i := range work {
		work[i] = make([]byte, 1<<20)
	}
	runtime.KeepAlive(work)
	clear(work)
	runtime.GC()
	before := free()
	if before < 16<<20 {
		t.Fatalf("the runtime kept only %d bytes of 64 MiB", before)
	}
	if r.turn() {
		t.Error("gave memory back in the middle of work")
	}
	if !r.turn() {
		t.Error("kept what nobody uses")
	}
	if after := free(); after > before/4 {
		t.Errorf("%d bytes lie idle, of %d before", after, before)
	}
}
