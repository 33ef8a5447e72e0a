package validate

import (
	"strings"

	"millwright/ingest/take"
	"millwright/internal/series"
)

// naming says what the columns of a file mean, as taking it would. In the long
// layout it grows.
type naming struct {
	columns []Column
	clashes []string
	refused string // why the file would not be taken with these names
}

// newNaming maps all names of a file as far as they are known.
func newNaming(s *source, component string, raw []string) naming {
	n := naming{columns: make([]Column, len(raw))}
	means, err := s.Columns(component, raw)
	if err != nil {
		n.refused = err.Error()
		means = n.apart(s, component, raw)
	}
	for i, m := range means {
		_, pinned := s.Rename[raw[i]]
		c := Column{Raw: raw[i], Component: m.Component, Sensor: m.Sensor, Change: unchanged}
		switch {
		case m.Sensor == "" && err != nil:
			c.Change = clashing
		case m.Sensor == "":
			c.Change = noComponent
		case pinned && m.Sensor != raw[i]:
			c.Change = renamed
		case component != "" && m.Sensor != raw[i], !strings.Contains(raw[i], m.Sensor):
			c.Change = replaced
		}
		n.columns[i] = c
	}
	return n
}

// apart gives the columns that have a name of their own where others have not.
func (n *naming) apart(s *source, component string, raw []string) []take.Column {
	means := make([]take.Column, len(raw))
	names, clashes := series.MapNames(raw, s.Rename)
	for _, c := range clashes {
		n.clashes = append(n.clashes, c.Reason)
	}
	if component == "" { // without names there are no components
		return means
	}
	for i, name := range names {
		means[i] = take.Column{Component: component, Sensor: name}
	}
	return means
}

// text marks columns that turned out to hold text, and tells which.
func (n *naming) text(names []string) []int {
	var at []int
	for _, name := range names {
		for i := range n.columns {
			if n.columns[i].Raw == name {
				n.columns[i].Change, n.columns[i].Sensor = onlyText, ""
				at = append(at, i)
			}
		}
	}
	return at
}

// sensors gives the sensor of each column that belongs to a component, "" for others.
func (n *naming) sensors(component string) []string {
	s := make([]string, len(n.columns))
	for i, c := range n.columns {
		if c.Component == component {
			s[i] = c.Sensor
		}
	}
	return s
}

// same lets files that are alike share one description.
type same struct {
	names map[string][]Column
	words map[string]string
}

func newSame() same { return same{map[string][]Column{}, map[string]string{}} }

func (s same) columns(columns []Column) []Column {
	var key strings.Builder
	for _, c := range columns {
		key.WriteString(c.Raw + "\x00" + c.Component + "\x00" + c.Sensor + "\x00" + c.Change + "\x00")
	}
	if old, ok := s.names[key.String()]; ok {
		return old
	}
	s.names[key.String()] = columns
	return columns
}

func (s same) text(t string) string {
	if old, ok := s.words[t]; ok {
		return old
	}
	s.words[t] = t
	return t
}
