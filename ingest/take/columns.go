package take

import (
	"fmt"
	"math"
	"strings"

	"millwright/internal/drop"
	"millwright/internal/series"
)

// target is one component of a drop and what was taken for it.
type target struct {
	component string
	bounds
	columns []int    // wide layout: indices into series.Batch.Columns
	sensors []string // names, beside columns
	newest  int64    // wide layout: newest row taken, Unix ns
	rows    int64
	latest  map[string]int64 // long layout: newest row taken by sensor
}

// columns says what the names of a file mean. In the long layout it grows.
type columns struct {
	folder    *Folder
	component string // "" when the names tell
	bounds    func(string) bounds
	targets   []*target
	of        []*target // by index of name; nil: not taken
	sensor    []string  // by index of name
	ignored   []string  // names that belong to no component, and components nobody wants
}

// refusal is why a drop is not taken, in words with the remedy.
type refusal struct{ reason string }

func (r refusal) Error() string { return r.reason }

func refuse(format string, args ...any) error { return refusal{fmt.Sprintf(format, args...)} }

// extend takes all names of the file as far as they are known.
func (c *columns) extend(raw []string) error {
	rename := c.folder.Rename
	component := make([]string, len(raw))
	if c.component != "" {
		for i := range component {
			component[i] = c.component
		}
	} else {
		var err error
		if component, rename, err = c.split(raw); err != nil {
			return err
		}
	}
	return c.assign(raw, component, rename)
}

// split finds the component of each name, and a renaming to the sensor part.
func (c *columns) split(raw []string) ([]string, map[string]string, error) {
	component := make([]string, len(raw))
	rename := make(map[string]string, len(raw))
	_, clashes := series.MapNames(raw, c.folder.Rename)
	for _, clash := range clashes {
		if clash.Name == "" { // a column without a name of its own
			return nil, nil, refuse("%s", clash.Reason)
		}
	}
	for i, name := range raw {
		part, sensor, ok := c.folder.Component.ofColumn(name)
		if !ok {
			continue
		}
		component[i], rename[name] = part, sensor
		if to, ok := c.folder.Rename[name]; ok {
			rename[name] = to
		}
	}
	return component, rename, nil
}

// assign gives each name its target and sensor. Names that would be the same
// sensor of one component keep the whole drop waiting (ruling 10).
func (c *columns) assign(raw, component []string, rename map[string]string) error {
	of := map[string]*target{}
	for _, t := range c.targets {
		t.columns, t.sensors = t.columns[:0], t.sensors[:0]
		of[t.component] = t
	}
	members := map[string][]int{}
	var order []string
	for i, name := range component {
		if members[name] == nil {
			order = append(order, name)
		}
		members[name] = append(members[name], i)
	}
	c.of, c.sensor, c.ignored = make([]*target, len(raw)), make([]string, len(raw)), c.ignored[:0]
	why := ""
	for _, name := range order {
		at := members[name]
		if name == "" {
			for _, i := range at {
				c.ignored = append(c.ignored, fmt.Sprintf("%q", raw[i]))
			}
			continue
		}
		t := of[name]
		if t == nil {
			t = &target{component: name, bounds: c.bounds(name), newest: math.MinInt64}
		}
		if !t.ok {
			c.ignored, why = append(c.ignored, name), t.why
			continue
		}
		if of[name] == nil {
			c.targets = append(c.targets, t)
		}
		names := make([]string, len(at))
		for k, i := range at {
			names[k] = raw[i]
		}
		mapped, clashes := series.MapNames(names, rename)
		if len(clashes) > 0 {
			return refuse("%s", clashText(clashes))
		}
		for k, i := range at {
			c.of[i], c.sensor[i] = t, mapped[k]
			t.columns, t.sensors = append(t.columns, i), append(t.sensors, mapped[k])
		}
	}
	if len(c.targets) == 0 && len(raw) > 0 {
		if why != "" {
			return refuse("%s", why)
		}
		return refuse("no column belongs to a component (%s): correct the pattern in drops.component", list(c.ignored))
	}
	return nil
}

// latest gives the newest row taken for each sensor. In the wide layout a row
// speaks for all sensors of the file, also for one whose cell is empty.
func (c *columns) latest() (latest map[string]map[string]int64, newest []drop.Newest) {
	for _, t := range c.targets {
		switch {
		case t.rows == 0:
		case len(t.latest) == 0:
			newest = append(newest, drop.Newest{Component: t.component, Sensors: t.sensors, Time: t.newest})
		default:
			if latest == nil {
				latest = map[string]map[string]int64{}
			}
			latest[t.component] = t.latest
		}
	}
	return latest, newest
}

// known takes the names of a wide file that was read before, of one component.
func (c *columns) known(columns []int, sensors []string) error {
	t := &target{component: c.component, bounds: c.bounds(c.component), columns: columns, sensors: sensors, newest: math.MinInt64}
	if !t.ok {
		return refuse("%s", t.why)
	}
	c.targets = append(c.targets, t)
	return nil
}

func clashText(clashes []series.Clash) string {
	s := make([]string, len(clashes))
	for i, c := range clashes {
		s[i] = c.Reason
	}
	return list(s)
}

// list writes down a few of the texts.
func list(s []string) string {
	const few = 5
	if len(s) > few {
		return strings.Join(s[:few], "; ") + fmt.Sprintf("; and %d more", len(s)-few)
	}
	return strings.Join(s, "; ")
}
