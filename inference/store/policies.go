package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Policy is a resource policy: who else may import the resource.
type Policy struct {
	ARN                  string
	Revision             string // another one with every change
	CreatedAt, UpdatedAt time.Time
	Text                 string // JSON
}

// Policy finds a resource's policy.
func (r Reader) Policy(ctx context.Context, arn string) (Policy, error) {
	return one(ctx, r, func(s scanner) (p Policy, err error) {
		return p, s.Scan(&p.ARN, &p.Revision, instant{&p.CreatedAt}, instant{&p.UpdatedAt}, &p.Text)
	}, "resource policy of", arn, `SELECT arn, revision, created_at, updated_at, policy FROM policies WHERE arn = $1`, arn)
}

// PutPolicy adds or replaces a policy. Where the caller has seen a revision
// (expected, "" for any) it has to be the present one, else it is a conflict.
// CreatedAt of one that is there stays.
func (t *Tx) PutPolicy(ctx context.Context, p Policy, expected string) error {
	have, err := t.Policy(ctx, p.ARN)
	switch {
	case errors.Is(err, ErrNotFound):
		if expected != "" {
			return &Error{Kind: ErrConflict, Resource: "resource policy of", Name: p.ARN, Reason: "there is no revision " + expected}
		}
		return t.create(ctx, "policies", "arn, revision, created_at, updated_at, policy",
			[]any{p.ARN, p.Revision, micros(p.CreatedAt), micros(p.UpdatedAt), p.Text}, "resource policy of", p.ARN)
	case err != nil:
		return err
	case expected != "" && expected != have.Revision:
		return inState("resource policy of", p.ARN, "at revision "+have.Revision, "read it again")
	}
	if _, err := t.exec(ctx, `UPDATE policies SET revision = $1, updated_at = $2, policy = $3 WHERE arn = $4`,
		p.Revision, micros(p.UpdatedAt), p.Text, p.ARN); err != nil {
		return fmt.Errorf("put resource policy: %w", err)
	}
	return nil
}

// DeletePolicy removes a resource's policy.
func (t *Tx) DeletePolicy(ctx context.Context, arn string) error {
	n, err := t.exec(ctx, `DELETE FROM policies WHERE arn = $1`, arn)
	if err != nil {
		return fmt.Errorf("delete resource policy: %w", err)
	}
	if n == 0 {
		return notFound("resource policy of", arn)
	}
	return nil
}
