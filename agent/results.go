package agent

import (
	"context"

	"go.uber.org/zap"

	"millwright/config"
	"millwright/internal/event"
	"millwright/internal/executions"
	"millwright/internal/objstore"
	"millwright/internal/resultline"
	"millwright/internal/window"
	"millwright/results"
)

// resultLimit is the largest result that is read, unless limits.memory is more:
// an hour of one row a second with 300 sensors has less.
const resultLimit = 64 << 20

// follow makes the part that brings results home. Sent is called after new
// messages for the sinks, whose names are given, grew with the bytes of results on site.
func (a *Agent) follow(g *ground, store *objstore.Client, sinks []string, sent func(), grew func(bytes int64)) *results.Results {
	beats, known := map[string]*beat{}, map[string]bool{}
	for _, s := range a.cfg.Schedulers {
		known[s.Name] = true
		if s.Output.Bucket != "" {
			beats[s.Name] = a.pulse.beat("results of "+s.Name, turnWithin)
		}
	}
	for _, code := range []string{results.CodeMissing, results.CodeStore, results.CodeService, results.CodeSite} {
		g.board.keep(context.Background(), code, known)
	}
	set := results.Settings{
		Dir:     g.dirs.state,
		Limits:  resultline.Limits{Bytes: max(resultLimit, a.cfg.Limits.Memory.Bytes())},
		Sinks:   sinks,
		Version: a.Build.Version + " " + a.Build.Commit,
		Settled: g.watch.Settled,
		Turned:  func(scheduler string) { beats[scheduler].turn() },
		Sent:    sent,
		Grew:    grew,
	}
	if a.cfg.Service.Endpoint != "" {
		near, err := store.Neighbour(a.cfg.Service.Endpoint, executions.Service, a.cfg.Service.Region)
		if err != nil {
			a.log.Error("service.endpoint", zap.Error(err)) // refused by the load
		} else {
			set.Service = executions.New(near)
		}
	}
	return results.New(followed(a.cfg), g.ledger, store, display{g.board}, a.clock, set, a.log)
}

// followed gives the schedulers with the settings of their results resolved.
func followed(cfg *config.Config) []results.Scheduler {
	out := make([]results.Scheduler, 0, len(cfg.Schedulers))
	for i, p := range pipes(cfg) {
		s := &cfg.Schedulers[i]
		r := results.Scheduler{
			Name:    p.Name,
			Bucket:  s.Output.Bucket,
			Prefix:  s.Output.Prefix,
			Cadence: p.Cadence,
			Timeout: s.Results.Timeout.Duration(),
			Late:    s.Late.OverdueMax.Duration(),
			Rule:    event.RuleFor(s.DataUploadFrequency.Duration(), s.TargetSamplingRate.Duration(), s.Results.CloseAfter.Duration()),
		}
		if !s.Results.Keep.None() {
			r.Keep = s.Results.Keep.Duration()
		}
		for _, st := range p.Streams {
			r.Streams = append(r.Streams, window.ID{Scheduler: st.Scheduler, Component: st.Component})
		}
		out = append(out, r)
	}
	return out
}

// display is the notes as other packages see them.
type display struct{ notes *notes }

// Stand says that a condition holds.
func (b display) Stand(ctx context.Context, scope, code, text, remedy string) {
	b.notes.stand(ctx, scope, code, text, remedy)
}

// Clear says that a condition has ended, or never was.
func (b display) Clear(ctx context.Context, scope, code string) { b.notes.clear(ctx, scope, code) }
