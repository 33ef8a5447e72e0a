package store

import (
	"context"
	"fmt"
	"time"
)

// ObjectKind says what an object in the work bucket belongs to.
type ObjectKind string

// Data of a dataset (owner: the dataset's id), and data that schedulers have
// seen, for retraining (owner: the model's id).
const (
	ObjectDataset   ObjectKind = "dataset"
	ObjectInference ObjectKind = "inference"
)

// Object is an object in the work bucket with one component's rows of one day.
// Between compactions a day may have several.
type Object struct {
	Kind      ObjectKind
	Owner     string
	Component string
	Day       int64 // days since 1970-01-01 UTC
	Key       string
	DataStart time.Time // first and last row
	DataEnd   time.Time
	Rows      int64
	Size      int64 // bytes
	CreatedAt time.Time
}

const objectColumns = `kind, owner, component, day, object_key, data_start, data_end, n_rows, size, created_at`

func scanObject(s scanner) (o Object, err error) {
	return o, s.Scan(&o.Kind, &o.Owner, &o.Component, &o.Day, &o.Key, instant{&o.DataStart}, instant{&o.DataEnd}, &o.Rows, &o.Size, instant{&o.CreatedAt})
}

// Objects gives an owner's objects of a component ("": of all) whose day is from
// <= day < to, by component, day and key.
func (r Reader) Objects(ctx context.Context, kind ObjectKind, owner, component string, from, to int64) ([]Object, error) {
	var w where
	w.add(true, "kind = ?", string(kind))
	w.add(true, "owner = ?", owner)
	w.add(component != "", "component = ?", component)
	w.add(true, "day >= ?", from)
	w.add(true, "day < ?", to)
	all, err := many(ctx, r, scanObject, `SELECT `+objectColumns+` FROM objects`+w.String()+` ORDER BY component, day, object_key`, w.args...)
	if err != nil {
		return nil, fmt.Errorf("list objects of %s %s: %w", kind, owner, err)
	}
	return all, nil
}

// Span is what an owner's objects hold together. Its times are zero without any.
type Span struct {
	DataStart, DataEnd  time.Time
	Objects, Rows, Size int64
}

// ObjectSpan sums up an owner's objects.
func (r Reader) ObjectSpan(ctx context.Context, kind ObjectKind, owner string) (Span, error) {
	return one(ctx, r, func(s scanner) (v Span, err error) {
		return v, s.Scan(instant{&v.DataStart}, instant{&v.DataEnd}, &v.Objects, &v.Rows, &v.Size)
	}, string(kind), owner, `SELECT min(data_start), max(data_end), count(*), CAST(coalesce(sum(n_rows), 0) AS BIGINT), CAST(coalesce(sum(size), 0) AS BIGINT)
		FROM objects WHERE kind = $1 AND owner = $2`, string(kind), owner)
}

// SwapObjects adds objects and forgets others in one step, as a compaction does.
// It is a conflict when one of those to forget is not there: somebody else was
// faster. An added one that is there already is replaced.
func (t *Tx) SwapObjects(ctx context.Context, add, remove []Object) error {
	const drop = `DELETE FROM objects WHERE kind = $1 AND owner = $2 AND component = $3 AND day = $4 AND object_key = $5`
	for _, o := range remove {
		n, err := t.exec(ctx, drop, string(o.Kind), o.Owner, o.Component, o.Day, o.Key)
		if err != nil {
			return fmt.Errorf("forget object %s: %w", o.Key, err)
		}
		if n == 0 {
			return &Error{Kind: ErrConflict, Resource: "object", Name: o.Key, Reason: "it was replaced meanwhile"}
		}
	}
	return t.putObjects(ctx, add)
}

// ReplaceObjects has an owner have these objects and no others.
func (t *Tx) ReplaceObjects(ctx context.Context, kind ObjectKind, owner string, all []Object) error {
	for _, o := range all {
		if o.Kind != kind || o.Owner != owner {
			return fmt.Errorf("replace objects of %s %s: %s is of %s %s", kind, owner, o.Key, o.Kind, o.Owner)
		}
	}
	if _, err := t.exec(ctx, `DELETE FROM objects WHERE kind = $1 AND owner = $2`, string(kind), owner); err != nil {
		return fmt.Errorf("forget objects of %s %s: %w", kind, owner, err)
	}
	return t.putObjects(ctx, all)
}

// putObjects adds objects in place of those that are there already.
func (t *Tx) putObjects(ctx context.Context, add []Object) error {
	type key struct {
		kind                  ObjectKind
		owner, component, key string
		day                   int64
	}
	at := make(map[key]int, len(add)) // one statement cannot replace a row twice: the last one counts
	rows := make([][]any, 0, len(add))
	for _, o := range add {
		row := []any{string(o.Kind), o.Owner, o.Component, o.Day, o.Key, micros(o.DataStart), micros(o.DataEnd), o.Rows, o.Size, micros(o.CreatedAt)}
		k := key{o.Kind, o.Owner, o.Component, o.Key, o.Day}
		if i, ok := at[k]; ok {
			rows[i] = row
			continue
		}
		at[k] = len(rows)
		rows = append(rows, row)
	}
	const replace = ` ON CONFLICT (kind, owner, component, day, object_key) DO UPDATE SET data_start = excluded.data_start,
		data_end = excluded.data_end, n_rows = excluded.n_rows, size = excluded.size, created_at = excluded.created_at`
	if err := t.insertMany(ctx, "objects", objectColumns, replace, rows); err != nil {
		return fmt.Errorf("add objects: %w", err)
	}
	return nil
}
