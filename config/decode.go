package config

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxNodes bounds what aliases may blow a file up to.
const maxNodes = 100_000

// blank begins a value that somebody has yet to fill in.
const blank = "<fill in"

// place is where a key's value stands.
type place struct {
	line, column int
	text         string
}

// decoder turns YAML nodes into the types of this package and goes on after a
// fault, so that all of them are found at once.
type decoder struct {
	file   string
	places map[string]place // by key, such as schedulers[0].input.bucket
	faults []Fault
	nodes  int
}

func (d *decoder) fault(n *yaml.Node, key, value, problem, remedy string) {
	d.faults = append(d.faults, Fault{
		File: d.file, Line: n.Line, Column: n.Column, Key: key, Value: shown(key, value), Problem: problem, Remedy: remedy,
	})
}

func (d *decoder) value(n *yaml.Node, v reflect.Value, key string) {
	if d.nodes++; d.nodes > maxNodes {
		if d.nodes == maxNodes+1 {
			d.fault(n, key, "", "the file has more than "+strconv.Itoa(maxNodes)+" values", "repeat less through aliases")
		}
		return
	}
	if n.Kind == yaml.AliasNode {
		if n.Alias == nil || slices.Contains(n.Alias.Content, n) {
			d.fault(n, key, n.Value, "is an alias of itself", "write the value out")
			return
		}
		n = n.Alias
	}
	d.places[key] = place{n.Line, n.Column, n.Value}
	if n.Kind == yaml.ScalarNode && strings.HasPrefix(n.Value, blank) {
		d.fault(n, key, n.Value, "is not filled in yet", "put the value here")
		return
	}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" && n.Value == "" {
		return // a key without a value is a key that is not given
	}
	switch target := v.Addr().Interface().(type) {
	case yaml.Unmarshaler:
		d.check(n, key, target.UnmarshalYAML(n))
		return
	case encoding.TextUnmarshaler:
		if d.scalar(n, key) {
			d.check(n, key, target.UnmarshalText([]byte(n.Value)))
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.mapping(n, v, key)
	case reflect.Slice:
		d.list(n, v, key)
	case reflect.Map:
		d.dictionary(n, v, key)
	default:
		if d.scalar(n, key) {
			d.check(n, key, plain(n, v))
		}
	}
}

// plain sets strings, numbers and truth values.
func plain(n *yaml.Node, v reflect.Value) error {
	switch v.Kind() {
	case reflect.String:
		if words, ok := v.Interface().(enumerated); ok && !slices.Contains(words.Values(), n.Value) {
			return notOneOf(n.Value, words.Values())
		}
		v.SetString(n.Value)
	case reflect.Int:
		i, err := strconv.ParseInt(n.Value, 10, 32)
		if err != nil {
			return invalid("is no whole number", "write digits only")
		}
		v.SetInt(i)
	case reflect.Bool:
		if n.Value != "true" && n.Value != "false" {
			return invalid("is neither true nor false", "write true or false")
		}
		v.SetBool(n.Value == "true")
	default:
		panic("config: no way to read a " + v.Type().String())
	}
	return nil
}

func (d *decoder) check(n *yaml.Node, key string, err error) {
	if err != nil {
		problem, remedy := parts(err)
		d.fault(n, key, n.Value, problem, remedy)
	}
}

func (d *decoder) scalar(n *yaml.Node, key string) bool {
	if n.Kind != yaml.ScalarNode {
		d.fault(n, key, "", "is a "+kindName(n)+" where one value is wanted", "write the value after the colon")
	}
	return n.Kind == yaml.ScalarNode
}

// mapping fills a struct from keys that must all be known.
func (d *decoder) mapping(n *yaml.Node, v reflect.Value, key string) {
	fields := fieldsOf(v.Type())
	seen := d.pairs(n, key, func(name, value *yaml.Node) {
		i := slices.IndexFunc(fields, func(f field) bool { return f.name == name.Value })
		if i < 0 {
			d.unknown(name, key, fields)
			return
		}
		d.value(value, v.Field(fields[i].index), join(key, name.Value))
	})
	if seen == nil {
		return
	}
	for _, f := range fields {
		if f.required && seen[f.name] == 0 {
			d.fault(n, join(key, f.name), "", "is missing", "add it here")
		}
	}
}

func (d *decoder) unknown(name *yaml.Node, key string, fields []field) {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	remedy := "known here: " + strings.Join(names, ", ")
	if near, ok := Nearest(name.Value, names); ok {
		remedy = fmt.Sprintf("did you mean %q?", near)
	}
	d.fault(name, join(key, name.Value), "", "is not a known key", remedy)
}

// dictionary fills a map whose keys are the user's own.
func (d *decoder) dictionary(n *yaml.Node, v reflect.Value, key string) {
	v.Set(reflect.MakeMap(v.Type()))
	d.pairs(n, key, func(name, value *yaml.Node) {
		item := reflect.New(v.Type().Elem()).Elem()
		d.value(value, item, join(key, name.Value))
		v.SetMapIndex(reflect.ValueOf(name.Value), item)
	})
}

// pairs hands every key of a mapping to fn, once, and tells the line of each.
func (d *decoder) pairs(n *yaml.Node, key string, fn func(name, value *yaml.Node)) map[string]int {
	if n.Kind != yaml.MappingNode {
		d.fault(n, key, n.Value, "is a "+kindName(n)+" where keys and values are wanted", "write key: value")
		return nil
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		switch {
		case name.Tag == "!!merge":
			d.fault(name, join(key, name.Value), "", "merge keys are not read", "repeat the keys")
		case name.Kind != yaml.ScalarNode:
			d.fault(name, key, "", "has a key that is no text", "write one word before the colon")
		case seen[name.Value] > 0:
			d.fault(name, join(key, name.Value), "", "is given twice", fmt.Sprintf("it was given on line %d already: keep one", seen[name.Value]))
		default:
			seen[name.Value] = name.Line
			fn(name, value)
		}
	}
	return seen
}

func (d *decoder) list(n *yaml.Node, v reflect.Value, key string) {
	if n.Kind != yaml.SequenceNode {
		d.fault(n, key, n.Value, "is a "+kindName(n)+" where a list is wanted", "write [a, b] or one item on each line after a dash")
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		at := fmt.Sprintf("%s[%d]", key, i)
		if item.Kind == yaml.ScalarNode && item.Tag == "!!null" {
			d.fault(item, at, item.Value, "is an empty item", `remove it, or put the text in quotes`)
			continue
		}
		d.value(item, v.Index(i), at)
	}
}

type field struct {
	name     string
	index    int
	required bool
}

func fieldsOf(t reflect.Type) []field {
	var fields []field
	for i := range t.NumField() {
		f := t.Field(i)
		if name := f.Tag.Get("yaml"); name != "" {
			fields = append(fields, field{name, i, strings.Contains(f.Tag.Get("jsonschema"), "required")})
		}
	}
	return fields
}

// join appends a name to a key; names that are not plain words are quoted.
func join(key, name string) string {
	word := func(r rune) bool {
		return r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z' || r == '_' || r == '-'
	}
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return !word(r) }) {
		return key + "[" + strconv.Quote(name) + "]"
	}
	if key == "" {
		return name
	}
	return key + "." + name
}

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "group of keys"
	case yaml.SequenceNode:
		return "list"
	default:
		return "single value"
	}
}
