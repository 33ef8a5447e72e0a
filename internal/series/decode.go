package series

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	encUTF8    = "utf-8"
	encUTF16LE = "utf-16le"
	encUTF16BE = "utf-16be"
	enc1252    = "windows-1252"
)

// byteOrderMark gives the encoding that a byte order mark stands for and its length.
func byteOrderMark(head []byte) (string, int) {
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		return encUTF8, 3
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		return encUTF16LE, 2
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		return encUTF16BE, 2
	}
	return "", 0
}

// sniffEncoding finds the encoding of a file's beginning. pinned is as in
// Options; a byte order mark is skipped in any case and settles the order of
// "utf-16".
func sniffEncoding(head []byte, pinned string, whole bool) (enc string, bom int) {
	mark, n := byteOrderMark(head)
	switch pinned {
	case encUTF8, encUTF16LE, encUTF16BE, enc1252:
		if mark != pinned && (pinned != enc1252 || mark != encUTF8) {
			n = 0
		}
		return pinned, n
	case "utf-16":
		if mark == encUTF16LE || mark == encUTF16BE {
			return mark, n
		}
		return utf16Order(head, encUTF16LE), 0
	}
	if n > 0 {
		return mark, n
	}
	if enc := utf16Order(head, ""); enc != "" {
		return enc, 0
	}
	text := head
	if !whole { // the last character may be cut
		for i := 0; i < utf8.UTFMax && len(text) > 0 && text[len(text)-1] >= 0x80; i++ {
			text = text[:len(text)-1]
		}
	}
	if utf8.Valid(text) {
		return encUTF8, 0
	}
	return enc1252, 0
}

// utf16Order looks for the zero bytes that ASCII text has in UTF-16.
func utf16Order(head []byte, otherwise string) string {
	head = head[:min(len(head)&^1, 512)]
	var even, odd int
	for i := 0; i < len(head); i += 2 {
		if head[i] == 0 {
			even++
		}
		if head[i+1] == 0 {
			odd++
		}
	}
	half := len(head) / 2
	switch {
	case half >= 4 && odd > half*3/4 && even == 0:
		return encUTF16LE
	case half >= 4 && even > half*3/4 && odd == 0:
		return encUTF16BE
	}
	return otherwise
}

// decodeText gives cells and names in UTF-8. Bytes of Windows-1252 files are
// scanned as they are, since digits and delimiters are the same in both.
func decodeText(b []byte, enc string) string {
	if enc != enc1252 && utf8.Valid(b) {
		return string(b)
	}
	out := make([]rune, 0, len(b))
	for _, c := range b {
		out = append(out, rune1252(c))
	}
	return string(out)
}

func rune1252(c byte) rune {
	if c < 0x80 || c >= 0xa0 {
		return rune(c)
	}
	return [32]rune{
		0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd,
		0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178,
	}[c-0x80]
}

// utf16Reader turns UTF-16 into UTF-8.
type utf16Reader struct {
	r     io.Reader
	order binary.ByteOrder
	in    [8 << 10]byte
	rest  int // bytes of in that are not decoded yet
	out   []byte
	err   error
}

func newUTF16Reader(r io.Reader, enc string) *utf16Reader {
	u := &utf16Reader{r: r, order: binary.LittleEndian}
	if enc == encUTF16BE {
		u.order = binary.BigEndian
	}
	return u
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	for len(u.out) == 0 {
		if u.err != nil {
			return 0, u.err
		}
		n, err := u.r.Read(u.in[u.rest:])
		u.rest += n
		u.err = err
		u.decode()
	}
	n := copy(p, u.out)
	u.out = u.out[n:]
	return n, nil
}

// decode takes whole characters; half a character at the end of the file is
// one that was not finished and is left out.
func (u *utf16Reader) decode() {
	u.out = u.out[:0]
	in := u.in[:u.rest]
	for len(in) >= 2 {
		r := rune(u.order.Uint16(in))
		size := 2
		if utf16.IsSurrogate(r) {
			if len(in) < 4 {
				if u.err == nil {
					break
				}
				r = utf8.RuneError
			} else if both := utf16.DecodeRune(r, rune(u.order.Uint16(in[2:]))); both != utf8.RuneError {
				r, size = both, 4
			} else {
				r = utf8.RuneError
			}
		}
		u.out = utf8.AppendRune(u.out, r)
		in = in[size:]
	}
	u.rest = copy(u.in[:], in)
}

// crReader turns the line ends of files that only know CR into LF, byte for byte.
type crReader struct{ r io.Reader }

func (c crReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	for i, b := range p[:n] {
		if b == '\r' {
			p[i] = '\n'
		}
	}
	return n, err
}

// loneCR tells a beginning whose lines end in CR alone.
func loneCR(head []byte) bool {
	return bytes.IndexByte(head, '\n') < 0 && bytes.Count(head, []byte("\r")) > 1
}

// errTooLarge is returned by limitReader.
var errTooLarge = errors.New("too large")

// limitReader stops a file (or a gzip bomb) at a number of bytes.
type limitReader struct {
	r    io.Reader
	left int64
}

func (l *limitReader) Read(p []byte) (int, error) {
	if l.left <= 0 {
		var one [1]byte
		n, err := l.r.Read(one[:])
		if n > 0 {
			return 0, errTooLarge
		}
		return 0, err
	}
	if int64(len(p)) > l.left {
		p = p[:l.left]
	}
	n, err := l.r.Read(p)
	l.left -= int64(n)
	return n, err
}

func tooLarge(limit int64) error {
	return &HopelessError{Reason: fmt.Sprintf("the file has more than %d bytes (unpacked); split it, or raise limits.file", limit)}
}
