package files

import (
	"fmt"

	"millwright/inference/detect/frame"
	"millwright/internal/series"
)

// rename tells of the columns whose names the service would not take.
func (s *Source) rename(p *part, raw, names []string) {
	var told []string
	for i, n := range names {
		name := frame.Name{Component: p.Component, Sensor: n}
		if _, known := s.was[name]; n == "" || n == raw[i] || known {
			continue
		}
		s.was[name] = raw[i]
		told = append(told, fmt.Sprintf("%q is %s", raw[i], n))
	}
	if len(told) > 0 && s.o.Columns == nil {
		s.note(p, "names are kept to 0-9 A-Z a-z : # $ . _ -: %s", Few(told))
	}
}

// Sensor finds a sensor by its name, or by that of its column in a file.
func (s *Source) Sensor(name frame.Name) (frame.Name, bool) {
	if _, ok := s.at[name]; ok {
		return name, true
	}
	kept, _ := series.MapNames([]string{name.Sensor}, nil)
	name.Sensor = kept[0]
	_, ok := s.at[name]
	return name, ok
}
