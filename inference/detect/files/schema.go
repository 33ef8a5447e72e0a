package files

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"millwright/inference/detect/frame"
	"millwright/internal/window"
)

// schema is a data set's schema in the service's form. Answers and requests of the
// service wrap it in others.
type schema struct {
	Components []struct {
		ComponentName string
		Columns       []struct{ Name, Type string }
	}
	DatasetSchema    *schema // of a request
	InlineDataSchema string  // the schema as text
	Schema           string  // of an answer, the schema as text
}

// maxSchema is the service's limit for a schema's text.
const maxSchema = 1_000_000

// ReadSchema reads which sensors a data set has, in its order: the service's JSON of
// Components with Columns, also inside DatasetSchema, InlineDataSchema or Schema as the
// service's requests and answers have it. The timestamps' columns are left out.
func ReadSchema(r io.Reader) ([]frame.Name, error) {
	b, err := io.ReadAll(io.LimitReader(r, 2*maxSchema))
	if err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	names, err := schemaNames(b, 0)
	if err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	return names, nil
}

func schemaNames(text []byte, depth int) ([]frame.Name, error) {
	var s schema
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, err
	}
	for inner := s.DatasetSchema; inner != nil; inner = s.DatasetSchema {
		s = *inner
	}
	for _, inline := range []string{s.InlineDataSchema, s.Schema} {
		if inline != "" && depth < 3 {
			return schemaNames([]byte(inline), depth+1)
		}
	}
	if len(s.Components) == 0 {
		return nil, errors.New(`it has no component: write {"Components": [{"ComponentName": "pump", "Columns": [{"Name": "flow", "Type": "DOUBLE"}]}]}`)
	}
	var names []frame.Name
	seen := map[frame.Name]bool{}
	for _, c := range s.Components {
		if !window.ValidComponent(c.ComponentName) {
			return nil, fmt.Errorf("%q cannot be a component's name: 1 to 200 of 0-9 A-Z a-z . _ -", c.ComponentName)
		}
		for _, column := range c.Columns {
			n := frame.Name{Component: c.ComponentName, Sensor: column.Name}
			switch {
			case !validSensor(n.Sensor):
				return nil, fmt.Errorf("%q of %s cannot be a sensor's name: 1 to 200 of 0-9 A-Z a-z : # $ . _ -", n.Sensor, n.Component)
			case seen[n]:
				return nil, fmt.Errorf("%s is in it twice", n)
			case column.Type != "DOUBLE" && column.Type != "DATETIME":
				return nil, fmt.Errorf("%s: type %q: DOUBLE, or DATETIME for the timestamp", n, column.Type)
			}
			seen[n] = true
			if column.Type == "DOUBLE" {
				names = append(names, n)
			}
		}
	}
	if len(names) == 0 {
		return nil, errors.New("none of its columns is a DOUBLE")
	}
	return names, nil
}

func validSensor(name string) bool {
	return name != "" && len(name) <= 200 && strings.IndexFunc(name, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune(":#$._-", r)
	}) < 0
}
