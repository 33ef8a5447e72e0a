package lake

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"millwright/inference/detect/frame"
	"millwright/internal/window"
)

const (
	maxSchema    = 1_000_000 // bytes
	defaultStamp = "Timestamp"
)

// Schema says which sensors a dataset has, by component.
type Schema struct{ Components []Component }

// Component is a part of the machine with its sensors.
type Component struct {
	Name      string
	Timestamp string // name of the column with the timestamps
	Sensors   []string
}

// The service's JSON.
type (
	schemaJSON struct {
		Components []componentJSON `json:"Components"`
	}
	componentJSON struct {
		ComponentName string       `json:"ComponentName"`
		Columns       []columnJSON `json:"Columns"`
	}
	columnJSON struct {
		Name string `json:"Name"`
		Type string `json:"Type"`
	}
)

// ParseSchema reads an InlineDataSchema. All that is wrong with it is in the error.
func ParseSchema(text string) (Schema, error) {
	if len(text) > maxSchema {
		return Schema{}, fmt.Errorf("schema: it has more than %d bytes", maxSchema)
	}
	var in schemaJSON
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		return Schema{}, fmt.Errorf("schema: it is no JSON of the expected form: %w", err)
	}
	if len(in.Components) == 0 {
		return Schema{}, errors.New(`schema: it has no component: write {"Components": [{"ComponentName": "pump", "Columns": [{"Name": "Timestamp", "Type": "DATETIME"}, {"Name": "flow", "Type": "DOUBLE"}]}]}`)
	}
	var s Schema
	var faults []error
	seen := map[string]bool{}
	for _, c := range in.Components {
		if seen[c.ComponentName] {
			faults = append(faults, fmt.Errorf("schema: component %s is in it twice", c.ComponentName))
		}
		seen[c.ComponentName] = true
		read, err := readComponent(c)
		s.Components, faults = append(s.Components, read), append(faults, err)
		if len(faults) > 2*MaxFaults {
			break
		}
	}
	if err := errors.Join(faults...); err != nil {
		return Schema{}, err
	}
	return s, nil
}

// MaxFaults is how many faults of one kind are told word by word.
const MaxFaults = 20

func readComponent(in componentJSON) (Component, error) {
	c := Component{Name: in.ComponentName}
	var faults []error
	fault := func(format string, args ...any) {
		if len(faults) < MaxFaults {
			faults = append(faults, fmt.Errorf("schema: component %.200s: "+format, append([]any{c.Name}, args...)...))
		}
	}
	if !window.ValidComponent(c.Name) {
		fault("the name has to be 1 to 200 of 0-9 A-Z a-z . _ -")
	}
	seen := map[string]bool{}
	stamps := 0
	for _, column := range in.Columns {
		if seen[column.Name] {
			fault("column %.200s is in it twice", column.Name)
		}
		seen[column.Name] = true
		if !validSensor(column.Name) {
			fault("column %.200q: the name has to be 1 to 200 of 0-9 A-Z a-z : # $ . _ -", column.Name)
		}
		switch column.Type {
		case "DOUBLE":
			c.Sensors = append(c.Sensors, column.Name)
		case "DATETIME":
			c.Timestamp = column.Name
			stamps++
		default:
			fault("column %.200s: type %.40q: write DOUBLE, or DATETIME for the timestamp", column.Name, column.Type)
		}
	}
	if stamps != 1 {
		fault("it needs one column of type DATETIME and has %d", stamps)
	}
	if len(c.Sensors) == 0 {
		fault("it has no column of type DOUBLE")
	}
	return c, errors.Join(faults...)
}

// JSON is the schema as the service shows it.
func (s Schema) JSON() string {
	out := schemaJSON{Components: []componentJSON{}}
	for _, c := range s.Components {
		columns := []columnJSON{{c.Timestamp, "DATETIME"}}
		for _, name := range c.Sensors {
			columns = append(columns, columnJSON{name, "DOUBLE"})
		}
		out.Components = append(out.Components, componentJSON{c.Name, columns})
	}
	text, err := json.Marshal(out)
	if err != nil { // strings only
		return "{}"
	}
	return string(text)
}

// Component finds a component.
func (s Schema) Component(name string) (Component, bool) {
	for _, c := range s.Components {
		if c.Name == name {
			return c, true
		}
	}
	return Component{}, false
}

// Names are the components' names, in order; nil for a schema without any.
func (s Schema) Names() []string {
	var names []string
	for _, c := range s.Components {
		names = append(names, c.Name)
	}
	return names
}

// Sensors are all sensors, in order.
func (s Schema) Sensors() []frame.Name {
	var names []frame.Name
	for _, c := range s.Components {
		for _, sensor := range c.Sensors {
			names = append(names, frame.Name{Component: c.Name, Sensor: sensor})
		}
	}
	return names
}

// Within says what of a model's schema is not in that of its dataset.
func (s Schema) Within(dataset Schema) error {
	var faults []error
	for _, c := range s.Components {
		whole, ok := dataset.Component(c.Name)
		if !ok {
			faults = append(faults, fmt.Errorf("schema: the dataset has no component %s", c.Name))
			continue
		}
		known := map[string]bool{}
		for _, sensor := range whole.Sensors {
			known[sensor] = true
		}
		for _, sensor := range c.Sensors {
			if !known[sensor] && len(faults) < MaxFaults {
				faults = append(faults, fmt.Errorf("schema: component %s of the dataset has no sensor %s", c.Name, sensor))
			}
		}
	}
	return errors.Join(faults...)
}

// Header is what a file's first line names.
type Header struct {
	Component string
	Timestamp string
	Sensors   []string
}

// Detect makes a schema of the headers of a dataset's files, given in the order of
// their keys: components by name, of each the sensors in the order in which they
// are first met.
func Detect(headers []Header) Schema {
	var s Schema
	at := map[string]int{}
	seen := map[frame.Name]bool{}
	for _, h := range headers {
		i, ok := at[h.Component]
		if !ok {
			i = len(s.Components)
			at[h.Component] = i
			stamp := h.Timestamp
			if !validSensor(stamp) {
				stamp = defaultStamp
			}
			s.Components = append(s.Components, Component{Name: h.Component, Timestamp: stamp})
		}
		c := &s.Components[i]
		for _, sensor := range h.Sensors {
			if name := (frame.Name{Component: h.Component, Sensor: sensor}); !seen[name] {
				seen[name] = true
				c.Sensors = append(c.Sensors, sensor)
			}
		}
	}
	slices.SortFunc(s.Components, func(a, b Component) int { return strings.Compare(a.Name, b.Name) })
	return s
}

// validSensor tells whether name is a sensor name of the service.
func validSensor(name string) bool {
	if name == "" || len(name) > 200 {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') && !strings.ContainsRune(":#$._-", rune(c)) {
			return false
		}
	}
	return true
}
