package backend

import (
	"context"
	"strings"

	"millwright/inference/api"
	"millwright/inference/api/wire"
	"millwright/inference/store"
)

// PutResourcePolicy says which other accounts may import a dataset or a model
// version; the policy of a model is that of all its versions.
func (b *Backend) PutResourcePolicy(ctx context.Context, c api.Caller, in *wire.PutResourcePolicyRequest) (*wire.PutResourcePolicyResponse, error) {
	if _, err := parsePolicy(in.ResourcePolicy); err != nil {
		return nil, api.Invalid("ResourcePolicy", "%v", err)
	}
	return once(ctx, b, c, "PutResourcePolicy", in.ClientToken, in, func(t *store.Tx) (*wire.PutResourcePolicyResponse, error) {
		found, err := resource(ctx, t.Reader, c, in.ResourceArn)
		if err != nil {
			return nil, err
		}
		if found.Kind != "dataset" && found.Kind != "model" && found.Kind != "model-version" {
			return nil, api.Invalid("ResourceArn", "Member must be the ARN of a dataset, a model or a model version: nothing else can be imported")
		}
		now := b.now()
		p := store.Policy{ARN: in.ResourceArn, Revision: store.NewID(), CreatedAt: now, UpdatedAt: now, Text: in.ResourcePolicy}
		if err := t.PutPolicy(ctx, p, strings.ToLower(in.PolicyRevisionId)); err != nil {
			return nil, err
		}
		return &wire.PutResourcePolicyResponse{ResourceArn: p.ARN, PolicyRevisionId: p.Revision}, nil
	})
}

// DescribeResourcePolicy shows a resource's policy.
func (b *Backend) DescribeResourcePolicy(ctx context.Context, c api.Caller, in *wire.DescribeResourcePolicyRequest) (*wire.DescribeResourcePolicyResponse, error) {
	if _, err := resource(ctx, b.store.Reader, c, in.ResourceArn); err != nil {
		return nil, refused(err)
	}
	p, err := b.store.Policy(ctx, in.ResourceArn)
	if err != nil {
		return nil, refused(err)
	}
	return &wire.DescribeResourcePolicyResponse{
		PolicyRevisionId: p.Revision, ResourcePolicy: p.Text, CreationTime: wire.At(p.CreatedAt), LastModifiedTime: wire.At(p.UpdatedAt),
	}, nil
}

// DeleteResourcePolicy removes a resource's policy. What was imported stays.
func (b *Backend) DeleteResourcePolicy(ctx context.Context, c api.Caller, in *wire.DeleteResourcePolicyRequest) error {
	return b.change(ctx, func(t *store.Tx) error {
		if _, err := resource(ctx, t.Reader, c, in.ResourceArn); err != nil {
			return err
		}
		return t.DeletePolicy(ctx, in.ResourceArn)
	})
}

// mayImport refuses an import of arn, which is owner's, unless it is the caller's
// own or one of the policies allows it and none denies it.
func mayImport(ctx context.Context, r store.Reader, c api.Caller, owner, action, arn string, policies ...string) error {
	if owner == c.Account {
		return nil
	}
	best := silent
	for _, of := range policies {
		p, err := r.Policy(ctx, of)
		if missing(err) {
			continue
		}
		if err != nil {
			return err
		}
		document, err := parsePolicy(p.Text)
		if err != nil {
			return err // it was checked when it was put
		}
		best = max(best, document.says(c.Account, action, arn))
	}
	if best != allowed {
		return api.Denied("account %s may not %s from %s: its owner has to allow it with PutResourcePolicy", c.Account, action, arn)
	}
	return nil
}
