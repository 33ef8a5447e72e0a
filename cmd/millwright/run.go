package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"millwright/agent"
	"millwright/agent/status"
	"millwright/config"
	"millwright/internal/clock"
	"millwright/systemd"
)

func newRunCommand() *cobra.Command {
	var file, rehearse string
	cmd := &cobra.Command{
		Use:   "run --config FILE",
		Short: "Run the daemon in the foreground, with its log on standard error",
		Long: `Run the daemon: take sensor files out of the drop folders, cut their rows into every
scheduler's windows and have each window in the bucket before the scheduler wakes up.
It goes on until SIGINT or SIGTERM and stops cleanly: nothing that was taken is lost,
and the next start goes on where this one stopped, however it ended.

SIGHUP reads the configuration anew: schedulers and drop folders may come, go and
change, and no window is lost. A file with faults changes nothing; the log and
'millwright status' say so until it is corrected. state_dir, instance and log.format
need a new start. Under systemd it says when it is ready, what it does and that it
lives ('systemctl status millwright').

--rehearse is for trying a configuration on files of another time. Give a rehearsal a
state_dir and a prefix of its own: what it takes is taken, and what it uploads is there.
Page, 'status' and 'results' go by its clock, and say that it is one.`,
		Example: `  millwright config check --config /etc/millwright/agent.yaml
  millwright run --config /etc/millwright/agent.yaml
  millwright run --config site.yaml --rehearse 2026-01-05T00:00:00Z@60`,
		Args: wantsNone("config"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			src, err := clock.Parse(rehearse)
			if err != nil {
				return exit(exitUsage, err)
			}
			last := &accepted{file: file}
			cfg, err := reported(file, cmd.ErrOrStderr(), last.load)
			if err != nil {
				return err
			}
			return runAgent(cmd.Context(), last, cfg, src, cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVar(&file, "config", "", "configuration `FILE` (required)")
	cmd.Flags().StringVar(&rehearse, "rehearse", "", "run the business clock from `T@N`: from the instant T at N times the pace")
	must(cmd.MarkFlagRequired("config"))
	return cmd
}

// The Go heap gets what limits.memory leaves beside the pages of the binary and
// the ledger's caches, which the collector does not see.
const (
	besideHeap = 24 << 20
	leastHeap  = 16 << 20
)

func runAgent(ctx context.Context, last *accepted, cfg *config.Config, src clock.Source, stderr io.Writer) error {
	limitHeap(cfg)
	level := zap.NewAtomicLevelAt(levelOf(string(cfg.Log.Level)))
	log := newLoggerAt(level, string(cfg.Log.Format), stderr)
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	a := agent.New(cfg, src, log)
	b := thisBuild()
	a.Build = status.Build{Version: b.Version, Commit: b.Commit, Go: b.Go, Kind: b.Build}
	a.Supervisor = systemd.New(log)
	a.Hangup = hangup
	a.Reread = func() (*config.Config, error) {
		cfg, warnings, err := last.load()
		for _, w := range warnings {
			log.Warn("configuration", zap.Stringer("what", w))
		}
		return cfg, err
	}
	a.Accepted = last.keep
	a.Changed = func(cfg *config.Config) {
		limitHeap(cfg)
		level.SetLevel(levelOf(string(cfg.Log.Level)))
	}
	if err := a.Run(ctx); err != nil {
		log.Error("cannot run", zap.Error(err))
		return exit(exitFailed, nil) // the log has said it
	}
	return nil
}

func limitHeap(cfg *config.Config) {
	debug.SetMemoryLimit(max(cfg.Limits.Memory.Bytes()-besideHeap, leastHeap))
}

// loadConfig reads the agent's configuration; its faults and warnings go to
// stderr, one a line.
func loadConfig(file string, stderr io.Writer) (*config.Config, error) {
	return reported(file, stderr, func() (*config.Config, []config.Fault, error) { return config.Load(file) })
}

func reported(file string, stderr io.Writer, load func() (*config.Config, []config.Fault, error)) (*config.Config, error) {
	cfg, warnings, err := load()
	for _, w := range warnings {
		fmt.Fprintf(stderr, "warning: %s\n", w)
	}
	var faults config.Faults
	switch {
	case errors.As(err, &faults):
		return nil, exit(exitConfig, fmt.Errorf("%w\nsee 'millwright config check --config %s'", err, file))
	case err != nil:
		return nil, exit(exitConfig, missing(err))
	}
	return cfg, nil
}
