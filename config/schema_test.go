package config

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/invopop/jsonschema"

	"millwright/internal/golden"
	"millwright/internal/yamlfile"
)

// TestSchema makes the schema again; run with -update after changing a type or
// its comment.
func TestSchema(t *testing.T) {
	t.Parallel()
	r := &jsonschema.Reflector{
		FieldNameTag:               "yaml",
		RequiredFromJSONSchemaTags: true,
		ExpandedStruct:             true,
		Anonymous:                  true,
		Mapper:                     scalarSchema,
	}
	if err := r.AddGoComments("millwright/config", "./"); err != nil {
		t.Fatal(err)
	}
	s := r.Reflect(&Config{})
	s.Title = "The agent's configuration"
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "agent.schema.json", string(text)+"\n")
}

// scalarSchema says how the types that read themselves are written.
func scalarSchema(t reflect.Type) *jsonschema.Schema {
	switch v := reflect.Zero(t).Interface().(type) {
	case yamlfile.Enumerated:
		s := &jsonschema.Schema{Type: "string"}
		for _, word := range v.Values() {
			s.Enum = append(s.Enum, word)
		}
		return s
	case Duration:
		return &jsonschema.Schema{Type: "string", Pattern: `^(none|0|([0-9]+d)?([0-9.]+(ns|us|µs|ms|s|m|h))*)$`, Examples: []any{"30s", "10m", "72h", "30d", "none"}}
	case Size:
		return &jsonschema.Schema{
			OneOf: []*jsonschema.Schema{
				{Type: "integer", Minimum: "0"},
				{Type: "string", Pattern: `^[0-9.]+ ?(%|B|[kKMGT]i?B)?$`},
			},
			Examples: []any{"64MiB", "4GiB", "5%"},
		}
	case Switch:
		return &jsonschema.Schema{Type: "boolean"}
	case Offset:
		return &jsonschema.Schema{Type: "string", Pattern: `^([+-](0[0-9]|1[0-9]|2[0-3]):[0-5][0-9])?$`}
	case Header:
		line := &jsonschema.Schema{Type: "integer", Minimum: "1"}
		least, most := uint64(1), uint64(2)
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{
			{Const: Auto}, line, {Type: "array", Items: line, MinItems: &least, MaxItems: &most},
		}}
	}
	return nil
}

// Every key has a description, so that editors and readers of the schema see the
// default.
func TestSchemaDescribesEveryKey(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("agent.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var s struct {
		Properties map[string]property
		Defs       map[string]struct{ Properties map[string]property } `json:"$defs"`
	}
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	types := map[string]map[string]property{"Config": s.Properties}
	for name, def := range s.Defs {
		types[name] = def.Properties
	}
	for name, properties := range types {
		for key, p := range properties {
			if p.Description == "" || strings.ContainsAny(p.Description, "\n") {
				t.Errorf("%s.%s: description %q", name, key, p.Description)
			}
		}
	}
	if len(types) < 12 {
		t.Errorf("only %d types", len(types))
	}
}

type property struct{ Description string }
