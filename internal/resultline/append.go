package resultline

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// Append adds the line of r to dst, with its line feed. Numbers are rounded to
// five decimals, but never down to the threshold: a reader that goes by the score
// sees the same prediction. Fields of other names follow in the order of names;
// their values have to be JSON. What cannot be said in JSON (NaN, infinities) is
// left out of a score and 0 in a share.
func Append(dst []byte, r Row) []byte {
	dst = append(dst, `{"timestamp": "`...)
	dst = time.Unix(0, r.Time).UTC().AppendFormat(dst, stampForm)
	dst = append(dst, `", "prediction": `...)
	dst = strconv.AppendInt(dst, int64(r.Prediction), 10)
	if r.Reason != "" {
		dst = append(dst, `, "prediction_reason": `...)
		dst = appendString(dst, string(r.Reason))
	}
	if r.HasScore && !math.IsNaN(r.Score) {
		dst = append(dst, `, "anomaly_score": `...)
		at := len(dst)
		dst = appendShare(dst, r.Score)
		if r.Score > Threshold && string(dst[at:]) == "0.5" {
			dst = append(dst[:at], "0.50001"...)
		}
	}
	if r.Diagnostics != nil {
		dst = append(dst, `, "diagnostics": [`...)
		for i, d := range r.Diagnostics {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = append(dst, `{"name": `...)
			dst = appendString(dst, d.Name)
			dst = append(dst, `, "value": `...)
			dst = appendShare(dst, d.Value)
			dst = append(dst, '}')
		}
		dst = append(dst, ']')
	}
	return append(appendExtra(dst, r.Extra), "}\n"...)
}

func appendExtra(dst []byte, extra map[string]json.RawMessage) []byte {
	if len(extra) == 0 {
		return dst
	}
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		if fieldOf(name) != fieldOther {
			continue // it has been written
		}
		dst = append(dst, ", "...)
		dst = appendString(dst, name)
		dst = append(dst, ": "...)
		value := extra[name]
		if len(value) == 0 {
			dst = append(dst, "null"...)
		}
		for _, c := range value {
			if c == '\n' { // only ever white space in JSON
				c = ' '
			}
			dst = append(dst, c)
		}
	}
	return dst
}

// appendShare writes v, 0 to 1, as Python writes round(v, 5).
func appendShare(dst []byte, v float64) []byte {
	if !(v > 0) {
		return append(dst, "0.0"...)
	}
	at := len(dst)
	dst = strconv.AppendFloat(dst, min(v, 1), 'f', 5, 64) // d.ddddd
	if digits := dst[at:]; string(digits[:6]) == "0.0000" && digits[6] != '0' {
		return append(dst[:at], digits[6], 'e', '-', '0', '5')
	}
	for dst[len(dst)-1] == '0' && dst[len(dst)-2] != '.' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

const hexDigits = "0123456789abcdef"

// appendString writes s as a JSON string in ASCII, as Python does.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			dst = appendASCII(dst, c)
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		if r < 0x10000 {
			dst = appendUnit(dst, r)
			continue
		}
		r -= 0x10000
		dst = appendUnit(appendUnit(dst, 0xd800+r>>10), 0xdc00+r&0x3ff)
	}
	return append(dst, '"')
}

func appendASCII(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	}
	if c < ' ' || c == 0x7f {
		return appendUnit(dst, rune(c))
	}
	return append(dst, c)
}

func appendUnit(dst []byte, u rune) []byte {
	return append(dst, '\\', 'u', hexDigits[u>>12&15], hexDigits[u>>8&15], hexDigits[u>>4&15], hexDigits[u&15])
}
