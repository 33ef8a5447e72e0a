package backend

import (
	"context"
	"errors"
	"strings"

	"millwright/inference/api"
	"millwright/inference/api/wire"
	"millwright/inference/store"
)

// CreateLabel adds a label to a group.
func (b *Backend) CreateLabel(ctx context.Context, c api.Caller, in *wire.CreateLabelRequest) (*wire.CreateLabelResponse, error) {
	if !in.EndTime.After(in.StartTime.Time) {
		return nil, api.Invalid("EndTime", "Member must be after StartTime")
	}
	return once(ctx, b, c, "CreateLabel", in.ClientToken, in, func(t *store.Tx) (*wire.CreateLabelResponse, error) {
		g, err := t.LabelGroup(ctx, c.Account, in.LabelGroupName)
		if err != nil {
			return nil, err
		}
		l := store.Label{
			ID: store.NewID(), GroupID: g.ID, StartTime: in.StartTime.Time, EndTime: in.EndTime.Time, Rating: store.Rating(in.Rating),
			FaultCode: in.FaultCode, Equipment: in.Equipment, Notes: in.Notes, CreatedAt: b.now(),
		}
		err = t.CreateLabel(ctx, l)
		var e *store.Error
		if errors.As(err, &e) && errors.Is(e, store.ErrInvalid) && e.Resource == "fault code" {
			return nil, api.Invalid("FaultCode", "Member must be one of the fault codes of label group %s; %q is not", g.Name, in.FaultCode)
		}
		return &wire.CreateLabelResponse{LabelId: l.ID}, err
	})
}

// label finds a label of a group by their names.
func (b *Backend) label(ctx context.Context, r store.Reader, c api.Caller, group, id string) (store.LabelGroup, store.Label, error) {
	g, err := r.LabelGroup(ctx, c.Account, group)
	if err != nil {
		return store.LabelGroup{}, store.Label{}, err
	}
	l, err := r.Label(ctx, g.ID, strings.ToLower(id))
	return g, l, err
}

// DescribeLabel shows a label.
func (b *Backend) DescribeLabel(ctx context.Context, c api.Caller, in *wire.DescribeLabelRequest) (*wire.DescribeLabelResponse, error) {
	g, l, err := b.label(ctx, b.store.Reader, c, in.LabelGroupName, in.LabelId)
	if err != nil {
		return nil, refused(err)
	}
	return &wire.DescribeLabelResponse{
		LabelGroupName: g.Name, LabelGroupArn: g.ARN, LabelId: l.ID, StartTime: wire.At(l.StartTime), EndTime: wire.At(l.EndTime),
		Rating: string(l.Rating), FaultCode: l.FaultCode, Notes: l.Notes, Equipment: l.Equipment, CreatedAt: wire.At(l.CreatedAt),
	}, nil
}

// ListLabels lists a group's labels, the latest first. A group that is not there has
// none: the operation knows no other answer to it.
func (b *Backend) ListLabels(ctx context.Context, c api.Caller, in *wire.ListLabelsRequest) (*wire.ListLabelsResponse, error) {
	if !in.IntervalStartTime.IsZero() && !in.IntervalEndTime.IsZero() && in.IntervalEndTime.Before(in.IntervalStartTime.Time) {
		return nil, api.Invalid("IntervalEndTime", "Member must not be before IntervalStartTime")
	}
	g, err := b.store.LabelGroup(ctx, c.Account, in.LabelGroupName)
	if missing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	f := store.LabelFilter{From: in.IntervalStartTime.Time, To: in.IntervalEndTime.Time, FaultCode: in.FaultCode, Equipment: in.Equipment}
	list, next, err := b.store.Labels(ctx, g.ID, f, page(in.MaxResults, in.NextToken))
	if err != nil {
		return nil, refused(err)
	}
	return &wire.ListLabelsResponse{NextToken: next, LabelSummaries: all(list, func(l store.Label) wire.LabelSummary {
		return wire.LabelSummary{
			LabelGroupName: g.Name, LabelId: l.ID, LabelGroupArn: g.ARN, StartTime: wire.At(l.StartTime), EndTime: wire.At(l.EndTime),
			Rating: string(l.Rating), FaultCode: l.FaultCode, Equipment: l.Equipment, CreatedAt: wire.At(l.CreatedAt),
		}
	})}, nil
}

// DeleteLabel removes a label, unless a training reads its group.
func (b *Backend) DeleteLabel(ctx context.Context, c api.Caller, in *wire.DeleteLabelRequest) error {
	return b.change(ctx, func(t *store.Tx) error {
		_, l, err := b.label(ctx, t.Reader, c, in.LabelGroupName, in.LabelId)
		if err != nil {
			return err
		}
		return t.DeleteLabel(ctx, l.GroupID, l.ID)
	})
}
