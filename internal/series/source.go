package series

import (
	"bytes"
	"errors"
	"io"
)

const (
	headSize   = 64 << 10  // what is sniffed
	bufferSize = 256 << 10 // read at a time from files that are longer
	// bufferPad is kept readable behind the text, for loads of eight bytes.
	bufferPad = 64
)

// source is the text of a file: unpacked and decoded, without a byte order mark.
type source struct {
	r     io.Reader // what follows head
	head  []byte    // the beginning; its array has bufferPad bytes more
	whole bool      // head is all there is
	enc   string
	bom   int // bytes of the byte order mark that are not in head
	gzip  *gunzip
	cr    bool // lines end in CR alone
}

// openSource reads the beginning of a file and undoes what is around the text.
func openSource(r io.Reader, set *settings) (*source, error) {
	s := &source{r: &limitReader{r: r, left: limitOf(set)}}
	if err := s.read(set.Memory); err != nil {
		return nil, s.explain(err, set)
	}
	if bytes.HasPrefix(s.head, []byte{0x1f, 0x8b}) {
		z, err := newGunzip(io.MultiReader(bytes.NewReader(bytes.Clone(s.head)), r))
		if err != nil {
			return nil, &HopelessError{Reason: "the gzip data is damaged at its beginning; copy the file again"}
		}
		s.gzip, s.r = z, &limitReader{r: z, left: limitOf(set)}
		if err := s.read(set.Memory); err != nil {
			return nil, s.explain(err, set)
		}
		if s.gzip.damage != "" && bytes.IndexByte(s.head, '\n') < 0 {
			return nil, &HopelessError{Reason: s.gzip.damage}
		}
	}
	s.enc, s.bom = sniffEncoding(s.head, set.Encoding, s.whole)
	if s.enc == encUTF16LE || s.enc == encUTF16BE {
		s.r = newUTF16Reader(io.MultiReader(bytes.NewReader(bytes.Clone(s.head[s.bom:])), s.r), s.enc)
		if err := s.read(set.Memory); err != nil {
			return nil, s.explain(err, set)
		}
	} else {
		s.head = s.head[s.bom:]
	}
	s.lineEnds(loneCR(s.head))
	return s, nil
}

// resumeSource goes on in a file whose beginning is known.
func resumeSource(r io.Reader, set *settings, d Dialect) (*source, error) {
	s := &source{r: &limitReader{r: r, left: limitOf(set)}, enc: d.Encoding}
	if err := s.read(set.Memory); err != nil {
		return nil, s.explain(err, set)
	}
	s.lineEnds(d.LineEnd == "cr")
	return s, nil
}

func limitOf(set *settings) int64 {
	if set.MaxBytes < 0 {
		return 1<<63 - 1
	}
	return set.MaxBytes
}

// read fills head.
func (s *source) read(m *Memory) error {
	buf := m.head()
	n, err := io.ReadFull(s.r, buf[:headSize])
	s.head, s.whole = buf[:n], false
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		s.whole = true
		return nil
	}
	return err
}

func (s *source) explain(err error, set *settings) error {
	if errors.Is(err, errTooLarge) {
		return tooLarge(set.MaxBytes)
	}
	return err
}

func (s *source) lineEnds(cr bool) {
	if s.cr = cr; !cr {
		return
	}
	for i, c := range s.head {
		if c == '\r' {
			s.head[i] = '\n'
		}
	}
	s.r = crReader{s.r}
}
