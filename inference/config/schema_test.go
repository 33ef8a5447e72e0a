package config

import (
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
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
	if err := r.AddGoComments("millwright/inference/config", "./"); err != nil {
		t.Fatal(err)
	}
	s := r.Reflect(&Config{})
	s.Title = "The inference service's configuration"
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "serve.schema.json", string(text)+"\n")
}

const (
	durationForm = `^(0|[0-9]+d|([0-9]+d)?([0-9.]+(ns|us|µs|ms|s|m|h))+)$`
	sizeForm     = `^[0-9.]+ ?([kKMGT]i?)?B?$`
)

// scalarSchema says how the types that read themselves are written.
func scalarSchema(t reflect.Type) *jsonschema.Schema {
	switch v := reflect.Zero(t).Interface().(type) {
	case yamlfile.Enumerated:
		s := &jsonschema.Schema{Type: "string"}
		for _, word := range v.Values() {
			s.Enum = append(s.Enum, word)
		}
		return s
	case yamlfile.Duration:
		return &jsonschema.Schema{Type: "string", Pattern: durationForm, Examples: []any{"0s", "6h", "7d"}}
	case Auto:
		return &jsonschema.Schema{
			OneOf:    []*jsonschema.Schema{{Const: "auto"}, {Type: "string", Pattern: durationForm}},
			Examples: []any{"auto", "10m", "1h"},
		}
	case yamlfile.Size:
		return &jsonschema.Schema{
			OneOf:    []*jsonschema.Schema{{Type: "integer", Minimum: "0"}, {Type: "string", Pattern: sizeForm}},
			Examples: []any{"50GB", "10GiB"},
		}
	case yamlfile.Switch:
		return &jsonschema.Schema{Type: "boolean"}
	}
	return nil
}

// What the schema's patterns let through is what is read, and the other way round.
func TestSchemasPatternsAgreeWithTheReading(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		form  string
		texts []string
		read  func([]byte) error
	}{
		{durationForm, []string{"30s", "1h30m", "7d", "1d12h", "0", "0s", "1.5h", "10", "h", "1w", "-1s", "1 h", ""}, func(b []byte) error { return new(Auto).UnmarshalText(b) }},
		{sizeForm, []string{"50GB", "5 GB", "10GiB", "1000", "1.5MB", "12B", "50%", "GB", "-1", "5XB", ""}, func(b []byte) error {
			var s yamlfile.Size
			if err := s.UnmarshalText(b); err != nil {
				return err
			}
			if s.Share() {
				return yamlfile.Invalid("is a share", "write bytes")
			}
			return nil
		}},
	} {
		for _, text := range c.texts {
			said, read := regexp.MustCompile(c.form).MatchString(text), c.read([]byte(text)) == nil
			if said != read {
				t.Errorf("%q: the schema says %v, the reading %v", text, said, read)
			}
		}
	}
}

// Every key has a description, so that editors and readers of the schema see the
// default.
func TestSchemaDescribesEveryKey(t *testing.T) {
	t.Parallel()
	var s struct {
		Properties map[string]property
		Defs       map[string]struct{ Properties map[string]property } `json:"$defs"`
	}
	if err := json.Unmarshal(Schema(), &s); err != nil {
		t.Fatal(err)
	}
	types := map[string]map[string]property{"Config": s.Properties}
	for name, def := range s.Defs {
		types[name] = def.Properties
	}
	for name, properties := range types {
		for key, p := range properties {
			if p.Description == "" || strings.Contains(p.Description, "\n") {
				t.Errorf("%s.%s: description %q", name, key, p.Description)
			}
		}
	}
	for name, of := range map[string]reflect.Type{"Config": reflect.TypeFor[Config](), "S3": reflect.TypeFor[S3](), "Detector": reflect.TypeFor[Detector](), "Quotas": reflect.TypeFor[Quotas](), "Log": reflect.TypeFor[Log]()} {
		var keys []string
		for i := range of.NumField() {
			if key := of.Field(i).Tag.Get("yaml"); key != "" {
				keys = append(keys, key)
			}
		}
		for _, key := range keys {
			if _, ok := types[name][key]; !ok {
				t.Errorf("%s.%s is not in the schema", name, key)
			}
		}
		if len(types[name]) != len(keys) {
			t.Errorf("%s has %d keys in the schema, %v in the type", name, len(types[name]), slices.Sorted(slices.Values(keys)))
		}
	}
}

type property struct{ Description string }
