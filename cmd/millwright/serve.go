//go:build !agent

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"millwright/inference"
	"millwright/inference/config"
	"millwright/internal/clock"
	"millwright/internal/yamlfile"
	"millwright/systemd"
)

func newServeCommand() *cobra.Command {
	var file, data, listen, s3Listen, rehearse string
	cmd := &cobra.Command{
		Use:   "serve [--config FILE]",
		Short: "Run the inference service: API, trainings and schedulers, with or without its own S3 server",
		Long: `Run the inference service in the foreground, with its log on standard error,
until SIGINT or SIGTERM. It answers the API of Amazon Lookout for Equipment:
scripts need another endpoint and its key, and the region that it is: plant-1,
or what region: in the configuration says. Killed at any point it goes on where
it was.

Without --config everything is in one folder: an embedded S3 server, a database
and one key, made at the first start in DIR/credentials. --data says which
folder, and the two --listen flags where it can be reached. 'millwright serve
check FILE' tells every fault of a configuration, and of the local files that it
names.

--rehearse runs wake-ups and everything that is shown by another clock, for
trying it on data of another time.`,
		Example: `  millwright serve
  export AWS_SHARED_CREDENTIALS_FILE=~/.local/share/millwright-serve/credentials
  export AWS_REGION=plant-1 AWS_DEFAULT_REGION=plant-1
  aws --endpoint-url http://127.0.0.1:8480 lookoutequipment list-datasets
  millwright serve --config /etc/millwright/serve.yaml`,
		Args: wantsNone("config"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			src, err := clock.Parse(rehearse)
			if err != nil {
				return exit(exitUsage, err)
			}
			for name, want := range map[string]string{"config": "a file", "data": "a folder", "listen": "an address", "s3-listen": "an address"} {
				if f := cmd.Flags().Lookup(name); f.Changed && f.Value.String() == "" {
					return exit(exitUsage, fmt.Errorf("--%s is given and empty: name %s, or leave it out", name, want))
				}
			}
			cfg, err := serveConfig(cmd, file, data, listen, s3Listen)
			if err != nil {
				return err
			}
			return serve(cmd.Context(), file, cfg, src, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.AddCommand(newServeCheckCommand(), newServeSchemaCommand())
	cmd.Flags().StringVar(&file, "config", "", "configuration `FILE`")
	cmd.Flags().StringVar(&data, "data", "", "keep all in `DIR`, or ~/.local/share/millwright-serve")
	cmd.Flags().StringVar(&listen, "listen", "", "`ADDRESS` of the API (default: 127.0.0.1:8480)")
	cmd.Flags().StringVar(&s3Listen, "s3-listen", "", "`ADDRESS` of its S3 server (default: 127.0.0.1:8481)")
	cmd.Flags().StringVar(&rehearse, "rehearse", "", "business clock `T@N`: from T on, at N times the pace")
	return cmd
}

func newServeSchemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of a service's configuration, for editors",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(config.Schema())
			return err
		},
	}
}

func newServeCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE",
		Short: "Tell every fault of a service's configuration, and what to do",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, warnings, err := config.Load(args[0])
			if err == nil {
				var more []yamlfile.Fault
				more, err = inference.CheckFiles(cfg)
				warnings = append(warnings, more...)
			}
			if err := told(warnings, err, cmd.ErrOrStderr()); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: no faults\n", args[0])
			return nil
		},
	}
}

// serveConfig is the file's configuration, or one that serves this machine alone.
func serveConfig(cmd *cobra.Command, file, data, listen, s3Listen string) (*config.Config, error) {
	if file != "" {
		if data != "" || listen != "" || s3Listen != "" {
			return nil, exit(exitUsage, errors.New("--data, --listen and --s3-listen are for a service without --config: write data_dir, listen and s3_listen into the file"))
		}
		cfg, warnings, err := config.Load(file)
		return cfg, toCheck(file, told(warnings, err, cmd.ErrOrStderr()))
	}
	if data == "" {
		var err error
		if data, err = ownFolder(); err != nil {
			return nil, err
		}
	}
	data, err := filepath.Abs(data)
	if err != nil {
		return nil, err
	}
	cfg, warnings, err := config.New(data, listen, s3Listen)
	return cfg, told(warnings, err, cmd.ErrOrStderr())
}

// ownFolder is where this user's programs keep their data.
func ownFolder() (string, error) {
	if dir := os.Getenv("STATE_DIRECTORY"); dir != "" { // systemd made it
		return dir, nil
	}
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "millwright-serve"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find a folder for the data: %w; name one with --data", err)
	}
	return filepath.Join(home, ".local", "share", "millwright-serve"), nil
}

// told says the warnings of a configuration, and makes its error one of the kind.
func told(warnings []yamlfile.Fault, err error, stderr io.Writer) error {
	for _, w := range warnings {
		fmt.Fprintf(stderr, "warning: %s\n", w)
	}
	if err != nil {
		return exit(exitConfig, err)
	}
	return nil
}

// toCheck names the verb that tells all faults of a file, after those that have shown.
func toCheck(file string, err error) error {
	var faults yamlfile.Faults
	if file == "" || !errors.As(err, &faults) {
		return err
	}
	return exit(exitConfig, fmt.Errorf("%w\nsee 'millwright serve check %s'", err, file))
}

// besideJobs is what calls, the embedded S3 server and the database may have on the
// heap before it is collected more often.
const besideJobs = 512 << 20

func serve(ctx context.Context, file string, cfg *config.Config, src clock.Source, stdout, stderr io.Writer) error {
	log := newLogger(string(cfg.Log.Level), string(cfg.Log.Format), stderr)
	debug.SetMemoryLimit(cfg.Memory.Bytes() + besideJobs)
	s, err := inference.Open(ctx, inference.Options{Config: cfg, Clock: src, Supervisor: systemd.New(log)}, log)
	var faults yamlfile.Faults
	switch {
	case errors.As(err, &faults):
		return toCheck(file, exit(exitConfig, err))
	case err != nil && ctx.Err() != nil: // told to, which is no failure
		log.Info("stopped before it served", zap.Error(err))
		return nil
	case err != nil:
		return fmt.Errorf("start the service: %w", err)
	}
	greet(stdout, s, cfg, src)
	if err := s.Run(ctx); err != nil {
		log.Error("cannot serve", zap.Error(err))
		return exit(exitFailed, nil) // the log has said it
	}
	return nil
}

// greet says where the service is, and how to call it. The AWS CLI reads the one or
// the other variable of the region, by its version.
func greet(out io.Writer, s *inference.Service, cfg *config.Config, src clock.Source) {
	fmt.Fprintf(out, "API          %s (region %s)\nS3           %s\n", s.API, cfg.Region, s.S3)
	if r, ok := src.(*clock.Rehearsal); ok {
		from, _, pace := r.Course()
		fmt.Fprintf(out, "rehearsal    business time from %s on, at %g times the pace\n", stamp(from), pace)
	}
	if s.Credentials == "" {
		return
	}
	made := ""
	if s.Made {
		made = " (made now)"
	}
	fmt.Fprintf(out, `credentials  %s%s

export AWS_SHARED_CREDENTIALS_FILE=%s
export AWS_REGION=%s AWS_DEFAULT_REGION=%s
aws --endpoint-url %s lookoutequipment list-datasets
`, s.Credentials, made, s.Credentials, cfg.Region, cfg.Region, s.API)
}
