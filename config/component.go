package config

import (
	"regexp"
	"slices"
	"strings"

	"millwright/internal/window"
)

// ComponentRule says which component a file's rows belong to. Exactly one of
// Folder, File, Name and Pattern is set.
type ComponentRule struct {
	Folder  bool           // the name of the folder that the file lies in
	File    bool           // the file's own name without .csv or .csv.gz
	Name    string         // always this one
	Pattern *regexp.Regexp // has a group "component"
	Sensors bool           // Pattern has a group "sensor" too: it is held against every column name, not against the path
}

// ParseComponent reads the rule of a drop folder.
func ParseComponent(rule string) (ComponentRule, error) {
	switch rule {
	case "{folder}":
		return ComponentRule{Folder: true}, nil
	case "{file}":
		return ComponentRule{File: true}, nil
	}
	if window.ValidComponent(rule) {
		return ComponentRule{Name: rule}, nil
	}
	if !strings.Contains(rule, "(?") {
		return ComponentRule{}, invalid("is no rule for components",
			"use {folder}, {file}, a name of 0-9 A-Z a-z . _ -, or a regular expression with (?P<component>...)")
	}
	pattern, err := regexp.Compile(rule)
	if err != nil {
		return ComponentRule{}, invalid("is no regular expression: "+strings.TrimPrefix(err.Error(), "error parsing regexp: "), "correct it")
	}
	groups := pattern.SubexpNames()
	if !slices.Contains(groups, "component") {
		return ComponentRule{}, invalid("has no group for the component", "put (?P<component>...) around the part that names it")
	}
	return ComponentRule{Pattern: pattern, Sensors: slices.Contains(groups, "sensor")}, nil
}
