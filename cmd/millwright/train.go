//go:build !agent

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"millwright/inference/detect"
	"millwright/inference/detect/files"
	"millwright/inference/detect/frame"
	"millwright/internal/atomicfile"
	"millwright/internal/window"
)

// trainVerb is what is asked for.
type trainVerb struct {
	data        []string
	schema      string
	labels      string
	rate        string
	off         string
	mode        string
	base        string
	modeSensors []string
	restart     string
	hold        string
	model       string
	weekly      float64
	json        bool
	cutOff      bool // rows of a file are lost
	period      periodArgs
	dialect     dialectArgs
}

func newTrainCommand() *cobra.Command {
	v := &trainVerb{}
	cmd := &cobra.Command{
		Use:   "train --data PATH... --model FILE",
		Short: "Train a model from CSV files",
		Long: `Learn from a machine's history what is normal, and write the model.

A file's name without .csv is its component; of a folder the files in it count, and
those in its folders, whose names are then the components (pump for pump/2026/01).
Times labelled as anomalies (--labels: a CSV of start,end[,rating] without a header) are
not learnt, nor are rows while the machine is off (--off) or has just come on again.
Times rated NO_ANOMALY are taken for normal, and told of where they stand out; NEUTRAL says nothing.

All columns of numbers are read, or those that --schema names, in its order: the JSON of
a data set's schema as the service has it, {"Components": [{"ComponentName": "pump",
"Columns": [{"Name": "flow", "Type": "DOUBLE"}]}]}.

The alarm limit follows --false-alarms-per-week, which takes 14 days of running to
verify. With --mode update only rows newer than the base model's are read; what they
tell is added to what the base knows.`,
		Example: `  millwright train --data plant/history --labels plant/labels.csv --off 'pump-7\speed < 100' --model plant/pump.mwm
  millwright train --mode update --base plant/pump.mwm --data plant/new --labels plant/labels.csv --model plant/pump-2.mwm`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, paths []string) error {
			if err := v.sensible(cmd.Flags()); err != nil {
				return exit(exitUsage, err)
			}
			v.data = append(v.data, paths...)
			return v.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&v.data, "data", nil, "CSV `PATH`s, files or folders (required)")
	f.StringVar(&v.schema, "schema", "", "JSON `FILE` that names the components and columns to read (default: all)")
	f.StringVar(&v.labels, "labels", "", "CSV `FILE` of start,end[,rating], ratings ANOMALY (default), NO_ANOMALY, NEUTRAL")
	f.StringVar(&v.rate, "rate", "PT5M", "the model's sampling `RATE`")
	f.StringVar(&v.off, "off", "", `when the machine is off: 'component\sensor < number', or >`)
	f.StringVar(&v.mode, "mode", "full", "full or update")
	f.StringVar(&v.base, "base", "", "`MODEL` to update")
	f.StringSliceVar(&v.modeSensors, "mode-sensors", nil, `'component\sensor' that sets the operating point (default: found)`)
	f.StringVar(&v.restart, "restart", "auto", "`DURATION` after off in which rows are judged as a restart's; auto: 1h, or longer where the history shows it")
	f.StringVar(&v.hold, "hold", "auto", "`DURATION` for which a value stands for empty bins after it; auto: from each sensor's own intervals")
	f.Float64Var(&v.weekly, "false-alarms-per-week", 1, "`NUMBER` of false alarms a week to aim at")
	f.StringVar(&v.model, "model", "", "`FILE` to write (required)")
	f.BoolVar(&v.json, "json", false, "print what the model holds as JSON")
	must(cmd.MarkFlagRequired("data"))
	must(cmd.MarkFlagRequired("model"))
	v.period.flags(f, "learn from rows from `T` on: 2026-01-05, or with a time (and its zone)", "learn from rows before `T`")
	v.dialect.flags(f)
	once(f)
	return cmd
}

// trainHeap is the heap that a training keeps to as long as its live part is smaller,
// so that 300 sensors in six modes take less than 1 GiB. GOMEMLIMIT sets another.
const trainHeap = 768 << 20

func (v *trainVerb) run(ctx context.Context, out, errs io.Writer) error {
	s, err := v.settings()
	if err != nil {
		return usage(err)
	}
	model := output{flag: "model", path: v.model, holds: "model", ours: detect.IsModel}
	if err := model.check(slices.Concat(v.data, []string{v.schema, v.labels})...); err != nil {
		return err
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		defer debug.SetMemoryLimit(debug.SetMemoryLimit(trainHeap))
	}
	shown := showTraining(errs)
	defer shown.wait()
	s.Progress = shown
	m, err := v.train(ctx, s, shown)
	if err != nil {
		return stopped(ctx, err, model)
	}
	b, err := m.MarshalBinary()
	if err != nil {
		return err
	}
	if err := atomicfile.Write(v.model, b, 0o640); err != nil {
		return err
	}
	shown.wait() // what is drawn later would stand in the summary's place
	if v.json {
		err = printJSON(out, m.Describe())
	} else {
		_, err = fmt.Fprintln(out, m)
	}
	if err != nil {
		return err
	}
	return complete(v.cutOff)
}

func (v *trainVerb) train(ctx context.Context, s detect.Settings, shown *trainProgress) (*detect.Model, error) {
	read, err := v.dialect.options()
	if err != nil {
		return nil, exit(exitUsage, err)
	}
	from, to, err := v.period.ends(read.Zone)
	if err != nil {
		return nil, exit(exitUsage, err)
	}
	columns, err := readSchema(v.schema)
	if err != nil {
		return nil, exit(exitUsage, err)
	}
	switch v.mode {
	case "full":
		src, err := openData(ctx, v.data, files.Options{Rate: s.Rate, Columns: columns, Faults: s.Labels.Anomaly, CSV: read, Read: shown.look()}, shown.log, v.labels)
		if err != nil {
			return nil, err
		}
		v.cutOff = src.CutOff()
		if none := src.Missing(); len(none) > 0 {
			return nil, exit(exitData, fmt.Errorf("%s is in the schema and in no file of --data", none[0]))
		}
		if err := resolve(src, &s); err != nil {
			return nil, exit(exitData, err)
		}
		if err := meets(src, from, to); err != nil {
			return nil, exit(exitData, err)
		}
		s.Voided = voided(src, shown.log)
		rows, done := shown.read(src, frame.Part{Source: src, From: from, To: to})
		defer done()
		return trained(detect.Train(ctx, rows, s, shown.log))
	case "update":
		base, err := readModel(v.base)
		if err != nil {
			return nil, err
		}
		if columns != nil && !slices.Equal(columns, base.Columns()) {
			return nil, exit(exitUsage, errors.New("--schema has other columns than the base model: train in full"))
		}
		src, err := openData(ctx, v.data, files.Options{Rate: base.Rate(), Columns: base.Columns(), Codes: base.Codes(), CSV: read, Read: shown.look()}, shown.log, v.labels)
		if err != nil {
			return nil, err
		}
		v.cutOff = src.CutOff()
		rows, done := shown.read(src, frame.Part{Source: src, From: from, To: to})
		defer done()
		m, err := trained(detect.Update(ctx, base, rows, s, shown.log))
		if err == nil {
			v.tellUpdate(base, m, shown.log)
		}
		return m, err
	}
	return nil, exit(exitUsage, fmt.Errorf("--mode %s: full or update", v.mode))
}

// voided tells of the codes among the readings.
func voided(src *files.Source, log *zap.Logger) []detect.Voided {
	var all []detect.Voided
	var codes []float64
	readings := 0
	for _, c := range src.Coded() {
		all = append(all, detect.Voided(c))
		codes, readings = append(codes, c.Codes...), readings+c.Readings
	}
	if len(all) > 0 {
		slices.Sort(codes)
		log.Warn("codes for no reading are taken for missing; model inspect lists them, --bad-values adds others",
			zap.Float64s("codes", slices.Compact(codes)), zap.Int("readings", readings), zap.Int("sensors", len(all)))
	}
	return all
}

// trained makes what training refuses a matter of the data.
func trained(m *detect.Model, err error) (*detect.Model, error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		err = exit(exitData, err)
	}
	return m, err
}

func (v *trainVerb) settings() (detect.Settings, error) {
	rate, err := window.ParseRate(v.rate)
	if err != nil {
		return detect.Settings{}, err
	}
	s := detect.Settings{Rate: rate, FalseAlarmsWeekly: v.weekly}
	if s.Off, err = frame.ParseOff(v.off); err != nil {
		return s, err
	}
	for _, text := range v.modeSensors {
		n, err := frame.ParseName(text)
		if err != nil {
			return s, err
		}
		s.ModeSensors = append(s.ModeSensors, n)
	}
	if s.Restart, err = autoDuration(v.restart); err != nil {
		return s, fmt.Errorf("--restart: %w", err)
	}
	if s.Restart < 0 {
		return s, fmt.Errorf("--restart %s: it cannot be below 0", v.restart)
	}
	if v.restart != "auto" && s.Restart == 0 {
		s.Restart = -1
	}
	if s.Hold, err = autoDuration(v.hold); err != nil {
		return s, fmt.Errorf("--hold: %w", err)
	}
	if err := s.Validate(); err != nil {
		return s, err
	}
	labels, err := v.dialect.labels(v.labels)
	s.Labels = detect.Labels(labels)
	return s, err
}

// autoDuration reads a duration; auto is 0.
func autoDuration(text string) (time.Duration, error) {
	if text == "auto" {
		return 0, nil
	}
	return time.ParseDuration(text)
}

// openData finds and opens files, but for those besides, which are no data, and tells
// what is wrong with them.
func openData(ctx context.Context, paths []string, o files.Options, log *zap.Logger, besides ...string) (*files.Source, error) {
	list, skipped, err := files.Find(paths)
	if err != nil {
		return nil, exit(exitUsage, err)
	}
	list = slices.DeleteFunc(list, func(f files.File) bool {
		info, err := os.Stat(f.Path)
		return err == nil && slices.ContainsFunc(besides, func(path string) bool { return sameFile(path, info) })
	})
	if len(list) == 0 {
		return nil, exit(exitUsage, errors.New("--data names only the file of --labels"))
	}
	if len(skipped) > 0 {
		log.Warn("files that are not read, as they are neither .csv nor .csv.gz", zap.String("files", files.Few(skipped)))
	}
	src, err := files.Open(ctx, list, o)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, exit(exitData, errors.New(asFlags.Replace(err.Error())))
	}
	for _, n := range src.Notes() {
		log.Warn("data", zap.String("note", asFlags.Replace(n)))
	}
	if _, last := src.Span(); last > time.Now().Add(day).UnixNano() {
		log.Warn("rows are dated in the future: correct their clock or --time-zone, or leave them out with --to", zap.String("newest", stampOf(last)))
	}
	if none := src.Missing(); len(none) > 0 {
		log.Warn("sensors are in no file", zap.Int("sensors", len(none)), zap.String("names", few(none, frame.Name.String)))
	}
	return src, nil
}

// labels reads a file of labels, whose instants are in the data's zone.
func (d *dialectArgs) labels(path string) (files.Labels, error) {
	if path == "" {
		return files.Labels{}, nil
	}
	o, err := d.options()
	if err != nil {
		return files.Labels{}, err
	}
	f, err := os.Open(path)
	if err != nil {
		return files.Labels{}, err
	}
	defer f.Close()
	l, err := files.ReadLabels(f, o.Zone)
	if err != nil {
		return l, exit(exitData, fmt.Errorf("%s: %w", path, err))
	}
	return l, nil
}

// readSchema gives the columns to read; nil for all.
func readSchema(path string) ([]frame.Name, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := files.ReadSchema(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return names, nil
}

func readModel(path string) (*detect.Model, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, err := detect.ReadModel(f)
	if err != nil {
		return nil, exit(exitData, fmt.Errorf("%s: %w", path, err))
	}
	return m, nil
}
