package store

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Rating is what a label says of its time.
type Rating string

// The ratings.
const (
	RatingAnomaly   Rating = "ANOMALY"
	RatingNoAnomaly Rating = "NO_ANOMALY"
	RatingNeutral   Rating = "NEUTRAL"
)

// Label is a rated range of time. It is never changed, only deleted.
type Label struct {
	ID, GroupID          string // ID: 32 hex
	StartTime, EndTime   time.Time
	Rating               Rating
	FaultCode, Equipment string
	CreatedAt            time.Time
	Notes                string
}

const labelColumns = `id, group_id, started_at, ended_at, rating, fault_code, equipment, created_at, body`

func scanLabel(s scanner) (l Label, err error) {
	return l, s.Scan(&l.ID, &l.GroupID, instant{&l.StartTime}, instant{&l.EndTime}, &l.Rating, &l.FaultCode, &l.Equipment, instant{&l.CreatedAt}, bodyOf{&l.Notes})
}

// Label finds a label of a group.
func (r Reader) Label(ctx context.Context, group, id string) (Label, error) {
	return one(ctx, r, scanLabel, "label", id, `SELECT `+labelColumns+` FROM labels WHERE id = $1 AND group_id = $2`, id, group)
}

// LabelFilter chooses among a group's labels; zero fields choose all.
type LabelFilter struct {
	From, To             time.Time // labels that reach into From <= t <= To
	FaultCode, Equipment string
}

// Labels lists a group's labels, the latest StartTime first.
func (r Reader) Labels(ctx context.Context, group string, f LabelFilter, p Page) ([]Label, string, error) {
	l := listing[Label]{
		name: "labels", from: `SELECT ` + labelColumns + ` FROM labels`, keys: [2]string{"started_at", "id"},
		scan: scanLabel, at: func(l Label) place { return place{l.StartTime.UnixMicro(), l.ID} },
	}
	l.where.add(true, "group_id = ?", group)
	l.where.add(!f.From.IsZero(), "ended_at >= ?", micros(f.From))
	l.where.add(!f.To.IsZero(), "started_at <= ?", micros(f.To))
	l.where.add(f.FaultCode != "", "fault_code = ?", f.FaultCode)
	l.where.add(f.Equipment != "", "equipment = ?", f.Equipment)
	return l.page(ctx, r, p)
}

// CreateLabel adds a label. Its fault code has to be one of the group's, else
// the error is ErrInvalid.
func (t *Tx) CreateLabel(ctx context.Context, l Label) error {
	g, err := t.LabelGroupByID(ctx, l.GroupID)
	if err != nil {
		return err
	}
	if l.FaultCode != "" && !slices.Contains(g.FaultCodes, l.FaultCode) {
		return &Error{Kind: ErrInvalid, Resource: "fault code", Name: l.FaultCode, Reason: "label group " + g.Name + " does not have it"}
	}
	if err := t.within(ctx, t.quotas.LabelsPerGroup, "label", "", "labels of a group",
		`SELECT count(*) FROM labels WHERE group_id = $1`, l.GroupID); err != nil {
		return err
	}
	notes, err := body(l.Notes)
	if err != nil {
		return err
	}
	return t.create(ctx, "labels", labelColumns, []any{
		l.ID, l.GroupID, micros(l.StartTime), micros(l.EndTime), string(l.Rating), l.FaultCode, l.Equipment, micros(l.CreatedAt), notes,
	}, "label", l.ID)
}

// DeleteLabel removes a label. It is a conflict while a training reads its group.
func (t *Tx) DeleteLabel(ctx context.Context, group, id string) error {
	if err := t.unused(ctx, "label", id, "a model version is being trained with its group",
		`SELECT count(*) FROM model_versions WHERE label_group = $1 AND status IN ('IN_PROGRESS', 'IMPORT_IN_PROGRESS')`, group); err != nil {
		return err
	}
	n, err := t.exec(ctx, `DELETE FROM labels WHERE id = $1 AND group_id = $2`, id, group)
	if err != nil {
		return fmt.Errorf("delete label: %w", err)
	}
	if n == 0 {
		return notFound("label", id)
	}
	return nil
}
