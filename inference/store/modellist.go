package store

import (
	"context"
	"time"
)

// ModelSummary is a model as lists show it, with what its active version and
// its retraining scheduler add.
type ModelSummary struct {
	Model            // without Schema
	Quality          string
	RetrainingStatus SchedulerStatus // of the retraining scheduler; "": none
	NextRetraining   time.Time
	Latest           struct { // the latest scheduled retraining; zero: none yet
		Status    VersionStatus
		StartedAt time.Time
	}
}

// ModelFilter chooses among an account's models; zero fields choose all.
type ModelFilter struct {
	NameBeginsWith, DatasetNameBeginsWith string
	Status                                ModelStatus
}

// Models lists an account's models, newest first.
func (r Reader) Models(ctx context.Context, account string, f ModelFilter, p Page) ([]ModelSummary, string, error) {
	l := listing[ModelSummary]{
		name: "models",
		from: `SELECT ` + prefixed("m.", lean(modelColumns, "schema_json")) + `,
				coalesce(a.quality, ''), coalesce(s.status, ''), s.next_at, coalesce(v.status, ''), v.started_at
			FROM models m
			LEFT JOIN model_versions a ON a.model_id = m.id AND a.version = m.active_version
			LEFT JOIN model_versions v ON v.model_id = m.id AND v.version = m.retraining_version
			LEFT JOIN retrainings s ON s.model_id = m.id`,
		keys: [2]string{"m.created_at", "m.id"},
		scan: func(s scanner) (m ModelSummary, err error) {
			return m, s.Scan(append(m.fields(), &m.Quality, &m.RetrainingStatus, instant{&m.NextRetraining}, &m.Latest.Status, instant{&m.Latest.StartedAt})...)
		},
		at: func(m ModelSummary) place { return place{m.CreatedAt.UnixMicro(), m.ID} },
	}
	l.where.add(true, "m.account = ?", account)
	l.where.begins("m.name", f.NameBeginsWith)
	l.where.begins("m.dataset_name", f.DatasetNameBeginsWith)
	l.where.add(f.Status != "", "m.status = ?", string(f.Status))
	return l.page(ctx, r, p)
}
