// Package yamlfile reads YAML files strictly into structs: every fault at once,
// each with its line, its key and what to do. It knows no file's meaning: whoever
// owns the struct checks its values and adds faults at their keys.
package yamlfile

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxFile is the size of a file beyond which it is surely another one.
const maxFile = 1 << 20

// Read gives the text of a file, at most a little more than Decode takes.
func Read(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("open configuration: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read configuration %s: %w", file, err)
	}
	return text, nil
}

// Options of Decode. The zero value is fine.
type Options struct {
	// Empty is the remedy for a file that says nothing.
	Empty string
	// Shown hides what messages must not repeat of a key's text. The password of a
	// URL is hidden before it is asked. Default: nothing else is hidden.
	Shown func(key, text string) string
}

// Document is a file that was decoded: where its keys stand and what is wrong.
// The zero value, or nil, stands for values that were made in code.
type Document struct {
	file     string
	options  Options
	places   map[string]place // by key, such as schedulers[0].input.bucket
	broken   map[string]bool  // keys that could not be read
	faults   []Fault
	warnings []Fault
}

// Decode fills the struct that into points to from the only YAML document in data.
// A field is a key when it has a tag yaml:"name", and must be there when it has
// jsonschema:"required". Types of their own read themselves as text or as a node;
// words are listed by Values. The error, of a file that is no such document at
// all, is Faults; what else is wrong is in the Document, and Err tells it.
func Decode(file string, data []byte, into any, o Options) (*Document, error) {
	if len(data) > maxFile {
		return nil, Faults{{File: file, Problem: "is larger than 1 MiB", Remedy: "name the configuration, not a data file"}}
	}
	root, fault := Root(data)
	if fault != nil {
		if fault.File = file; fault.Remedy == "" {
			fault.Remedy = o.Empty
		}
		return nil, Faults{*fault}
	}
	doc := &Document{file: file, options: o, places: map[string]place{}, broken: map[string]bool{}}
	d := &decoder{doc: doc}
	d.value(root, reflect.ValueOf(into).Elem(), "")
	for _, f := range doc.faults {
		doc.broken[f.Key] = true
	}
	return doc, nil
}

// Fault notes what is wrong with a key, unless it, or a group that it stands in,
// could not be read: what is said of that once is enough.
func (d *Document) Fault(key, problem, remedy string) {
	if !d.Broken(key) {
		d.faults = append(d.faults, d.At(key, problem, remedy))
	}
}

// Warn notes what somebody should know of a key that can be used.
func (d *Document) Warn(key, problem, remedy string) {
	if !d.Broken(key) {
		d.warnings = append(d.warnings, d.At(key, problem, remedy))
	}
}

// Err is Faults in the order of the file, or nil.
func (d *Document) Err() error {
	if len(d.faults) == 0 {
		return nil
	}
	sortFaults(d.faults)
	return Faults(d.faults)
}

// Warnings are what Warn noted, in the order of the file.
func (d *Document) Warnings() []Fault {
	sortFaults(d.warnings)
	return d.warnings
}

// Given tells whether the file has the key.
func (d *Document) Given(key string) bool { _, ok := d.places[key]; return ok }

// Broken tells whether the key, or a group that it stands in, could not be read.
func (d *Document) Broken(key string) bool {
	for ; key != ""; key = parent(key) {
		if d.broken[key] {
			return true
		}
	}
	return d.broken[""]
}

// At makes a fault about a key where it stands, or the nearest group above it.
func (d *Document) At(key, problem, remedy string) Fault {
	f := Fault{Key: key, Problem: problem, Remedy: remedy}
	if d == nil {
		return f
	}
	f.File = d.file
	if p, ok := d.places[key]; ok {
		f.Line, f.Column, f.Value = p.line, p.column, d.shown(key, p.text)
		return f
	}
	for above := parent(key); ; above = parent(above) {
		if p, ok := d.places[above]; ok {
			f.Line, f.Column = p.line, p.column
			return f
		}
		if above == "" {
			return f
		}
	}
}

// shown is a value as messages may repeat it.
func (d *Document) shown(key, text string) string {
	if u, err := url.Parse(text); err == nil && u.User != nil {
		text = u.Redacted()
	}
	if d.options.Shown != nil {
		return d.options.Shown(key, text)
	}
	return text
}

// parent is the key of the group that a key stands in.
func parent(key string) string {
	if i := strings.LastIndexAny(key, ".["); i >= 0 && !strings.HasSuffix(key, `"]`) {
		return key[:i]
	}
	if i := strings.LastIndex(key, `["`); i >= 0 {
		return key[:i]
	}
	return ""
}

// Root gives the root of the only document in data.
func Root(data []byte) (*yaml.Node, *Fault) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	switch err := decoder.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, &Fault{Problem: "is empty"}
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
