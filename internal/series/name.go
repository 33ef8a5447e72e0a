package series

import (
	"fmt"
	"strconv"
	"strings"
)

// Clash is a column that has no usable name of its own. Its values wait until
// the name is pinned; they are never given a made-up name.
type Clash struct {
	Columns []int    // indices into raw
	Raw     []string // the names as read
	Name    string   // what they would have been called, "" when there is nothing to call them
	Reason  string   // what is wrong and what to do
}

// maxName is the longest sensor name the service takes.
const maxName = 200

// MapNames turns names as read into sensor names: rename first, then every
// character outside [0-9A-Za-z:#$._-] becomes '_'. The first result stands
// beside raw; it is "" for columns that wait because of a clash.
func MapNames(raw []string, rename map[string]string) ([]string, []Clash) {
	names := make([]string, len(raw))
	var clashes []Clash
	owners := make(map[string][]int, len(raw))
	order := make([]string, 0, len(raw))
	for i, r := range raw {
		name, renamed := rename[r]
		if !renamed {
			name = r
		}
		mapped := cleanName(name)
		switch {
		case !renamed && markedName(r):
			clashes = append(clashes, Clash{Columns: []int{i}, Raw: []string{r}, Reason: fmt.Sprintf("column %q has no name of its own; give it one with csv.rename", r)})
		case mapped == "":
			clashes = append(clashes, Clash{Columns: []int{i}, Raw: []string{r}, Reason: fmt.Sprintf("column %q has no usable name; give it one with csv.rename", r)})
		case len(mapped) > maxName:
			clashes = append(clashes, Clash{Columns: []int{i}, Raw: []string{r}, Name: mapped, Reason: fmt.Sprintf("the name %.40q... is longer than %d characters; give it a shorter one with csv.rename", r, maxName)})
		default:
			names[i] = mapped
			if owners[mapped] == nil {
				order = append(order, mapped)
			}
			owners[mapped] = append(owners[mapped], i)
		}
	}
	for _, name := range order {
		at := owners[name]
		if len(at) < 2 {
			continue
		}
		c := Clash{Columns: at, Name: name}
		for _, i := range at {
			c.Raw = append(c.Raw, raw[i])
			names[i] = ""
		}
		c.Reason = fmt.Sprintf("columns %q would all be called %q; tell them apart with csv.rename", c.Raw, name)
		clashes = append(clashes, c)
	}
	return names, clashes
}

// cleanName keeps to the characters the service's API takes.
func cleanName(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', strings.ContainsRune(":#$._-", r):
			return r
		}
		return '_'
	}, strings.TrimSpace(s))
}

// markName is how Reader.Names shows a column whose name is empty or stands
// more than once: unique, and good as a key of csv.rename.
func markName(name string, column int) string {
	return strings.TrimSpace(fmt.Sprintf("%s (column %d)", name, column+1))
}

// markedName tells a name made by markName.
func markedName(s string) bool {
	s, ok := strings.CutSuffix(s, ")")
	if !ok {
		return false
	}
	at := strings.LastIndex(s, "(column ")
	if at < 0 || at > 0 && s[at-1] != ' ' {
		return false
	}
	_, err := strconv.ParseUint(s[at+len("(column "):], 10, 32)
	return err == nil
}

// columnNames gives the names of the value columns as Reader.Names shows them.
func columnNames(columns []string, index []int) []string {
	seen := make(map[string]int, len(columns))
	for _, i := range index {
		seen[columns[i]]++
	}
	names := make([]string, len(index))
	for k, i := range index {
		names[k] = columns[i]
		if names[k] == "" || seen[names[k]] > 1 {
			names[k] = markName(columns[i], i)
		}
	}
	return names
}
