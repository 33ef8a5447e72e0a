package lake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"millwright/internal/series"
)

// File is a CSV that an ingestion reads, in the version that was listed.
type File struct {
	Dataset   string // ids, which are parts of keys
	Ingestion string
	Seq       int64 // place in the listing, by key; where files have the same stamp and sensor, the first counts
	Bucket    string
	Key       string
	ETag      string
	Size      int64
	Component string
	Sensors   []string // of the schema; nil: those of the file's header
}

// hash tells the file's content from others.
func (f *File) hash() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s", f.Bucket, f.Key, f.ETag))
	return hex.EncodeToString(sum[:8])
}

func (f *File) prefix() string { return DatasetPrefix(f.Dataset) + f.Ingestion + "/" }

// ManifestKey is where the file's manifest is, once it is ingested.
func (f *File) ManifestKey() string {
	return fmt.Sprintf("%smanifests/%06d-%s.json", f.prefix(), f.Seq, f.hash())
}

func (f *File) partKey(part int) string {
	return fmt.Sprintf("%smanifests/%06d-%s/%04d.json", f.prefix(), f.Seq, f.hash(), part)
}

// objectKey is where the rows of a day are. Keys of a day are in the order of
// precedence.
func (f *File) objectKey(day int64, part int) string {
	return fmt.Sprintf("%s%s/%s/%06d-%s-%04d.parquet", f.prefix(), f.Component, dayName(day), f.Seq, f.hash(), part)
}

// Checkpoint is how far a file was ingested: the beginning of a part. The zero
// value is the file's beginning. As JSON it is small, but for files with many
// columns.
type Checkpoint struct {
	Part    int             `json:"part"`
	Offset  int64           `json:"offset"` // bytes, unpacked
	Line    int64           `json:"line"`   // lines before it
	Gzip    bool            `json:"gzip,omitempty"`
	Sort    bool            `json:"sort,omitempty"` // rows are out of order
	Dialect *series.Dialect `json:"dialect,omitempty"`

	named bool // the first line is the header, whatever it looks like
}

// Manifest says what a file became.
type Manifest struct {
	Seq       int64     `json:"seq"`
	Key       string    `json:"key"` // of the file
	ETag      string    `json:"etag"`
	Component string    `json:"component"`
	Header    Header    `json:"header"` // Sensors: all valid ones, also those that the schema has not
	Parts     int       `json:"parts"`
	Bytes     int64     `json:"bytes"` // unpacked
	Rows      int64     `json:"rows"`
	BadStamps int64     `json:"bad_stamps,omitempty"` // rows whose timestamp cannot be read
	BadRows   int64     `json:"bad_rows,omitempty"`   // rows that are unusable otherwise
	Notes     []string  `json:"notes,omitempty"`
	Objects   []Object  `json:"objects"` // by day and part
	Sensors   []*Sensor `json:"sensors"`
}

// append adds the next part of the same file.
func (m *Manifest) append(o *Manifest) {
	m.Parts += o.Parts
	m.Bytes += o.Bytes
	m.Rows += o.Rows
	m.BadStamps += o.BadStamps
	m.BadRows += o.BadRows
	for _, n := range o.Notes {
		if len(m.Notes) < MaxFaults && !slices.Contains(m.Notes, n) {
			m.Notes = append(m.Notes, n)
		}
	}
	m.Objects = append(m.Objects, o.Objects...)
	for i, s := range o.Sensors {
		m.Sensors[i].Merge(s)
	}
}

// values is how many numbers there are.
func (m *Manifest) values() (n int64) {
	for _, s := range m.Sensors {
		n += s.Values
	}
	return n
}

// Manifest reads what a file became; false when it is not ingested.
func (l *Lake) Manifest(ctx context.Context, f File) (*Manifest, bool, error) {
	m := &Manifest{}
	ok, err := l.getJSON(ctx, f.ManifestKey(), m)
	return m, ok, err
}
