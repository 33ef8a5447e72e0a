package window

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Format is the form of the stamp in an input object's name, by the service's
// own word for it.
type Format string

const (
	FormatCompact Format = "yyyyMMddHHmmss"
	FormatDashed  Format = "yyyy-MM-dd-HH-mm-ss"
	FormatEpoch   Format = "EPOCH" // Unix seconds
)

// DefaultDelimiter stands between component and stamp when a scheduler names none.
const DefaultDelimiter = "-"

const suffix = ".csv"

// ErrNotWindow is returned by Parse and ParseResultKey for a key that names no
// window: it belongs to somebody else and should be left alone.
var ErrNotWindow = errors.New("not the key of a window")

// Naming is how a scheduler's input objects are called. Every stamp has the same
// length, so a key says by itself where its component ends, whatever characters
// the component has.
type Naming struct {
	Prefix    string        // "" or ending in "/"
	Delimiter string        // as it stands in the key; "" is none
	Format    Format        // "" is FormatCompact
	Offset    time.Duration // moves the stamps of the calendar formats; rows stay UTC
}

// Key names the object of a component's window. Keys of one component sort by
// time. EPOCH stamps have ten digits, which they have anyway from 2001 to 2286.
func (n Naming) Key(component string, start int64) string {
	b := make([]byte, 0, len(n.Prefix)+len(component)+len(n.Delimiter)+len(FormatDashed)+len(suffix))
	b = append(b, n.Prefix...)
	b = append(b, component...)
	b = append(b, n.Delimiter...)
	b = n.appendStamp(b, start)
	return string(append(b, suffix...))
}

// Parse is the inverse of Key. With no components given every legal component
// name is accepted. The error is ErrNotWindow.
func (n Naming) Parse(key string, components []string) (component string, start int64, err error) {
	name, ok := strings.CutPrefix(key, n.Prefix)
	if !ok {
		return "", 0, notWindow(key, "it is not below "+strconv.Quote(n.Prefix))
	}
	if name, ok = strings.CutSuffix(name, suffix); !ok {
		return "", 0, notWindow(key, "it does not end in "+suffix)
	}
	width := n.width()
	if len(name) < width {
		return "", 0, notWindow(key, "it has no stamp of the form "+string(n.format()))
	}
	name, stamp := name[:len(name)-width], name[len(name)-width:]
	if component, ok = strings.CutSuffix(name, n.Delimiter); !ok {
		return "", 0, notWindow(key, "no delimiter "+strconv.Quote(n.Delimiter)+" is before the stamp")
	}
	if !ValidComponent(component) {
		return "", 0, notWindow(key, "no component name is before the stamp")
	}
	if len(components) > 0 && !slices.Contains(components, component) {
		return "", 0, notWindow(key, "its component is not one of the scheduler's")
	}
	if start, ok = n.parseStamp(stamp); !ok {
		return "", 0, notWindow(key, "it has no stamp of the form "+string(n.format()))
	}
	return component, start, nil
}

// ValidComponent tells whether name is a component name of the service: 1 to 200
// of 0-9 A-Z a-z . _ -
func ValidComponent(name string) bool {
	if name == "" || len(name) > 200 {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if !digit(c) && (c|0x20 < 'a' || c|0x20 > 'z') && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

func (n Naming) format() Format {
	if n.Format == "" {
		return FormatCompact
	}
	return n.Format
}

func (n Naming) width() int {
	if n.format() == FormatEpoch {
		return 10
	}
	return len(n.format())
}

func (n Naming) layout() string {
	if n.format() == FormatDashed {
		return "2006-01-02-15-04-05"
	}
	return "20060102150405"
}

func (n Naming) appendStamp(b []byte, start int64) []byte {
	if n.format() == FormatEpoch {
		return fmt.Appendf(b, "%010d", floor(start, int64(time.Second))/int64(time.Second))
	}
	return time.Unix(0, start).UTC().Add(n.Offset).AppendFormat(b, n.layout())
}

func (n Naming) parseStamp(stamp string) (start int64, ok bool) {
	var seconds int64
	if n.format() == FormatEpoch {
		v, err := strconv.ParseUint(stamp, 10, 63)
		if err != nil {
			return 0, false
		}
		seconds = int64(v)
	} else {
		t, err := time.Parse(n.layout(), stamp)
		if err != nil {
			return 0, false
		}
		seconds = t.Add(-n.Offset).Unix()
	}
	// Beyond these seconds an instant has no Unix ns (the years 1678 and 2262).
	if seconds < -9223372036 || seconds > 9223372036 {
		return 0, false
	}
	start = seconds * int64(time.Second)
	// time.Parse takes more than one spelling; only Key's own counts.
	return start, string(n.appendStamp(nil, start)) == stamp
}

func notWindow(key, why string) error {
	return fmt.Errorf("parse key %q: %w: %s", key, ErrNotWindow, why)
}

func digit(c byte) bool { return '0' <= c && c <= '9' }
