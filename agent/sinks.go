package agent

import (
	"context"
	"fmt"

	"go.uber.org/zap"

	"millwright/config"
	"millwright/internal/outbox"
	"millwright/results/sink"
)

// sinks makes a runner for each configured sink, and gives the names under which
// they keep their places among the messages.
func (a *Agent) sinks(g *ground) (runners []*sink.Runner, names []string) {
	known := map[string]bool{}
	for i := range a.cfg.Sinks {
		c := &a.cfg.Sinks[i]
		s, err := g.fleet.Sink(sinkSettings(a.cfg, c))
		if err != nil {
			a.log.Error("a sink cannot be used", zap.String("key", fmt.Sprintf("sinks[%d]", i)), zap.Error(err)) // refused by the load
			continue
		}
		known[sink.Scope(s)] = true
		names = append(names, s.Name())
		r := sink.NewRunner(s, kinds(c.What), g.ledger, display{g.board}, g.dirs.state, a.log)
		r.Turned = a.turned(sink.Scope(s))
		runners = append(runners, r)
	}
	for _, code := range []string{sink.CodeFailing, sink.CodeSetAside} {
		g.board.keep(context.Background(), code, known)
	}
	return runners, names
}

// turned begins a sink's promise at its first turn: one whose last Send before a
// reload has not come back does not begin until it has.
func (a *Agent) turned(name string) func() {
	var b *beat
	return func() {
		if b == nil {
			b = a.pulse.beat(name, 3*turnWithin)
		}
		b.turn()
	}
}

func sinkSettings(cfg *config.Config, c *config.Sink) sink.Settings {
	return sink.Settings{
		Kind: string(c.Kind), Instance: cfg.Instance, State: cfg.StateDir,
		Dir: c.Dir, URL: c.URL, HMACKeyFile: c.HMACKeyFile, Topic: c.Topic, CAFile: c.CAFile, User: c.User, PasswordFile: c.PasswordFile,
	}
}

// kinds are the messages behind the words of the configuration.
func kinds(what []config.SinkWhat) []outbox.Kind {
	var out []outbox.Kind
	for _, w := range what {
		switch w {
		case config.WhatResults:
			out = append(out, outbox.Result)
		case config.WhatEvents:
			out = append(out, outbox.Change)
		case config.WhatAlarms:
			out = append(out, outbox.Alert)
		}
	}
	return out
}
