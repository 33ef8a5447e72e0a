//go:build !agent

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/spf13/cobra"

	"millwright/inference/detect"
	"millwright/inference/detect/files"
	"millwright/inference/detect/metrics"
	"millwright/internal/resultline"
)

// scoreVerb is what score and evaluate are asked for.
type scoreVerb struct {
	model, labels, from, to string
	data                    []string
	explain                 bool
}

func (v *scoreVerb) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&v.model, "model", "", "model `FILE` (required)")
	f.StringArrayVar(&v.data, "data", nil, "CSV `PATH`s, files or folders (required)")
	f.StringVar(&v.from, "from", "", "results from `T` on (RFC 3339); rows before it are context only")
	f.StringVar(&v.to, "to", "", "results before `T`")
	must(cmd.MarkFlagRequired("model"))
	must(cmd.MarkFlagRequired("data"))
}

func newScoreCommand() *cobra.Command {
	v := &scoreVerb{}
	cmd := &cobra.Command{
		Use:   "score --model FILE --data PATH...",
		Short: "Score CSV files with a model",
		Long: `Score a machine's rows with a model and print a result line for each row, in the form of
results.jsonl. With --explain each line also has "explain": the operating mode and
whether training has seen it, and how many sensors are missing.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := bufio.NewWriterSize(cmd.OutOrStdout(), 1<<16)
			var line []byte
			_, err := v.each(cmd.Context(), cmd.ErrOrStderr(), func(r resultline.Row, k detect.Remark) error {
				if v.explain {
					r.Extra = explain(k)
				}
				line = resultline.Append(line[:0], r)
				_, err := out.Write(line)
				return err
			})
			if err != nil {
				return err
			}
			return out.Flush()
		},
	}
	v.flags(cmd)
	cmd.Flags().BoolVar(&v.explain, "explain", false, "say more of each row")
	return cmd
}

func explain(k detect.Remark) map[string]json.RawMessage {
	e := map[string]any{"mode": k.Mode, "missing": k.Missing, "unseen_mode": k.Unseen, "capped": k.Capped}
	if !math.IsNaN(k.Pilot) {
		e["pilot"] = k.Pilot
	}
	text, err := json.Marshal(e)
	if err != nil {
		return nil
	}
	return map[string]json.RawMessage{"explain": text}
}

func newEvaluateCommand() *cobra.Command {
	v := &scoreVerb{}
	cmd := &cobra.Command{
		Use:   "evaluate --model FILE --data PATH... --labels FILE",
		Short: "Hold a model's results against labels",
		Long: `Score a machine's rows and print the model's metrics as JSON: the labelled events found,
the predicted ones with each sensor's share, precision, recall, mean fractional lead
time, AUC, and false alarms per week. No result is adjusted to fit a label.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			labels, err := readLabels(v.labels)
			if err != nil {
				return exit(exitUsage, err)
			}
			var c *metrics.Collector
			m, err := readModel(v.model)
			if err != nil {
				return err
			}
			c = metrics.New(m.Rate(), labels.Anomaly)
			if _, err := v.each(cmd.Context(), cmd.ErrOrStderr(), func(r resultline.Row, _ detect.Remark) error {
				c.Add(r)
				return nil
			}); err != nil {
				return err
			}
			return printJSON(cmd.OutOrStdout(), c.Metrics())
		},
	}
	v.flags(cmd)
	cmd.Flags().StringVar(&v.labels, "labels", "", "CSV `FILE` of start,end[,rating]")
	return cmd
}

// each scores the data and gives fn the rows asked for.
func (v *scoreVerb) each(ctx context.Context, errs io.Writer, fn func(resultline.Row, detect.Remark) error) (*detect.Model, error) {
	from, to := int64(math.MinInt64), int64(math.MaxInt64)
	for text, at := range map[string]*int64{v.from: &from, v.to: &to} {
		if text == "" {
			continue
		}
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return nil, exit(exitUsage, fmt.Errorf("%q is no instant: write 2026-01-05T00:00:00Z", text))
		}
		*at = t.UnixNano()
	}
	m, err := readModel(v.model)
	if err != nil {
		return nil, err
	}
	src, err := openData(ctx, v.data, files.Options{Rate: m.Rate(), Columns: m.Columns()}, newLogger("info", "console", errs))
	if err != nil {
		return nil, exit(exitData, err)
	}
	s := m.NewSession()
	return m, src.Each(ctx, func(label int64, cells []float64) error {
		if label >= to {
			return nil
		}
		return s.Add(label, cells, func(r resultline.Row, k detect.Remark) error {
			if r.Time < from {
				return nil
			}
			return fn(r, k)
		})
	})
}

func newModelCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "model", Short: "Look at models"}
	var asJSON bool
	inspect := &cobra.Command{
		Use:   "inspect FILE",
		Short: "Show what a model holds",
		Args:  wants(1, 1, "a model's file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := readModel(args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), m.Describe())
			}
			_, err = io.WriteString(cmd.OutOrStdout(), m.Describe().Text())
			return err
		},
	}
	inspect.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.AddCommand(inspect)
	return cmd
}

func printJSON(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
