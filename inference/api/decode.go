package api

import (
	"fmt"
	"reflect"
	"strings"

	"millwright/inference/api/wire"
)

// setter puts a value that was found good into a field.
type setter func(to reflect.Value, value any)

// setterFor makes the setter of a Go type. It panics on one that requests cannot
// be read into, which is a mistake in the program.
func setterFor(t reflect.Type) setter {
	if t == reflect.TypeFor[wire.Time]() {
		return func(to reflect.Value, value any) {
			n, _ := number(value)
			at, _ := wire.Seconds(n)
			to.Set(reflect.ValueOf(at))
		}
	}
	switch t.Kind() {
	case reflect.Struct:
		return structSetter(t)
	case reflect.Slice:
		item := setterFor(t.Elem())
		return func(to reflect.Value, value any) {
			list := value.([]any)
			to.Set(reflect.MakeSlice(t, len(list), len(list)))
			for i := range list {
				item(to.Index(i), list[i])
			}
		}
	case reflect.Pointer:
		target := setterFor(t.Elem())
		return func(to reflect.Value, value any) {
			to.Set(reflect.New(t.Elem()))
			target(to.Elem(), value)
		}
	case reflect.String:
		return func(to reflect.Value, value any) { to.SetString(value.(string)) }
	case reflect.Int, reflect.Int64:
		return func(to reflect.Value, value any) {
			n, _ := whole(value)
			to.SetInt(n)
		}
	case reflect.Float64:
		return func(to reflect.Value, value any) {
			n, _ := number(value)
			to.SetFloat(n)
		}
	case reflect.Bool:
		return func(to reflect.Value, value any) { to.SetBool(value.(bool)) }
	default:
		panic(fmt.Sprintf("api: no way to read a %v", t))
	}
}

// structSetter takes the members that are given by their exact names.
func structSetter(t reflect.Type) setter {
	names := make([]string, t.NumField())
	fields := make([]setter, t.NumField())
	for i := range fields {
		names[i] = memberName(t.Field(i))
		fields[i] = setterFor(t.Field(i).Type)
	}
	return func(to reflect.Value, value any) {
		object := value.(map[string]any)
		for i, name := range names {
			if member := object[name]; member != nil {
				fields[i](to.Field(i), member)
			}
		}
	}
}

// memberName is the name that a field has on the wire.
func memberName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// topLists are the fields of an answer that are lists. They are never left out:
// clients go through them without looking whether they are there.
func topLists(t reflect.Type) []int {
	var lists []int
	for i := range t.NumField() {
		if t.Field(i).Type.Kind() == reflect.Slice {
			lists = append(lists, i)
		}
	}
	return lists
}
