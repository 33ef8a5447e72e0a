//go:build !agent

package demo

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"millwright/internal/clock"
	"millwright/internal/objstore"
)

// watcher tells of objects as they appear in the bucket.
type watcher struct {
	store *objstore.Client
	out   io.Writer
	seen  map[string]bool
}

// lookEvery is real time: how soon a new object is told of.
const lookEvery = 300 * time.Millisecond

// follow tells of new objects until the plant's clock shows end.
func (w *watcher) follow(ctx context.Context, c clock.Clock, end time.Time) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for c.Now().Before(end) {
		w.look(ctx, c)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
	w.look(ctx, c)
}

func (w *watcher) look(ctx context.Context, c clock.Clock) {
	objects, err := w.objects(ctx)
	if err != nil {
		return // told by list at the end, if it lasts
	}
	for _, o := range objects {
		if !w.seen[o.Key] {
			w.seen[o.Key] = true
			fmt.Fprintf(w.out, "%s  s3://%s/%s  %d bytes\n", c.Now().Format("15:04:05"), bucket, o.Key, o.Size)
		}
	}
}

func (w *watcher) objects(ctx context.Context) ([]objstore.Info, error) {
	var all []objstore.Info
	err := w.store.List(ctx, bucket, "in/", "", func(page []objstore.Info) (bool, error) {
		all = append(all, page...)
		return true, nil
	})
	return all, err
}

// list prints what the bucket holds, one window in full, and what to do next.
func (w *watcher) list(ctx context.Context, d *stage) error {
	objects, err := w.objects(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(w.out, "\n%d windows in the bucket:\n", len(objects))
	t := tabwriter.NewWriter(w.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, o := range objects {
		fmt.Fprintf(t, "%d\t bytes  %s\n", o.Size, o.Key)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if len(objects) == 0 {
		return fmt.Errorf("no window came into the bucket: give the plant more time with --for, or look at the agent with 'millwright status --config %s'", d.config)
	}
	text, _, err := d.store.Get(ctx, bucket, objects[0].Key, 1<<20)
	if err != nil {
		return err
	}
	fmt.Fprintf(w.out, "\ns3://%s/%s:\n%s\n", bucket, objects[0].Key, text)
	fmt.Fprintf(w.out, "what became of it all: millwright status --config %s\n", d.config)
	return nil
}
