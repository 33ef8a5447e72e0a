package agent

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"millwright/ingest/seal"
	"millwright/internal/drop"
	"millwright/internal/ledger"
)

// newColumn is the note on a component whose objects have other columns than before.
const newColumn = "new-column"

// dropSource is the part of the ledger that names drops.
type dropSource interface {
	Drops(ctx context.Context, f ledger.DropFilter) ([]drop.Drop, error)
}

// widened makes notes of sensors that came later: a stray file changes the columns
// of all objects to come. The note stands until the schema is pinned.
func widened(led dropSource, board *notes, streams []seal.Stream) func(context.Context, string, []string) {
	open := map[string]bool{}
	for _, s := range streams {
		if len(s.Schema) == 0 {
			open["component "+s.Component] = true
		}
	}
	board.keep(context.Background(), newColumn, open)
	return func(ctx context.Context, component string, sensors []string) {
		from := ""
		if newest, err := led.Drops(ctx, ledger.DropFilter{Limit: 64}); err == nil { // else it goes without
			for _, d := range newest {
				if d.Component == component && d.State == drop.Taken {
					from = ", as of " + filepath.Join(d.Folder, d.Name)
					break
				}
			}
		}
		const most = 5
		names := strings.Join(sensors[:min(most, len(sensors))], ", ")
		if n := len(sensors) - most; n > 0 {
			names += fmt.Sprintf(" and %d more", n)
		}
		board.stand(ctx, "component "+component, newColumn,
			"has sensors that it did not have before, "+names+from+": every object from now on has a column for each",
			"pin the columns with 'schema:' of the scheduler, which also ends this note; if the name is wrong, map it with csv.rename of the drop folder")
	}
}
