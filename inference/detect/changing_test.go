package detect

import (
	"context"
	"errors"
	"testing"

	"go.uber.org/zap"

	"millwright/inference/detect/frame"
)

// growing is a Source that has more rows from some pass on, as a file that is still written.
type growing struct {
	*frame.Frame
	passes, from int
}

func (g *growing) Each(ctx context.Context, fn func(int64, []float64) error) error {
	g.passes++
	f := g.Frame
	if g.passes < g.from {
		f = f.Between(0, f.Labels[len(f.Labels)-100])
	}
	return f.Each(ctx, fn)
}

func TestDataThatChangesBetweenPassesIsRefused(t *testing.T) {
	t.Parallel()
	past := plant{seed: 90, rows: 3000}
	for from := 4; from < 8; from++ {
		src := &growing{Frame: past.frame(), from: from}
		if _, err := Train(t.Context(), src, past.settings(), zap.NewNop()); !errors.Is(err, errChanged) {
			t.Errorf("grown before pass %d: %v", from, err)
		}
	}
}
