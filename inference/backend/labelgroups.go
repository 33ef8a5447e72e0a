package backend

import (
	"context"

	"millwright/inference/api"
	"millwright/inference/api/wire"
	"millwright/inference/store"
)

// CreateLabelGroup makes a label group.
func (b *Backend) CreateLabelGroup(ctx context.Context, c api.Caller, in *wire.CreateLabelGroupRequest) (*wire.CreateLabelGroupResponse, error) {
	if err := faultCodes(in.FaultCodes); err != nil {
		return nil, err
	}
	if err := plainTags(in.Tags); err != nil {
		return nil, err
	}
	return once(ctx, b, c, "CreateLabelGroup", in.ClientToken, in, func(t *store.Tx) (*wire.CreateLabelGroupResponse, error) {
		id, now := store.NewUUID(), b.now()
		g := store.LabelGroup{
			ID: id, Account: c.Account, Name: in.LabelGroupName, ARN: b.arn(c, "label-group", in.LabelGroupName, id),
			CreatedAt: now, UpdatedAt: now, FaultCodes: in.FaultCodes,
		}
		if err := t.CreateLabelGroup(ctx, g); err != nil {
			return nil, err
		}
		return &wire.CreateLabelGroupResponse{LabelGroupName: g.Name, LabelGroupArn: g.ARN}, put(ctx, t, g.ARN, in.Tags)
	})
}

func faultCodes(codes []string) error {
	seen := make(map[string]bool, len(codes))
	for _, code := range codes {
		if seen[code] {
			return api.Invalid("FaultCodes", "Member must have each code once; %q is in it twice", code)
		}
		seen[code] = true
	}
	return nil
}

// UpdateLabelGroup replaces a group's fault codes. Labels that are there keep theirs.
func (b *Backend) UpdateLabelGroup(ctx context.Context, c api.Caller, in *wire.UpdateLabelGroupRequest) error {
	if err := faultCodes(in.FaultCodes); err != nil {
		return err
	}
	return b.change(ctx, func(t *store.Tx) error {
		g, err := t.LabelGroup(ctx, c.Account, in.LabelGroupName)
		if err != nil || in.FaultCodes == nil {
			return err
		}
		return t.SetFaultCodes(ctx, g.ID, b.now(), in.FaultCodes)
	})
}

// DescribeLabelGroup shows a label group.
func (b *Backend) DescribeLabelGroup(ctx context.Context, c api.Caller, in *wire.DescribeLabelGroupRequest) (*wire.DescribeLabelGroupResponse, error) {
	g, err := b.store.LabelGroup(ctx, c.Account, in.LabelGroupName)
	if err != nil {
		return nil, refused(err)
	}
	return &wire.DescribeLabelGroupResponse{
		LabelGroupName: g.Name, LabelGroupArn: g.ARN, FaultCodes: g.FaultCodes, CreatedAt: wire.At(g.CreatedAt), UpdatedAt: wire.At(g.UpdatedAt),
	}, nil
}

// ListLabelGroups lists label groups, newest first.
func (b *Backend) ListLabelGroups(ctx context.Context, c api.Caller, in *wire.ListLabelGroupsRequest) (*wire.ListLabelGroupsResponse, error) {
	list, next, err := b.store.LabelGroups(ctx, c.Account, store.LabelGroupFilter{NameBeginsWith: in.LabelGroupNameBeginsWith}, page(in.MaxResults, in.NextToken))
	if err != nil {
		return nil, refused(err)
	}
	return &wire.ListLabelGroupsResponse{NextToken: next, LabelGroupSummaries: all(list, func(g store.LabelGroup) wire.LabelGroupSummary {
		return wire.LabelGroupSummary{LabelGroupName: g.Name, LabelGroupArn: g.ARN, CreatedAt: wire.At(g.CreatedAt), UpdatedAt: wire.At(g.UpdatedAt)}
	})}, nil
}

// DeleteLabelGroup removes a group with its labels, unless a training reads them.
func (b *Backend) DeleteLabelGroup(ctx context.Context, c api.Caller, in *wire.DeleteLabelGroupRequest) error {
	return b.change(ctx, func(t *store.Tx) error {
		g, err := t.LabelGroup(ctx, c.Account, in.LabelGroupName)
		if err != nil {
			return err
		}
		return t.DeleteLabelGroup(ctx, g.ID)
	})
}
