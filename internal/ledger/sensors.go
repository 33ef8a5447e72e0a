package ledger

import (
	"context"
	"fmt"
)

// Sensors gives the sensors known for a component with the newest row taken of
// each (Unix ns): their watermarks.
func (l *Ledger) Sensors(ctx context.Context, component string) (map[string]int64, error) {
	rows, err := l.reads.QueryContext(ctx, `SELECT name, latest FROM sensors WHERE component = `+componentID, component)
	if err != nil {
		return nil, fmt.Errorf("list sensors of %s: %w", component, err)
	}
	defer rows.Close()
	out := make(map[string]int64)
	for rows.Next() {
		var name string
		var latest int64
		if err := rows.Scan(&name, &latest); err != nil {
			return nil, fmt.Errorf("list sensors of %s: %w", component, err)
		}
		out[name] = latest
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list sensors of %s: %w", component, err)
	}
	return out, nil
}
