package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// Tag is a key and value on a resource.
type Tag struct{ Key, Value string }

// Tags gives a resource's tags, by key in byte order.
func (r Reader) Tags(ctx context.Context, arn string) ([]Tag, error) {
	all, err := many(ctx, r, func(s scanner) (t Tag, err error) { return t, s.Scan(&t.Key, &t.Value) },
		`SELECT name, value FROM tags WHERE arn = $1`, arn)
	if err != nil {
		return nil, fmt.Errorf("read tags of %s: %w", arn, err)
	}
	slices.SortFunc(all, func(a, b Tag) int { return cmp.Compare(a.Key, b.Key) })
	return all, nil
}

// PutTags adds tags to a resource, or gives new values to those it has. That the
// resource is there is the caller's to check, in the same Tx.
func (t *Tx) PutTags(ctx context.Context, arn string, tags []Tag) error {
	for _, tag := range tags {
		if _, err := t.exec(ctx, `INSERT INTO tags (arn, name, value) VALUES ($1, $2, $3) ON CONFLICT (arn, name) DO UPDATE SET value = excluded.value`, arn, tag.Key, tag.Value); err != nil {
			return fmt.Errorf("tag %s: %w", arn, err)
		}
	}
	n, err := t.count(ctx, `SELECT count(*) FROM tags WHERE arn = $1`, arn)
	if limit := t.quotas.TagsPerResource; err == nil && limit > 0 && n > int64(limit) {
		return &Error{Kind: ErrQuota, Resource: "tags of", Name: arn, Reason: fmt.Sprintf("tags of a resource: at most %d", limit)}
	}
	return err
}

// DeleteTags removes the tags with these keys; those that are not there do not
// matter.
func (t *Tx) DeleteTags(ctx context.Context, arn string, keys []string) error {
	for _, key := range keys {
		if _, err := t.exec(ctx, `DELETE FROM tags WHERE arn = $1 AND name = $2`, arn, key); err != nil {
			return fmt.Errorf("untag %s: %w", arn, err)
		}
	}
	return nil
}
