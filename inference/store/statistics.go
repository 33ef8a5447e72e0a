package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// numbered is a row of statistics with its place in the list.
type numbered struct {
	seq int64
	SensorStatistics
}

// PutSensorStatistics replaces what an ingestion found of each sensor.
func (t *Tx) PutSensorStatistics(ctx context.Context, ingestion string, all []SensorStatistics) error {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b SensorStatistics) int {
		return cmp.Or(cmp.Compare(a.ComponentName, b.ComponentName), cmp.Compare(a.SensorName, b.SensorName))
	})
	if _, err := t.exec(ctx, `DELETE FROM sensor_statistics WHERE ingestion_id = $1`, ingestion); err != nil {
		return fmt.Errorf("delete sensor statistics: %w", err)
	}
	for i, s := range all {
		text, err := body(s)
		if err != nil {
			return err
		}
		if _, err := t.exec(ctx, `INSERT INTO sensor_statistics (ingestion_id, seq, data_start, data_end, body) VALUES ($1, $2, $3, $4, $5)`,
			ingestion, i, micros(s.DataStartTime), micros(s.DataEndTime), text); err != nil {
			return fmt.Errorf("add sensor statistics: %w", err)
		}
	}
	return nil
}

// SensorStatistics lists what an ingestion found, by component and sensor.
func (r Reader) SensorStatistics(ctx context.Context, ingestion string, p Page) ([]SensorStatistics, string, error) {
	l := listing[numbered]{
		name: "sensor statistics", from: `SELECT seq, data_start, data_end, body FROM sensor_statistics`, keys: [2]string{"seq"}, ascending: true,
		scan: func(s scanner) (n numbered, err error) {
			return n, s.Scan(&n.seq, instant{&n.DataStartTime}, instant{&n.DataEndTime}, bodyOf{&n.SensorStatistics})
		},
		at: func(n numbered) place { return place{n: n.seq} },
	}
	l.where.add(true, "ingestion_id = ?", ingestion)
	rows, next, err := l.page(ctx, r, p)
	all := make([]SensorStatistics, len(rows))
	for i, n := range rows {
		all[i] = n.SensorStatistics
	}
	return all, next, err
}
