package take

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

// ComponentKind is how a component is found.
type ComponentKind int

const (
	ByFolder  ComponentKind = iota // the name of the folder the file lies in
	ByFile                         // the file's name without .csv or .csv.gz
	ByName                         // always ComponentRule.Name
	ByPattern                      // ComponentRule.Pattern
)

// ComponentRule says which component a file belongs to, or its columns.
type ComponentRule struct {
	Kind ComponentKind
	Name string
	// Pattern has a group "component" and is held against the path below the drop
	// folder. With a group "sensor" too it is held against every column or tag
	// name instead, and a file may hold several components.
	Pattern *regexp.Regexp
}

// ParseComponent reads the setting: {folder}, {file}, a name, or a regular
// expression with (?P<component>...).
func ParseComponent(s string) (ComponentRule, error) {
	switch {
	case s == "" || s == "{folder}":
		return ComponentRule{Kind: ByFolder}, nil
	case s == "{file}":
		return ComponentRule{Kind: ByFile}, nil
	case strings.Contains(s, "(?P<component>") || strings.Contains(s, "(?<component>"):
		re, err := regexp.Compile(s)
		if err != nil {
			return ComponentRule{}, fmt.Errorf("read component %q: %w", s, err)
		}
		return ComponentRule{Kind: ByPattern, Pattern: re}, nil
	}
	if cleanComponent(s) != s || !fileable(s) {
		return ComponentRule{}, fmt.Errorf("read component %q: use {folder}, {file}, a name of 1 to 200 characters out of 0-9 A-Z a-z . _ - or a regular expression with (?P<component>...)", s)
	}
	return ComponentRule{Kind: ByName, Name: s}, nil
}

// several tells whether columns, not files, have a component.
func (r ComponentRule) several() bool {
	return r.Kind == ByPattern && r.Pattern.SubexpIndex("sensor") >= 0
}

// ofFile gives the component of the file at name, a path below folder; "" when
// the file may hold several.
func (r ComponentRule) ofFile(folder, name string) (string, error) {
	var c string
	switch {
	case r.several():
		return "", nil
	case r.Kind == ByName:
		return r.Name, nil
	case r.Kind == ByFile:
		c = stem(path.Base(name))
	case r.Kind == ByPattern:
		m := r.Pattern.FindStringSubmatch(name)
		if m == nil {
			return "", fmt.Errorf("its path does not match the component's pattern %s: rename it or correct drops.component", r.Pattern)
		}
		c = m[r.Pattern.SubexpIndex("component")]
	default:
		if c = path.Base(path.Dir(name)); c == "." {
			c = path.Base(folder)
		}
	}
	c = cleanComponent(c)
	if !fileable(c) {
		return "", fmt.Errorf("%q is no component name (1 to 200 characters out of 0-9 A-Z a-z . _ -): rename it or set drops.component", c)
	}
	return c, nil
}

// ofColumn gives component and sensor of a column or tag, for rules with a
// group "sensor".
func (r ComponentRule) ofColumn(column string) (component, sensor string, ok bool) {
	m := r.Pattern.FindStringSubmatch(column)
	if m == nil {
		return "", "", false
	}
	component, sensor = cleanComponent(m[r.Pattern.SubexpIndex("component")]), m[r.Pattern.SubexpIndex("sensor")]
	return component, sensor, fileable(component) && sensor != ""
}

func cleanComponent(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '.', r == '_', r == '-':
			return r
		}
		return '_'
	}, strings.TrimSpace(s))
}

// fileable tells whether a component may be part of a path: it is one in the spool.
func fileable(c string) bool { return c != "" && c != "." && c != ".." && len(c) <= 200 }

// stem is a file's name without .csv and .gz.
func stem(base string) string {
	if s := base[:len(base)-len(path.Ext(base))]; strings.EqualFold(path.Ext(base), ".gz") && s != "" {
		base = s
	}
	if s := base[:len(base)-len(path.Ext(base))]; s != "" {
		base = s
	}
	return base
}
