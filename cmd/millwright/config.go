package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"millwright/agent"
	"millwright/config"
	"millwright/config/live"
	"millwright/config/starter"
	"millwright/internal/objstore"
)

// storeTimeout bounds what config asks of a store: a person waits for it.
const storeTimeout = 2 * time.Minute

func newConfigCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Write, check or describe the agent's configuration",
		Args:  noSuchVerb,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newConfigInitCommand(), newConfigCheckCommand(), newConfigSchemaCommand())
	return cmd
}

func newConfigSchemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the configuration's JSON Schema, for editors",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(config.Schema())
			return err
		},
	}
}

func newConfigCheckCommand() *cobra.Command {
	var file string
	var offline, asJSON bool
	cmd := &cobra.Command{
		Use:   "check --config FILE",
		Short: "Name every fault of a configuration at once, with its place and the remedy",
		Long: `Reads the configuration and names every fault with line, key and remedy. Unless --offline
is given it also looks at the folders, at the room on disk, at the rights in the buckets (a
small object is put below each input prefix and deleted again) and at the store's clock.`,
		Args: wantsNone("config"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return checkConfig(cmd.Context(), cmd.OutOrStdout(), file, offline, asJSON)
		},
	}
	cmd.Flags().StringVar(&file, "config", "", "configuration `FILE` (required)")
	cmd.Flags().BoolVar(&offline, "offline", false, "read the file only")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	_ = cmd.MarkFlagRequired("config") // the flag is defined above
	return cmd
}

// configReport is what `config check --json` prints.
type configReport struct {
	File     string         `json:"file"`
	Offline  bool           `json:"offline"`
	Faults   []config.Fault `json:"faults"`
	Warnings []config.Fault `json:"warnings"`
}

func checkConfig(ctx context.Context, out io.Writer, file string, offline, asJSON bool) error {
	report := configReport{File: file, Offline: offline, Faults: []config.Fault{}, Warnings: []config.Fault{}}
	cfg, warnings, err := config.Load(file)
	report.Warnings = append(report.Warnings, warnings...)
	var faults config.Faults
	switch {
	case errors.As(err, &faults):
		report.Faults = append(report.Faults, faults...)
	case err != nil:
		return exit(exitConfig, missing(err))
	case !offline:
		report.add(live.Machine(ctx, cfg))
		if !slices.ContainsFunc(report.Faults, func(f config.Fault) bool { return f.Key == "s3.ca_file" }) { // no store without it
			report.add(checkStore(ctx, cfg))
		}
	}
	if err := report.write(out, asJSON); err != nil {
		return err
	}
	if len(report.Faults) > 0 {
		return exit(exitConfig, nil)
	}
	return nil
}

// missing says how to come by a configuration that is not there.
func missing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return advise(err, "name the file that is there, or write one with 'millwright config init --out FILE'")
	}
	return err
}

func checkStore(ctx context.Context, cfg *config.Config) live.Report {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	store, err := objstore.New(ctx, agent.Store(cfg), zap.NewNop())
	if err != nil {
		return live.Report{Faults: []config.Fault{cfg.At("s3", err.Error(), "correct it")}}
	}
	return live.Buckets(ctx, cfg, store)
}

func (r *configReport) add(found live.Report) {
	r.Faults = append(r.Faults, found.Faults...)
	r.Warnings = append(r.Warnings, found.Warnings...)
}

func (r *configReport) write(out io.Writer, asJSON bool) error {
	if asJSON {
		return sayJSON(out, r)
	}
	for _, f := range r.Faults {
		tell(out, "", "%s", f.String())
	}
	for _, f := range r.Warnings {
		tell(out, "", "warning: %s", f.String())
	}
	tell(out, "", "%s: %s, %s", r.File, count(len(r.Faults), "fault"), count(len(r.Warnings), "warning"))
	return nil
}

func count[N int | int64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func newConfigInitCommand() *cobra.Command {
	var o initOptions
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a commented starter configuration",
		Long: `Writes a commented configuration. What --from-scheduler, --from-model and --from-bucket
tell is filled in; what they do not tell is left as a value that 'config check' refuses until
somebody fills it in.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return initConfig(cmd.Context(), cmd.OutOrStdout(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.scheduler, "from-scheduler", "", "JSON `FILE` with what describe-inference-scheduler printed")
	f.StringVar(&o.model, "from-model", "", "JSON `FILE` with what describe-model printed: schema, rate, off condition")
	f.StringVar(&o.bucket, "from-bucket", "", "`s3://bucket/prefix/` with inputs and results of one scheduler, to read names, frequency, columns and rate off them")
	f.StringVar(&o.store.Region, "region", "", "the store's region, for --from-bucket and the file")
	f.StringVar(&o.store.Endpoint, "endpoint", "", "the store's `URL`, for --from-bucket and the file")
	f.BoolVar(&o.store.PathStyle, "path-style", false, "put the bucket into the path, for --from-bucket and the file")
	f.StringVar(&o.store.CAFile, "ca-file", "", "PEM `FILE` of the store's authority, for --from-bucket and the file")
	f.StringVar(&o.out, "out", "", "write to a new `FILE` instead of standard output")
	return cmd
}

type initOptions struct {
	scheduler, model, bucket, out string
	store                         objstore.Settings
}

func initConfig(ctx context.Context, stdout io.Writer, o initOptions) error {
	s := &starter.Starter{Region: o.store.Region, Endpoint: o.store.Endpoint, PathStyle: o.store.PathStyle, CAFile: o.store.CAFile}
	for _, from := range []struct {
		file string
		read func([]byte) error
	}{{o.scheduler, s.FromScheduler}, {o.model, s.FromModel}} {
		if from.file == "" {
			continue
		}
		answer, err := os.ReadFile(from.file)
		if err != nil {
			return err
		}
		if err := from.read(answer); err != nil {
			return fmt.Errorf("%s: %w", from.file, err)
		}
	}
	if o.bucket != "" {
		if err := initFromBucket(ctx, s, o); err != nil {
			return err
		}
	}
	text := s.YAML()
	if o.out == "" {
		_, err := stdout.Write(text)
		return err
	}
	return writeNew(o.out, text)
}

func initFromBucket(ctx context.Context, s *starter.Starter, o initOptions) error {
	bucket, prefix, err := starter.ParseURL(o.bucket)
	if err != nil {
		return exit(exitUsage, err)
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	// Errors name the keys of a configuration; here flags stand for them.
	asFlags := strings.NewReplacer("s3.region", "--region", "s3.endpoint", "--endpoint", "s3.path_style", "--path-style", "s3.ca_file", "--ca-file")
	store, err := objstore.New(ctx, o.store, zap.NewNop())
	if err != nil {
		return errors.New(asFlags.Replace(err.Error()))
	}
	if err := s.FromBucket(ctx, store, bucket, prefix); err != nil {
		what, remedy := objstore.Explain(err)
		return fmt.Errorf("look into %s: %s: %s", o.bucket, asFlags.Replace(what), asFlags.Replace(remedy))
	}
	return nil
}

// writeNew never replaces a file: it may hold an hour of somebody's work.
func writeNew(file string, text []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already and is not replaced: move it away, or give --out another name", file)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}
