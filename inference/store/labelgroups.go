package store

import (
	"context"
	"fmt"
	"time"
)

// LabelGroup is a named set of labels.
type LabelGroup struct {
	ID, Account, Name, ARN string
	CreatedAt, UpdatedAt   time.Time
	FaultCodes             []string
}

const labelGroupColumns = `id, account, name, arn, created_at, updated_at, body`

func scanLabelGroup(s scanner) (g LabelGroup, err error) {
	return g, s.Scan(&g.ID, &g.Account, &g.Name, &g.ARN, instant{&g.CreatedAt}, instant{&g.UpdatedAt}, bodyOf{&g.FaultCodes})
}

// LabelGroup finds an account's label group by its name.
func (r Reader) LabelGroup(ctx context.Context, account, name string) (LabelGroup, error) {
	return one(ctx, r, scanLabelGroup, "label group", name, `SELECT `+labelGroupColumns+` FROM label_groups WHERE account = $1 AND name = $2`, account, name)
}

// LabelGroupByID finds a label group of any account.
func (r Reader) LabelGroupByID(ctx context.Context, id string) (LabelGroup, error) {
	return one(ctx, r, scanLabelGroup, "label group", id, `SELECT `+labelGroupColumns+` FROM label_groups WHERE id = $1`, id)
}

// LabelGroupByARN finds a label group of any account.
func (r Reader) LabelGroupByARN(ctx context.Context, arn string) (LabelGroup, error) {
	return one(ctx, r, scanLabelGroup, "label group", arn, `SELECT `+labelGroupColumns+` FROM label_groups WHERE arn = $1`, arn)
}

// LabelGroupFilter chooses among an account's label groups; zero fields choose all.
type LabelGroupFilter struct{ NameBeginsWith string }

// LabelGroups lists an account's label groups, newest first.
func (r Reader) LabelGroups(ctx context.Context, account string, f LabelGroupFilter, p Page) ([]LabelGroup, string, error) {
	l := listing[LabelGroup]{
		name: "label groups", from: `SELECT ` + labelGroupColumns + ` FROM label_groups`, keys: [2]string{"created_at", "id"},
		scan: scanLabelGroup, at: func(g LabelGroup) place { return place{g.CreatedAt.UnixMicro(), g.ID} },
	}
	l.where.add(true, "account = ?", account)
	l.where.begins("name", f.NameBeginsWith)
	return l.page(ctx, r, p)
}

// CreateLabelGroup adds a label group.
func (t *Tx) CreateLabelGroup(ctx context.Context, g LabelGroup) error {
	if err := t.within(ctx, t.quotas.LabelGroups, "label group", g.Name, "label groups of an account",
		`SELECT count(*) FROM label_groups WHERE account = $1`, g.Account); err != nil {
		return err
	}
	codes, err := body(g.FaultCodes)
	if err != nil {
		return err
	}
	return t.create(ctx, "label_groups", labelGroupColumns,
		[]any{g.ID, g.Account, g.Name, g.ARN, micros(g.CreatedAt), micros(g.UpdatedAt), codes}, "label group", g.Name)
}

// SetFaultCodes replaces a group's fault codes. Labels keep theirs.
func (t *Tx) SetFaultCodes(ctx context.Context, id string, at time.Time, codes []string) error {
	text, err := body(codes)
	if err != nil {
		return err
	}
	n, err := t.exec(ctx, `UPDATE label_groups SET updated_at = $1, body = $2 WHERE id = $3`, micros(at), text, id)
	if err != nil {
		return fmt.Errorf("change label group: %w", err)
	}
	if n == 0 {
		return notFound("label group", id)
	}
	return nil
}

// DeleteLabelGroup removes a group and its labels. It is a conflict while a
// training reads it.
func (t *Tx) DeleteLabelGroup(ctx context.Context, id string) error {
	g, err := t.LabelGroupByID(ctx, id)
	if err != nil {
		return err
	}
	if err := t.unused(ctx, "label group", g.Name, "a model version is being trained with it",
		`SELECT count(*) FROM model_versions WHERE label_group = $1 AND status IN ('IN_PROGRESS', 'IMPORT_IN_PROGRESS')`, id); err != nil {
		return err
	}
	if err := t.forget(ctx, []string{`DELETE FROM labels WHERE group_id = $1`, `DELETE FROM label_groups WHERE id = $1`}, id); err != nil {
		return err
	}
	return t.forget(ctx, []string{`DELETE FROM tags WHERE arn = $1`}, g.ARN)
}
