package agent

import (
	"context"
	"strings"
	"time"

	"go.uber.org/zap"

	"millwright/agent/page"
	"millwright/agent/status"
	"millwright/internal/httpserve"
	"millwright/internal/objstore"
	"millwright/internal/outbox"
	"millwright/results/sink"
	"millwright/upload"
)

// door serves the page, metrics and health checks while one configuration runs.
type door struct {
	agent    *Agent
	ground   *ground
	uploader *upload.Uploader
	address  string // empty: nothing is served
	source   status.Source
	kinds    map[string][]outbox.Kind // what each sink gets, by its name
}

// The note that stands while the port cannot be had.
const (
	httpScope  = "http.listen"
	httpClosed = "closed"
)

// knockEvery is how often a port is tried that cannot be had.
const knockEvery = 30 * time.Second

func (a *Agent) door(g *ground, dsk *disk, up *upload.Uploader) *door {
	d := &door{agent: a, ground: g, uploader: up, address: a.cfg.HTTP.Listen, source: StatusSource(a.cfg, g.ledger), kinds: map[string][]outbox.Kind{}}
	d.source.Disk, d.source.Live = dsk.status(a.cfg), d.live
	for i := range a.cfg.Sinks {
		d.kinds[sink.Name(sinkSettings(a.cfg, &a.cfg.Sinks[i]))] = kinds(a.cfg.Sinks[i].What)
	}
	return d
}

// run serves until ctx ends. A port that cannot be had holds nothing else up: it
// is noted and tried again.
func (d *door) run(ctx context.Context) error {
	board := d.ground.board
	if d.address == "" {
		board.clear(ctx, httpScope, httpClosed)
		return nil
	}
	tick := time.NewTicker(knockEvery)
	defer tick.Stop()
	for {
		err := d.serve(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // it was told to stop
		}
		board.stand(ctx, httpScope, httpClosed, err.Error(), "end what else uses the port, or choose another one; it is tried again")
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (d *door) serve(ctx context.Context) error {
	ln, err := httpserve.Listen(ctx, d.address)
	if err != nil {
		return err
	}
	d.ground.board.clear(ctx, httpScope, httpClosed)
	log := d.agent.log
	url := "http://" + ln.Addr().String() + "/"
	log.Info("serves the status page", zap.String("url", url))
	if d.agent.Serves != nil {
		d.agent.Serves(url)
	}
	if !httpserve.Local(d.address) {
		log.Warn("everybody on that network can read the status page", zap.String("listen", d.address))
	}
	h := page.Handler(page.Options{Take: d.take, Hanging: func() string { return strings.Join(d.agent.pulse.late(), ", ") }, Log: log})
	return httpserve.Serve(ctx, ln, d.address, h, httpserve.Options{}, log)
}

// take reads the snapshot that the verb would print, with what only this process
// knows.
func (d *door) take(ctx context.Context) (status.Snapshot, error) {
	return d.source.Take(ctx, d.agent.clock.Now())
}

func (d *door) live(ctx context.Context) (*status.Live, error) {
	up := d.uploader.Status()
	l := &status.Live{
		Build: d.agent.Build, Started: d.agent.started, Hanging: strings.Join(d.agent.pulse.late(), ", "),
		Uploads: status.Uploads{Flying: up.Flying, Sent: up.Sent, Bytes: up.Bytes, Adopted: up.Adopted, Failed: map[string]int64{}, Trouble: []status.Trouble{}},
		Sinks:   []status.Sink{}, Process: status.Measure(),
	}
	for kind, n := range up.Causes {
		l.Uploads.Failed[objstore.Kind(kind).String()] = n
	}
	for _, t := range up.Trouble {
		l.Uploads.Trouble = append(l.Uploads.Trouble, status.Trouble(t))
	}
	for _, s := range d.ground.fleet.Status() {
		waiting, oldest, err := d.ground.ledger.Waiting(ctx, s.Cursor, d.kinds[s.Name])
		if err != nil {
			return nil, err
		}
		l.Sinks = append(l.Sinks, status.Sink{
			Name: s.Name, Target: s.Target, Sent: s.Sent, Waiting: waiting, Oldest: oldest, SetAside: s.SetAside, Error: s.Error, Since: s.Since,
		})
	}
	return l, nil
}
