package agent

import (
	"runtime/debug"
	"runtime/metrics"
)

// rest gives memory that busy times needed back to the system: a gateway has
// other uses for it, and the runtime alone keeps it for minutes.
type rest struct {
	allocated uint64 // bytes, until the last turn
}

const (
	restBelow = 8 << 20   // bytes allocated between two turns: more is work under way
	restAbove = 512 << 10 // bytes that may lie idle
)

// turn tells whether it gave memory back. It costs a collection, some
// milliseconds for the heap of an idle agent.
func (r *rest) turn() bool {
	samples := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}, {Name: "/memory/classes/heap/free:bytes"}}
	metrics.Read(samples)
	allocated, idle := samples[0].Value.Uint64(), samples[1].Value.Uint64()
	busy := allocated-r.allocated > restBelow
	r.allocated = allocated
	if busy || idle < restAbove {
		return false
	}
	debug.FreeOSMemory()
	return true
}
