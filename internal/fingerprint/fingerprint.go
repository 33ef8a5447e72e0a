// Package fingerprint tells contents apart: equal sums mean equal contents. A sum
// is made of AES-GMAC tags under a key that each state folder has for itself, which
// costs a sixth of SHA-256 where the processor knows AES, and as much where it does
// not. Without the key nobody can make two contents of one sum; sums mean nothing
// elsewhere and are never sent.
package fingerprint

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"

	"millwright/internal/atomicfile"
)

// KeyFile is what the key's file is called in a folder of state.
const KeyFile = "fingerprint.key"

// keyBytes is the length of a key, and of its file.
const keyBytes = 16

// Maker makes sums under one key. It is safe for concurrent use.
type Maker struct{ mac cipher.AEAD }

// Open reads the key from a file. One that is missing, cut or not to be read from the
// disk is made anew, and then no content is known again.
func Open(path string) (m *Maker, anew bool, err error) {
	key, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrPermission) {
		return nil, false, fmt.Errorf("read the key of fingerprints: %w; check its owner", err)
	}
	if err != nil || len(key) != keyBytes {
		key = make([]byte, keyBytes)
		_, _ = rand.Read(key) // never fails
		if err := atomicfile.Write(path, key, 0o600); err != nil {
			return nil, false, fmt.Errorf("make the key of fingerprints: %w; make room for it, or remove what is in its place", err)
		}
		anew = true
	}
	m, err = With([keyBytes]byte(key))
	return m, anew, err
}

// With makes sums under a key.
func With(key [keyBytes]byte) (*Maker, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, fmt.Errorf("make fingerprints: %w", err)
	}
	mac, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("make fingerprints: %w", err)
	}
	return &Maker{mac}, nil
}

// Sum is the sum of a content that is in memory.
func (m *Maker) Sum(content []byte) [sha256.Size]byte {
	d := m.New()
	d.last = d.chunks(content)
	return d.Sum()
}

// New begins a sum.
func (m *Maker) New() *Digest { return &Digest{mac: m.mac, tags: sha256.New()} }

// chunk is how many bytes have a tag of their own, so that contents of any length
// can be taken a piece at a time.
const chunk = 64 << 10

// Digest is a sum in the making: SHA-256 over the tags of all chunks, for two tags
// under one nonce would tell the key.
type Digest struct {
	mac  cipher.AEAD
	tags hash.Hash
	last []byte // of a chunk that is not full
}

// Write takes further bytes of the content. It never fails.
func (d *Digest) Write(p []byte) (int, error) {
	n := len(p)
	if len(d.last) > 0 {
		m := min(chunk-len(d.last), len(p))
		d.last, p = append(d.last, p[:m]...), p[m:]
		d.last = d.last[:copy(d.last, d.chunks(d.last))]
	}
	d.last = append(d.last, d.chunks(p)...)
	return n, nil
}

// Sum ends the sum: nothing may follow.
func (d *Digest) Sum() (sum [sha256.Size]byte) {
	if len(d.last) > 0 {
		d.tag(d.last)
	}
	d.tags.Sum(sum[:0])
	return sum
}

// chunks takes the chunks that p begins with and gives the rest.
func (d *Digest) chunks(p []byte) []byte {
	for ; len(p) >= chunk; p = p[chunk:] {
		d.tag(p[:chunk])
	}
	return p
}

func (d *Digest) tag(piece []byte) {
	var nonce [12]byte // always the same: nothing is encrypted
	var tag [16]byte
	d.tags.Write(d.mac.Seal(tag[:0], nonce[:], nil, piece))
}
