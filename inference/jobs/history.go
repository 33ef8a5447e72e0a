package jobs

import (
	"context"
	"errors"
	"maps"
	"math"
	"slices"

	"millwright/inference/detect/frame"
	"millwright/inference/lake"
	"millwright/inference/schedule"
	"millwright/inference/store"
	"millwright/internal/series"
)

// History is the schedule.History of what executions put into the lake. Rows are
// given with the columns of the model's active version.
type History struct {
	store  *store.Store
	lake   *lake.Lake
	models *Models
}

var _ schedule.History = (*History)(nil)

// Rows implements schedule.History.
func (h *History) Rows(ctx context.Context, model string, from, to int64) (*frame.Frame, error) {
	objects, err := h.store.Objects(ctx, store.ObjectInference, model, "", lake.DayOf(from)-1, lake.DayOf(to)+1)
	if err != nil || len(objects) == 0 {
		return &frame.Frame{}, err
	}
	m, err := h.store.ModelByID(ctx, model)
	if err != nil {
		return &frame.Frame{}, gone(err)
	}
	active, err := h.models.Model(ctx, model, m.ActiveVersion)
	if errors.Is(err, schedule.ErrNoModel) {
		return &frame.Frame{}, nil
	}
	if err != nil {
		return nil, err
	}
	return joined(ctx, h.lake, inLake(objects), active.Columns(), from, to)
}

// joined reads rows with from < label <= to that are on the grid already.
func joined(ctx context.Context, l *lake.Lake, objects []lake.Object, columns []frame.Name, from, to int64) (*frame.Frame, error) {
	rows := map[int64][]float64{}
	sensors := map[string][]string{}
	at := map[string][]int{}
	for i, n := range columns {
		sensors[n.Component], at[n.Component] = append(sensors[n.Component], n.Sensor), append(at[n.Component], i)
	}
	for component, names := range sensors {
		if err := l.Raw(ctx, objects, component, names, from+1, to, func(b *series.Batch) error {
			for i, t := range b.Times {
				row := rows[t]
				if row == nil {
					row = make([]float64, len(columns))
					for k := range row {
						row[k] = math.NaN()
					}
					rows[t] = row
				}
				for k, c := range at[component] {
					if v := b.Columns[k][i]; math.IsNaN(row[c]) {
						row[c] = v
					}
				}
			}
			return nil
		}); err != nil {
			return nil, err
		}
	}
	out := &frame.Frame{Columns: columns}
	for _, label := range slices.Sorted(maps.Keys(rows)) {
		out.Append(label, rows[label])
	}
	return out, nil
}
