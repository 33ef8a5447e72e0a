package jobs

import (
	"context"
	"fmt"

	"millwright/inference/store"
)

// takeUp gives back what a process that was killed held: on a store of its own there
// is nobody else who could be working on it.
func (j *Jobs) takeUp(ctx context.Context) error {
	err := j.store.Tx(ctx, func(t *store.Tx) error {
		for _, change := range []string{`UPDATE river_job SET state = 'available' WHERE state = 'running'`, `DELETE FROM river_leader`} {
			if _, err := t.SQL().ExecContext(ctx, change); err != nil {
				return err
			}
		}
		return t.Expire(ctx)
	})
	if err != nil {
		return fmt.Errorf("take up the jobs of a process that was killed: %w", err)
	}
	return nil
}
