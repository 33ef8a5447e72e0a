package take

import (
	"bytes"
	"io"
	"slices"
	"strings"

	"millwright/internal/series"
)

// forms remembers how the files of each folder are written. A file that begins
// with the same header lines as an earlier one is read with that one's dialect;
// finding it out would take longer than reading a small file. Whatever does not
// fit shows as a fault, and then the file is read anew, without this. So only
// dialects are kept that cannot read other text in a second sense.
type forms map[int][]form // by folder, the last used first

type form struct {
	head    []byte // the file up to its first data row
	dialect series.Dialect
	json    []byte

	again   *series.Again // made when it is first needed; nil: none can be
	made    bool
	columns []int    // of files of one component: all of them,
	sensors []string // and their names; nil: not known
}

// reader reads a file of the form from o.Resume on; without a form, any file.
func (f *form) reader(src io.Reader, o series.Options) (*series.Reader, error) {
	if f == nil {
		return series.NewReader(src, o)
	}
	if !f.made {
		f.again, _ = series.NewAgain(f.dialect, o) // a new reader each time does as well
		f.made = true
	}
	if f.again == nil {
		return series.NewReader(src, o)
	}
	return f.again.Reader(src, o)
}

// manyForms bounds what is kept per folder.
const manyForms = 16

// find gives the form of a file that begins like data, nil for none.
func (f forms) find(folder int, data []byte) *form {
	all := f[folder]
	for i := range all {
		if bytes.HasPrefix(data, all[i].head) {
			if i > 0 {
				hit := all[i]
				copy(all[1:i+1], all[:i])
				all[0] = hit
			}
			return &all[0]
		}
	}
	return nil
}

// learn keeps the dialect that was found for a file.
func (f forms) learn(folder int, data []byte, d series.Dialect, json []byte, cols *columns) {
	if len(d.Header) == 0 || len(d.Warnings) > 0 || d.LineEnd == "cr" || !strings.HasPrefix(d.Format, "y") && d.Format != "iso" {
		return
	}
	at := 0
	for range d.Data - 1 {
		n := bytes.IndexByte(data[at:], '\n')
		if n < 0 {
			return
		}
		at += n + 1
	}
	head := data[:at]
	all := slices.DeleteFunc(f[folder], func(old form) bool { return bytes.Equal(old.head, head) })
	if len(all) == manyForms {
		all = all[:manyForms-1]
	}
	learnt := form{head: bytes.Clone(head), dialect: d, json: json}
	if d.Layout == series.Wide && cols.component != "" {
		learnt.sensors = cols.sensor // of all columns, also of those that hold text in this file
		for i := range cols.sensor {
			learnt.columns = append(learnt.columns, i)
		}
	}
	f[folder] = slices.Insert(all, 0, learnt)
}
