package series

import (
	"fmt"
	"strings"
)

// serviceForms are the forms of timestamps that the service reads in CSVs.
func serviceForms() []string {
	return []string{
		"yyyy-MM-dd-HH-mm-ss", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd-HH:mm:ss", "yyyy-MM-dd'T'HH:mm",
		"yyyy-MM-dd HH:mm", "yyyy-MM-dd-HH:mm", "yyyy/MM/dd'T'HH:mm:ss", "yyyyMMdd'T'HH:mm", "yyyyMMdd HH:mm", "yyyyMMddHHmm",
		"yyyy/MM/dd HH:mm:ss", "yyyyMMdd'T'HH:mm:ss", "yyyyMMdd HH:mm:ss", "yyyyMMddHHmmss", "yyyy/MM/dd'T'HH:mm", "yyyy/MM/dd HH:mm",
		"yyyy MM dd'T'HH:mm:ss", "yyyy MM dd HH:mm:ss", "yyyy MM dd'T'HH:mm", "yyyy MM dd HH:mm",
	}
}

// stampPattern is a compiled pattern of y M d H h m s S a X and literals.
type stampPattern struct {
	text     string
	parts    []patternPart
	fraction bool // the pattern has S
	plain    bool // nothing but seconds, fraction and offset stands behind the minutes
}

type patternPart struct {
	letter byte // 0: literal
	count  int
	lit    string
}

// compilePattern reads a pattern. T may stand bare, other letters in quotes.
func compilePattern(text string) (*stampPattern, error) {
	p := &stampPattern{text: text, plain: true}
	var seen [128]bool
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case strings.IndexByte("yMdHhmsSaX", c) >= 0:
			n := 1
			for i+n < len(text) && text[i+n] == c {
				n++
			}
			if seen[c] {
				return nil, fmt.Errorf("read csv.timestamp_format %q: %c stands twice", text, c)
			}
			if seen['s'] && c != 'S' && c != 'X' {
				p.plain = false
			}
			if seen['m'] && c != 's' && c != 'S' && c != 'X' {
				p.plain = false
			}
			seen[c] = true
			p.parts = append(p.parts, patternPart{letter: c, count: n})
			i += n
		case c == '\'':
			end := strings.IndexByte(text[i+1:], '\'')
			if end < 0 {
				return nil, fmt.Errorf("read csv.timestamp_format %q: close the quote", text)
			}
			p.literal(text[i+1 : i+1+end])
			i += end + 2
		case c != 'T' && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'):
			return nil, fmt.Errorf("read csv.timestamp_format %q: %q is not known; use y M d H h m s S a X, and quotes around other letters", text, string(c))
		default:
			p.literal(text[i : i+1])
			i++
		}
	}
	if !seen['y'] || !seen['M'] || !seen['d'] || !seen['H'] && !seen['h'] {
		if !(seen['y'] && seen['M'] && seen['d'] && !seen['m'] && !seen['s']) {
			return nil, fmt.Errorf("read csv.timestamp_format %q: it needs year, month and day, and an hour where it has minutes", text)
		}
	}
	if seen['h'] != seen['a'] {
		return nil, fmt.Errorf("read csv.timestamp_format %q: h (1 to 12) and a (AM or PM) go together; use H for 0 to 23", text)
	}
	p.fraction = seen['S']
	p.plain = p.plain && seen['m']
	return p, nil
}

func (p *stampPattern) literal(s string) {
	if n := len(p.parts); n > 0 && p.parts[n-1].letter == 0 {
		p.parts[n-1].lit += s
		return
	}
	p.parts = append(p.parts, patternPart{lit: s})
}

// parse reads all of b. between stands for a blank in the pattern too, where
// date and time come from two columns; else it is 0.
func (p *stampPattern) parse(b []byte, between byte) (st stampText, ok bool) {
	var f patternFields
	f.mo, f.d = 1, 1
	st.second, st.minuteEnd = -1, -1
	i := 0
	for _, part := range p.parts {
		if part.letter == 0 {
			if i = matchLiteral(b, i, part.lit, between); i < 0 {
				return st, false
			}
			continue
		}
		if i = f.read(b, i, part, &st); i < 0 {
			return st, false
		}
	}
	if i != len(b) {
		return st, false
	}
	if !p.plain {
		st.minuteEnd = -1
	}
	if f.half != 0 {
		if f.h < 1 || f.h > 12 {
			return st, false
		}
		f.h = f.h%12 + 12*(f.half-1)
	}
	st.wall, ok = wallOf(f.y, f.mo, f.d, f.h, f.mi, f.s)
	return st, ok && (f.h < 24 || st.nanos == 0)
}

func matchLiteral(b []byte, i int, lit string, between byte) int {
	for k := 0; k < len(lit); k++ {
		if i >= len(b) || b[i] != lit[k] && (between == 0 || b[i] != between || lit[k] != ' ') {
			return -1
		}
		i++
	}
	return i
}

type patternFields struct {
	y, mo, d, h, mi, s int
	half               int // 1: AM, 2: PM
}

// read takes one field at b[i:] and gives the index after it, -1 when it does not fit.
func (f *patternFields) read(b []byte, i int, part patternPart, st *stampText) (end int) {
	lo, hi := 1, 2
	if part.count >= 2 {
		lo = 2
	}
	switch part.letter {
	case 'y':
		if part.count == 2 {
			if f.y, end = digits(b, i, 2, 2); f.y < 70 {
				f.y += 100
			}
			f.y += 1900
			return end
		}
		f.y, end = digits(b, i, 4, 4)
	case 'M':
		if part.count >= 3 {
			f.mo, end = monthName(b, i)
			return end
		}
		f.mo, end = digits(b, i, lo, hi)
	case 'd':
		f.d, end = digits(b, i, lo, hi)
	case 'H', 'h':
		f.h, end = digits(b, i, lo, hi)
	case 'm':
		f.mi, end = digits(b, i, lo, hi)
		st.minuteEnd = end
	case 's':
		f.s, end = digits(b, i, lo, hi)
		if end == i+2 {
			st.second = i
		}
	case 'S':
		st.nanos, end = fraction(b, i)
	case 'a':
		f.half, end = dayHalf(b, i)
	case 'X':
		if st.offset, st.zoned = offset(b, i); !st.zoned {
			return -1
		}
		end = len(b)
	}
	return end
}

// monthName reads the first three letters of an English month.
func monthName(b []byte, i int) (month, end int) {
	if i+3 > len(b) {
		return 0, -1
	}
	at := strings.Index("janfebmaraprmayjunjulaugsepoctnovdec", strings.ToLower(string(b[i:i+3])))
	if at < 0 || at%3 != 0 {
		return 0, -1
	}
	return at/3 + 1, i + 3
}

// dayHalf reads AM or PM: 1 or 2.
func dayHalf(b []byte, i int) (half, end int) {
	if i+2 > len(b) || b[i+1]|0x20 != 'm' {
		return 0, -1
	}
	switch b[i] | 0x20 {
	case 'a':
		return 1, i + 2
	case 'p':
		return 2, i + 2
	}
	return 0, -1
}
