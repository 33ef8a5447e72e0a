package sink

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// appendText adds a text as a CSV cell. Names and reasons were written by others:
// what a spreadsheet would take for a formula gets an apostrophe before it,
// control characters, line ends among them, become spaces, and bytes that are
// no text the replacement character.
func appendText(dst []byte, text string) []byte {
	text = plain(text)
	if formula(text) {
		text = "'" + text
	}
	if !strings.ContainsAny(text, `",;`) && strings.TrimSpace(text) == text {
		return append(dst, text...)
	}
	dst = append(dst, '"')
	dst = append(dst, strings.ReplaceAll(text, `"`, `""`)...)
	return append(dst, '"')
}

// formula tells whether a spreadsheet may take the text for one: by its first
// character that is no space, full-width forms included.
func formula(text string) bool {
	first, _ := utf8.DecodeRuneInString(strings.TrimSpace(text))
	return strings.ContainsRune("=+-@＝＋－＠", first)
}

// plain is a text on one line without control characters, for cells, notices and
// logs.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

func appendNumber(dst []byte, v float64) []byte { return strconv.AppendFloat(dst, v, 'f', -1, 64) }

func appendTime(dst []byte, t time.Time) []byte {
	return t.UTC().AppendFormat(dst, time.RFC3339Nano)
}
