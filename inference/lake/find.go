package lake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"millwright/internal/objstore"
	"millwright/internal/window"
)

// Quotas bound what a dataset may be. 0 stands for the original service's number.
type Quotas struct {
	DatasetBytes      int64 // 50 GB
	FileBytes         int64 // 5 GB
	Components        int   // 3,000
	Sensors           int   // of all components, 3,000
	FilesPerComponent int   // 1,000
}

func (q Quotas) withDefaults() Quotas {
	for _, d := range []struct {
		at    *int64
		value int64
	}{{&q.DatasetBytes, 50e9}, {&q.FileBytes, 5e9}} {
		if *d.at == 0 {
			*d.at = d.value
		}
	}
	for _, d := range []struct {
		at    *int
		value int
	}{{&q.Components, 3000}, {&q.Sensors, 3000}, {&q.FilesPerComponent, 1000}} {
		if *d.at == 0 {
			*d.at = d.value
		}
	}
	return q
}

// Schema says where a schema is beyond the quotas.
func (q Quotas) Schema(s Schema) error {
	q = q.withDefaults()
	var faults []error
	if n := len(s.Components); n > q.Components {
		faults = append(faults, fmt.Errorf("schema: it has %d components, more than %d", n, q.Components))
	}
	if n := len(s.Sensors()); n > q.Sensors {
		faults = append(faults, fmt.Errorf("schema: it has %d sensors, more than %d", n, q.Sensors))
	}
	return errors.Join(faults...)
}

// Files says where the files of an ingestion are beyond the quotas.
func (q Quotas) Files(files []File) error {
	q = q.withDefaults()
	var faults []error
	fault := func(format string, args ...any) {
		if len(faults) < MaxFaults {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	total := int64(0)
	of := map[string]int{}
	for _, f := range files {
		total += f.Size
		if f.Size > q.FileBytes {
			fault("s3://%s/%s has %d bytes, more than %d: split it", f.Bucket, f.Key, f.Size, q.FileBytes)
		}
		if of[f.Component]++; of[f.Component] == q.FilesPerComponent+1 {
			fault("component %s has more than %d files: join some", f.Component, q.FilesPerComponent)
		}
	}
	if len(of) > q.Components {
		fault("the files are of %d components, more than %d", len(of), q.Components)
	}
	if total > q.DatasetBytes {
		fault("the files have %d bytes together, more than %d", total, q.DatasetBytes)
	}
	return errors.Join(faults...)
}

// maxFiles is how many files Find lists at most: those of a thousand components
// beyond any quota.
const maxFiles = 1_000_000

// Find lists the files of a dataset, numbered in the order of their keys: those
// under the prefix that the pattern gives to a component, of the schema's when
// there is one. Dataset and Ingestion are the caller's to fill in. Without any
// file, or with a name that no component can have, it is a *RefuseError.
func (l *Lake) Find(ctx context.Context, bucket, prefix string, pattern KeyPattern, schema *Schema) ([]File, error) {
	var known []string
	sensors := map[string][]string{}
	if schema != nil {
		known = schema.Names()
		for _, c := range schema.Components {
			sensors[c.Name] = c.Sensors
		}
	}
	var files []File
	invalid := map[string]bool{}
	err := l.store.List(ctx, bucket, pattern.Under(prefix), "", func(page []objstore.Info) (bool, error) {
		for _, o := range page {
			component, ok := pattern.Component(prefix, o.Key, known)
			if !ok {
				continue
			}
			if !window.ValidComponent(component) && len(invalid) < MaxFaults {
				invalid[fmt.Sprintf("%.200q", component)] = true
			}
			files = append(files, File{Seq: int64(len(files)), Bucket: bucket, Key: o.Key, ETag: o.ETag, Size: o.Size, Component: component, Sensors: sensors[component]})
		}
		if len(files) > maxFiles {
			return false, &RefuseError{Reason: fmt.Sprintf("there are more than %d files under s3://%s/%s", maxFiles, bucket, pattern.Under(prefix))}
		}
		return true, nil
	})
	switch {
	case objstore.KindOf(err) == objstore.KindNoBucket:
		return nil, &RefuseError{Reason: fmt.Sprintf("the bucket %s does not exist: create it, or correct Bucket in S3InputConfiguration", bucket)}
	case err != nil:
		return nil, err
	case len(invalid) > 0:
		names := make([]string, 0, len(invalid))
		for name := range invalid {
			names = append(names, name)
		}
		slices.Sort(names)
		return nil, &RefuseError{Reason: fmt.Sprintf("with KeyPattern %s there would be components with names that are not allowed: %s; use 1 to 200 of 0-9 A-Z a-z . _ -", pattern, strings.Join(names, ", "))}
	case len(files) == 0:
		return nil, &RefuseError{Reason: fmt.Sprintf("no object under s3://%s/%s fits KeyPattern %s%s", bucket, pattern.Under(prefix), pattern, ofSchema(known))}
	}
	return files, nil
}

func ofSchema(known []string) string {
	if len(known) == 0 {
		return ""
	}
	if len(known) > MaxFaults {
		known = append(slices.Clone(known[:MaxFaults]), "...")
	}
	return " and a component of the schema (" + strings.Join(known, ", ") + ")"
}
