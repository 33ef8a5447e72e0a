package take

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"millwright/internal/fingerprint"
)

// content is an open drop: a snapshot in memory of a small one, the file itself
// of a large one.
type content struct {
	file *file
	data []byte // nil for a large file
	size int64
	gz   bool
	wide bool // UTF-16: a NUL at the end is half a character
}

// smallFile is the size up to which a file is read at once, and then judged
// before anything of it is parsed.
const smallFile = 2 << 20

// notYet says that a drop is not taken now; it stays where it is and is looked
// at again.
type notYet struct {
	hold hold
	why  error // nil: it is only not whole yet
}

func (n notYet) Error() string {
	if n.why != nil {
		return n.why.Error()
	}
	return "it is not whole yet"
}

func (n notYet) Unwrap() error { return n.why }

// unreadable is for a drop that ought to be readable.
func unreadable(doing string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return notYet{holdNothing, nil} // gone: the next listing will not have it
	}
	return notYet{holdRetry, fmt.Errorf("%s: %w; it is tried again", doing, err)}
}

// open opens a candidate, which has this name in dir. What is not the regular
// file that was listed is left alone.
func open(dir *os.File, name string, c *Candidate, buf []byte) (*content, []byte, error) {
	f, err := openFile(dir, name)
	switch {
	case errors.Is(err, syscall.ELOOP), errors.Is(err, syscall.EMLINK), errors.Is(err, syscall.ENXIO): // by now it is a link or a socket
		return nil, buf, notYet{holdNothing, nil}
	case err != nil:
		return nil, buf, unreadable("open drop", err)
	}
	in := &content{file: f, size: f.size()}
	if !f.regular() || in.size != c.Size || !f.modTime().Equal(c.ModTime) {
		f.close()
		return nil, buf, notYet{holdNothing, nil} // another file, or changed since it was listed
	}
	if in.size <= smallFile {
		if buf == nil || int64(cap(buf)) < in.size {
			buf = make([]byte, in.size+in.size/4)
		}
		in.data = buf[:in.size]
		if _, err := f.ReadAt(in.data, 0); err != nil {
			f.close()
			if errors.Is(err, io.EOF) {
				return nil, buf, notYet{holdNothing, nil} // it was cut since it was listed
			}
			return nil, buf, unreadable("read drop", err)
		}
	}
	if err := in.sniff(c.folder.CSV.Encoding); err != nil {
		f.close()
		return nil, buf, unreadable("read drop", err)
	}
	return in, buf, nil
}

func (in *content) close() { in.file.close() }

// sniff finds out what the last byte of the file means.
func (in *content) sniff(encoding string) error {
	var start [64]byte
	head := start[:min(int64(len(start)), in.size)]
	if err := in.readAt(head, 0); err != nil {
		return err
	}
	in.gz = bytes.HasPrefix(head, []byte{0x1f, 0x8b})
	nul := [2]int{}
	for i, c := range head {
		if c == 0 {
			nul[i%2]++
		}
	}
	// Text in UTF-16 has a NUL in every other byte, always the same one.
	in.wide = !in.gz && (strings.HasPrefix(encoding, "utf-16") ||
		bytes.HasPrefix(head, []byte{0xff, 0xfe}) || bytes.HasPrefix(head, []byte{0xfe, 0xff}) ||
		max(nul[0], nul[1]) >= 4 && min(nul[0], nul[1]) == 0)
	return nil
}

func (in *content) readAt(b []byte, at int64) error {
	if in.data != nil {
		if copy(b, in.data[min(at, int64(len(in.data))):]) < len(b) {
			return io.ErrUnexpectedEOF
		}
		return nil
	}
	_, err := io.ReadFull(io.NewSectionReader(in.file, at, int64(len(b))), b)
	return err
}

// section reads the bytes [from, to).
func (in *content) section(from, to int64) io.Reader {
	if in.data != nil {
		return bytes.NewReader(in.data[from:to])
	}
	return io.NewSectionReader(in.file, from, to-from)
}

// changed tells whether the file is no longer what was opened. It is asked after
// everything was read.
func (in *content) changed() bool { return in.file.changed() }

// lines gives the end of the last whole line, 0 for none, and whether it is the
// end of the file. A compressed file ends where its stream does, which the
// reader checks.
func (in *content) lines() (end int64, whole bool, err error) {
	if in.gz || in.size == 0 {
		return in.size, in.size > 0, nil
	}
	if in.wide {
		tail := make([]byte, min(2, in.size))
		err := in.readAt(tail, in.size-int64(len(tail)))
		return in.size, bytes.IndexByte(tail, '\n') >= 0 && in.size%2 == 0, err
	}
	if in.data != nil {
		end = int64(bytes.LastIndexByte(in.data, '\n') + 1)
		return end, end == in.size, nil
	}
	buf := make([]byte, 64<<10)
	for at := in.size; at > 0; {
		b := buf[:min(at, int64(len(buf)))]
		at -= int64(len(b))
		if err := in.readAt(b, at); err != nil {
			return 0, false, err
		}
		if i := bytes.LastIndexByte(b, '\n'); i >= 0 {
			end = at + int64(i) + 1
			return end, end == in.size, nil
		}
	}
	return 0, false, nil
}

// nul tells whether the file ends in a NUL that is no text: the rest of it is
// allocated but not written.
func (in *content) nul() (bool, error) {
	if in.gz || in.wide || in.size == 0 {
		return false, nil
	}
	b := make([]byte, 1)
	err := in.readAt(b, in.size-1)
	return b[0] == 0, err
}

// prefixes of files beyond fullPrefix are compared by their length, head, tail
// and pages between: reading gigabytes again for every line that a logger adds
// would never end, and a file that differs elsewhere only was not appended to
// by any writer that is known.
const (
	fullPrefix = 8 << 20
	samples    = 64
	samplePage = 4 << 10
	sampleEnd  = 64 << 10
)

// prefix gives the fingerprint of the first n bytes, or of samples of them.
func (in *content) prefix(n int64, prints *fingerprint.Maker) (sum [32]byte, err error) {
	h := prints.New()
	if n <= fullPrefix {
		m, err := io.Copy(h, in.section(0, n))
		if err == nil && m < n {
			err = io.ErrUnexpectedEOF
		}
		return h.Sum(), err
	}
	h.Write(binary.LittleEndian.AppendUint64([]byte("sampled\x00"), uint64(n)))
	buf := make([]byte, sampleEnd)
	sample := func(at, length int64) {
		if err == nil {
			err = in.readAt(buf[:length], at)
		}
		h.Write(buf[:length])
	}
	sample(0, sampleEnd)
	for i := range int64(samples) {
		sample((n-samplePage)/samples*i, samplePage)
	}
	sample(n-sampleEnd, sampleEnd)
	return h.Sum(), err
}

// identity is the SHA-256 of what makes a drop what it is: component, name
// mapping, where the content begins in its file, and the content's fingerprint.
func identity(component string, mapping []byte, from int64, content [32]byte) (id [32]byte) {
	h := sha256.New()
	h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(component))))
	io.WriteString(h, component)
	h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(mapping))))
	h.Write(mapping)
	h.Write(binary.LittleEndian.AppendUint64(nil, uint64(from)))
	h.Write(content[:])
	h.Sum(id[:0])
	return id
}
