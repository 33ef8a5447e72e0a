package store

import (
	"crypto/rand"
	"encoding/hex"
)

// NewUUID makes a random UUID (version 4), the last part of most ARNs.
func NewUUID() string {
	b := random()
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	s := hex.EncodeToString(b[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// NewID makes a random id of 32 hexadecimal digits, as ingestion jobs and labels
// have.
func NewID() string {
	b := random()
	return hex.EncodeToString(b[:])
}

func random() (b [16]byte) {
	_, _ = rand.Read(b[:]) // never fails
	return b
}
