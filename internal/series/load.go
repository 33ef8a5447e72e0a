package series

import (
	"encoding/binary"
	"unsafe"
)

// The scanner's only unsafe reads and writes. They leave out bounds checks,
// which cost it a third of its speed; what keeps them in bounds is said where
// they are used. They do the same on every processor, whatever its byte order
// and alignment: where it can, the compiler makes one load of eight bytes.

// load8 reads eight bytes at b[i:].
func load8(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[i:]) }

// loadAt reads eight bytes at p+i.
func loadAt(p unsafe.Pointer, i int) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(p, i))[:])
}

// byteAt reads the byte at p+i.
func byteAt(p unsafe.Pointer, i int) byte { return *(*byte)(unsafe.Add(p, i)) }

// floatAt is the place of the i-th number from p on.
func floatAt(p unsafe.Pointer, i int) *float64 { return (*float64)(unsafe.Add(p, 8*i)) }

// textAt is where a text of at least one byte begins.
func textAt(b []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b)) }
