package series

import "encoding/binary"

// load8 reads eight bytes at b[i:]; the compiler makes one load of it where the
// processor can.
func load8(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[i:]) }
