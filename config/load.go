package config

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// maxFile is the size of a configuration beyond which it is surely another file.
const maxFile = 1 << 20

// Load reads a file, fills the defaults in, the machine's name too, and checks everything that can be
// checked without looking at disks and buckets. The error is Faults when the
// file was read; warnings come with a Config that can be used.
func Load(file string) (*Config, []Fault, error) {
	data, err := Read(file)
	if err != nil {
		return nil, nil, err
	}
	return LoadText(file, data)
}

// LoadText is Load for what Read gave of the file.
func LoadText(file string, data []byte) (*Config, []Fault, error) {
	c, warnings, err := Parse(file, data)
	if err != nil {
		return nil, warnings, err
	}
	if c.Instance == "" {
		if c.Instance, err = MachineID(); err != nil {
			return nil, warnings, Faults{{File: file, Key: "instance", Problem: "is missing, and this machine has no name", Remedy: "set it"}}
		}
	}
	return c, warnings, nil
}

// Parse is Load for the content of a file; the name is for messages only.
func Parse(file string, data []byte) (*Config, []Fault, error) {
	if len(data) > maxFile {
		return nil, nil, Faults{{File: file, Problem: "is larger than 1 MiB", Remedy: "name the configuration, not a data file"}}
	}
	root, fault := document(data)
	if fault != nil {
		fault.File = file
		return nil, nil, Faults{*fault}
	}
	c := &Config{}
	d := &decoder{file: file, places: map[string]place{}}
	d.value(root, reflect.ValueOf(c).Elem(), "")
	c.fill()
	v := &checker{file: file, places: d.places, faults: d.faults, broken: brokenKeys(d.faults)}
	v.config(c)
	return v.result(c)
}

// Validate checks a Config that was made in code, after filling in its defaults.
// It is what Load does after reading.
func (c *Config) Validate() (warnings []Fault, err error) {
	c.fill()
	v := &checker{}
	v.config(c)
	_, warnings, err = v.result(c)
	return warnings, err
}

// document gives the root of the only document in data.
func document(data []byte) (*yaml.Node, *Fault) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	switch err := decoder.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, &Fault{Problem: "is empty", Remedy: "make a starter file with 'millwright config init'"}
	case err != nil:
		return nil, syntax(err)
	}
	switch err := decoder.Decode(&more); {
	case err == nil:
		return nil, &Fault{Line: more.Line, Column: more.Column, Problem: "is a second document", Remedy: "keep one, without --- between parts"}
	case !errors.Is(err, io.EOF):
		return nil, syntax(err)
	}
	return doc.Content[0], nil
}

// syntax takes the place out of the YAML reader's message, which has it as text.
func syntax(err error) *Fault {
	m := regexp.MustCompile(`(?s)^yaml: (?:line (\d+): )?(.*)$`).FindStringSubmatch(err.Error())
	if m == nil {
		return &Fault{Problem: err.Error(), Remedy: "write it as YAML"}
	}
	f := &Fault{Problem: "is not YAML: " + m[2], Remedy: "look at the indentation here and one line above, and put texts with any of { } [ ] , : # in quotes"}
	if line, err := strconv.Atoi(m[1]); err == nil {
		f.Line, f.Column = line, 1
	}
	return f
}

// sortFaults puts faults in the order of the file; those without a place go last.
func sortFaults(faults []Fault) {
	slices.SortStableFunc(faults, func(a, b Fault) int {
		if (a.Line == 0) != (b.Line == 0) {
			return cmp.Compare(b.Line, a.Line)
		}
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}
