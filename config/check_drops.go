package config

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"millwright/internal/yamlfile"
)

func (v *checker) drops(c *Config) {
	if len(c.Drops) == 0 {
		v.fault("drops", "is empty", "name the folder that files are dropped into")
	}
	for i, d := range c.Drops {
		key := fmt.Sprintf("drops[%d]", i)
		v.drop(key, c, d)
		for j, other := range c.Drops[:i] {
			v.apart(key, d, fmt.Sprintf("drops[%d]", j), other)
		}
	}
}

func (v *checker) drop(key string, c *Config, d Drop) {
	if v.folder(key+".path", d.Path) {
		switch {
		case within(d.Path, c.StateDir):
			v.fault(key+".path", "lies in state_dir", "put the drop folder elsewhere: files in state_dir are the agent's own")
		case within(c.StateDir, d.Path):
			v.fault(key+".path", "holds state_dir", "name a folder below it: the agent's own files would be taken for drops")
		}
	}
	if len(d.Include) == 0 {
		v.fault(key+".include", "is empty", `name a pattern, such as "*.csv"`)
	}
	for i, pattern := range d.Include {
		v.include(fmt.Sprintf("%s.include[%d]", key, i), pattern)
	}
	v.component(key+".component", c, d.Component)
	v.complete(key+".complete", d.Complete)
	if d.After == ToArchive {
		if l := c.Limits.State; !d.Archive.Max.Share() && !l.Share() && d.Archive.Max.Bytes() >= l.Bytes() {
			v.warn(key+".archive.max", "is not below limits.state, which archives are a part of", "lower it, or raise limits.state")
		}
		v.archive(key+".archive", c, d.Archive)
	}
	v.csv(key+".csv", d.CSV)
}

func (v *checker) include(key, pattern string) {
	if _, err := path.Match(pattern, "x"); err != nil || pattern == "" {
		v.fault(key, "is no pattern", "use * for any text, ? for one character, [a-z] for one of several")
	} else if strings.Contains(pattern, "/") {
		v.fault(key, "names a folder", "give patterns of file names only; folders below path are always looked at")
	}
}

func (v *checker) component(key string, c *Config, rule string) {
	r, err := componentRule(rule)
	if err != nil {
		problem, remedy := yamlfile.Parts(err)
		v.fault(key, problem, remedy)
		return
	}
	if r.Name == "" {
		return
	}
	for _, s := range c.Schedulers {
		if slices.Contains(s.Components, r.Name) {
			return
		}
	}
	v.warn(key, "no scheduler has this component: its files will be refused", "add it to a scheduler's components, or correct it")
}

func (v *checker) complete(key string, c Complete) {
	switch {
	case c.Settle.None():
		v.fault(key+".settle", "may not be none", "write a time, such as 2s; for files that are renamed when they are whole use rule: rename")
	case c.Rule == Settle && c.Settle.Duration() > hour:
		v.warn(key+".settle", "is longer than an hour: nothing is taken before", "use a few seconds")
	}
	if c.Rule == Marker && strings.ContainsAny(c.Marker, "/\x00") {
		v.fault(key+".marker", "is no end of a file name", `write what is appended to a name, such as ".done"`)
	}
}

func (v *checker) archive(key string, c *Config, a Archive) {
	if a.Max.Share() || a.Max.Bytes() == 0 {
		v.fault(key+".max", "is no number of bytes", "write it in bytes, such as 1GiB, or use after: delete")
	}
	if a.Keep.Duration() == 0 {
		v.fault(key+".keep", "keeps nothing", "use after: delete")
	}
	if !v.folder(key+".dir", a.Dir) || within(a.Dir, c.StateDir) {
		return // that state_dir is not in a drop folder has been looked at
	}
	for _, d := range c.Drops {
		if filepath.IsAbs(d.Path) && within(a.Dir, d.Path) {
			v.fault(key+".dir", "lies in the drop folder "+d.Path, "put the archive elsewhere: its files would be taken again")
			return
		}
	}
}

func (v *checker) csv(key string, c CSV) {
	if _, err := location(c.TimeZone); err != nil {
		problem, remedy := yamlfile.Parts(err)
		v.fault(key+".time_zone", problem, remedy)
	}
	if err := stampForm(c.TimestampFormat); err != nil {
		problem, remedy := yamlfile.Parts(err)
		v.fault(key+".timestamp_format", problem, remedy)
	}
	if c.Decimal == "," && c.Delimiter == "," {
		v.fault(key+".decimal", "is also the delimiter", "give the one that stands between cells, such as ;")
	}
	for _, column := range sortedKeys(c.Rename) {
		if !validSensor(c.Rename[column]) {
			v.fault(yamlfile.Join(key+".rename", column), "is no sensor name", "use 1 to 200 of 0-9 A-Z a-z : # $ . _ -")
		}
	}
}

// apart refuses folders whose files would be taken twice.
func (v *checker) apart(key string, d Drop, otherKey string, other Drop) {
	if !filepath.IsAbs(d.Path) || !filepath.IsAbs(other.Path) {
		return
	}
	a, b := filepath.Clean(d.Path), filepath.Clean(other.Path)
	switch {
	case a == b:
		v.fault(key+".path", "is also the path of "+otherKey, "keep one; a regular expression as component tells several kinds of file apart")
	case within(a, b):
		v.fault(key+".path", fmt.Sprintf("lies in the path of %s, %s", otherKey, b), "give each its own folder: files would be taken twice")
	case within(b, a):
		v.fault(key+".path", fmt.Sprintf("holds the path of %s, %s", otherKey, b), "give each its own folder: files would be taken twice")
	}
}
