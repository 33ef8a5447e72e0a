package resultline

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// longestName is the bytes of a sensor's name with its component, far above what
// the API allows.
const longestName = 1024

// diagnostics reads the shares of a row. Names are taken over from the row before
// where they are the same at the same place, so that a row costs one allocation.
func (p *parser) diagnostics(s *scanner, row *Row) error {
	const field = "diagnostics"
	if !s.take('[') {
		return bad(field, "is no list: %s", s.shown())
	}
	row.Diagnostics = make([]Share, 0, len(p.before.Diagnostics))
	if s.take(']') {
		return nil
	}
	same := true // the names so far are those of the row before
	for {
		i := len(row.Diagnostics)
		if i == p.limits.Diagnostics {
			return fmt.Errorf("%w: more than %d diagnostics", ErrLimit, i)
		}
		known := ""
		if i < len(p.before.Diagnostics) {
			known = p.before.Diagnostics[i].Name
		}
		d, err := share(s, known)
		if err != nil {
			if f := (*fault)(nil); errors.As(err, &f) {
				f.field = fmt.Sprintf("%s[%d]%s", field, i, f.field)
			}
			return err
		}
		same = same && known != "" && d.Name == known
		row.Diagnostics = append(row.Diagnostics, d)
		if s.take(']') {
			break
		}
		if !s.take(',') {
			return bad(field, "no comma or bracket after item %d: %s", i, s.shown())
		}
	}
	if same {
		return nil
	}
	return once(row.Diagnostics)
}

// once refuses a sensor that is there twice.
func once(shares []Share) error {
	seen := make(map[string]struct{}, len(shares))
	for i, d := range shares {
		if _, twice := seen[d.Name]; twice {
			return bad(fmt.Sprintf("diagnostics[%d].name", i), "%q is there twice", shorten(d.Name))
		}
		seen[d.Name] = struct{}{}
	}
	return nil
}

// share reads one item; known is the name that it has if nothing has changed.
// Fields of other names are checked and left out: the file on site has them.
func share(s *scanner, known string) (Share, error) {
	if !s.take('{') {
		return Share{}, bad("", "is no object: %s", s.shown())
	}
	var d Share
	var named, valued bool
	others := map[string]struct{}(nil)
	for more := !s.take('}'); more; {
		key, err := s.name()
		if err != nil {
			return Share{}, bad("", "%v", err)
		}
		if !s.take(':') {
			return Share{}, bad("."+shorten(key), "no colon after the name: %s", s.shown())
		}
		twice := false
		switch key {
		case "name":
			twice, named = named, true
			d.Name, err = s.like(known)
			if err == nil && (known == "" || d.Name != known) {
				err = sensorName(d.Name)
			}
		case "value":
			twice, valued = valued, true
			d.Value, err = s.share()
		default:
			_, twice = others[key]
			if others == nil {
				others = map[string]struct{}{}
			}
			others[key] = struct{}{}
			err = s.skip(0)
		}
		switch {
		case err != nil:
			return Share{}, bad("."+shorten(key), "%v", err)
		case twice:
			return Share{}, bad("."+shorten(key), "is there twice")
		case s.take('}'):
			more = false
		case !s.take(','):
			return Share{}, bad("."+shorten(key), "no comma or brace after the value: %s", s.shown())
		}
	}
	switch {
	case !named:
		return Share{}, bad(".name", "is missing")
	case !valued:
		return Share{}, bad(".value", "is missing")
	}
	return d, nil
}

// sensorName refuses what is no component and sensor with one backslash between.
func sensorName(name string) error {
	component, sensor, _ := strings.Cut(name, `\`)
	switch {
	case component == "" || sensor == "" || strings.Contains(sensor, `\`):
		return fmt.Errorf(`%q is not component\sensor`, shorten(name))
	case len(name) > longestName:
		return fmt.Errorf("%q has more than %d bytes", shorten(name), longestName)
	case strings.ContainsFunc(name, unicode.IsControl):
		return fmt.Errorf("%q has control characters", shorten(name))
	}
	return nil
}
