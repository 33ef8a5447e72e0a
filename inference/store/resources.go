package store

import "context"

// Resource is whom an ARN names.
type Resource struct {
	Kind              string // dataset, model, model-version, inference-scheduler, label-group
	Account, ID, Name string // ID: that of the model for a version
}

// Resource finds what an ARN names, in any account.
func (r Reader) Resource(ctx context.Context, arn string) (Resource, error) {
	return one(ctx, r, func(s scanner) (v Resource, err error) { return v, s.Scan(&v.Kind, &v.Account, &v.ID, &v.Name) }, "resource", arn, `
		SELECT 'dataset', account, id, name FROM datasets WHERE arn = $1 UNION ALL
		SELECT 'model', account, id, name FROM models WHERE arn = $1 UNION ALL
		SELECT 'model-version', v.account, m.id, m.name FROM model_versions v JOIN models m ON m.id = v.model_id WHERE v.arn = $1 UNION ALL
		SELECT 'inference-scheduler', account, id, name FROM schedulers WHERE arn = $1 UNION ALL
		SELECT 'label-group', account, id, name FROM label_groups WHERE arn = $1`, arn)
}
