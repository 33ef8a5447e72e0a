package take

import (
	"bytes"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"millwright/internal/series"
)

// Folder is a drop folder with every setting resolved.
type Folder struct {
	Path      string   // absolute
	Include   []string // patterns of base names, or of paths below the folder when they have a slash; case does not matter; none: *.csv and *.csv.gz
	Component ComponentRule
	Complete  Complete
	Rename    map[string]string // sensor name by column name
	CSV       series.Options

	index     int
	mapping   []byte // what identity has of component rule and name mapping
	marker    string // in lower case
	localTime bool   // a stamp without zone may mean two instants
}

func (f Folder) withDefaults(index int) Folder {
	f.index = index
	if len(f.Include) == 0 {
		f.Include = []string{"*.csv", "*.csv.gz"}
	}
	f.Include = slices.Clone(f.Include)
	for i, p := range f.Include {
		f.Include[i] = strings.ToLower(p)
	}
	if f.Complete.Rule == "" {
		f.Complete.Rule = Settle
	}
	if f.Complete.Settle <= 0 {
		f.Complete.Settle = 2 * time.Second
	}
	if f.Complete.Marker == "" {
		f.Complete.Marker = ".done"
	}
	f.marker = strings.ToLower(f.Complete.Marker)
	f.mapping, f.localTime = f.describe(), f.repeatsHours()
	return f
}

// describe writes down what else than the content makes rows what they are.
func (f *Folder) describe() []byte {
	var b bytes.Buffer
	if f.Component.several() {
		b.WriteString(f.Component.Pattern.String())
	}
	b.WriteByte(0)
	for _, from := range slices.Sorted(maps.Keys(f.Rename)) {
		b.WriteString(from)
		b.WriteByte(0)
		b.WriteString(f.Rename[from])
		b.WriteByte(0)
	}
	return b.Bytes()
}

// includes tells whether the file at name, a path below the folder, is a drop.
func (f *Folder) includes(name string) bool {
	base := path.Base(name)
	if hidden(base) {
		return false
	}
	name, base = strings.ToLower(name), strings.ToLower(base)
	if f.Complete.Rule == Marker && strings.HasSuffix(base, f.marker) {
		return false
	}
	return slices.ContainsFunc(f.Include, func(pattern string) bool {
		on := base
		if strings.Contains(pattern, "/") {
			on = name
		}
		ok, err := path.Match(pattern, on)
		return ok && err == nil
	})
}

// hidden tells names that nobody means as drops: dot files, and the names under
// which common tools write what is not whole yet.
func hidden(base string) bool {
	if strings.HasPrefix(base, ".") || strings.HasPrefix(base, "~$") || strings.HasSuffix(base, "~") {
		return true
	}
	switch strings.ToLower(path.Ext(base)) {
	case ".tmp", ".temp", ".part", ".partial", ".filepart", ".swp", ".crdownload":
		return true
	}
	return false
}

// repeatsHours tells whether a stamp without a zone may mean two instants.
func (f *Folder) repeatsHours() bool {
	z := f.CSV.Zone
	if z == nil || z == time.UTC {
		return false
	}
	// A zone that had one offset all through two decades is a fixed one.
	first := time.Date(2010, 1, 1, 0, 0, 0, 0, z)
	_, offset := first.Zone()
	for at := first; at.Year() < 2032; at = at.AddDate(0, 1, 0) {
		if _, o := at.Zone(); o != offset {
			return true
		}
	}
	return false
}
