//go:build !agent

package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"millwright/inference/detect"
	"millwright/inference/detect/frame"
	"millwright/inference/detect/metrics"
	"millwright/inference/detect/report"
	"millwright/internal/atomicfile"
	"millwright/internal/resultline"
)

// evaluateVerb is what is asked for.
type evaluateVerb struct {
	scoreVerb
	labels, html string
}

func newEvaluateCommand() *cobra.Command {
	v := &evaluateVerb{}
	cmd := &cobra.Command{
		Use:   "evaluate --model FILE --data PATH... [--labels FILE] [--html FILE]",
		Short: "Hold a model's results against labels",
		Long: `Score a machine's rows and print the model's metrics as JSON: the labelled events found,
the predicted ones with each sensor's share, precision, recall, mean fractional lead
time, AUC, and false alarms per week, with those that began in a restart or at an
operating point that training has not met apart. No result is adjusted to fit a label.

With --html the same is also written as a page with pictures, one file that needs
nothing beside it: the score over time, the sensors of each event, and the values of
each sensor in and out of events.`,
		Example: `  millwright evaluate --model plant/pump.mwm --data plant/new --labels plant/labels.csv --html plant/pump.html`,
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, paths []string) error {
			v.data = append(v.data, paths...)
			return v.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	v.flags(cmd)
	cmd.Flags().StringVar(&v.labels, "labels", "", "CSV `FILE` of start,end[,rating] without a header")
	cmd.Flags().Bool("json", false, "print JSON, which it does anyhow; errors too")
	cmd.Flags().StringVar(&v.html, "html", "", "`FILE` for the page with pictures")
	once(cmd.Flags())
	return cmd
}

func (v *evaluateVerb) run(ctx context.Context, out, errs io.Writer) error {
	labels, err := v.dialect.labels(v.labels)
	if err != nil {
		return usage(err)
	}
	m, err := readModel(v.model)
	if err != nil {
		return err
	}
	if v.html != "" {
		page := output{flag: "html", path: v.html, holds: "page of an evaluation", ours: report.IsPage}
		if err := page.check(slices.Concat(v.data, []string{v.labels, v.model})...); err != nil {
			return err
		}
	}
	found, page := metrics.New(m.Rate(), labels.Anomaly), report.New(m, labels.Anomaly)
	err = v.each(ctx, m, errs, func(r resultline.Row, k detect.Remark, cells []float64) error {
		found.Add(r, metrics.Condition{Restarting: k.State == frame.Restarting, Unseen: k.Unseen})
		if v.html != "" {
			page.Add(r, k, cells)
		}
		return nil
	})
	if err != nil {
		return stopped(ctx, err, output{path: v.html})
	}
	if v.html != "" {
		if err := v.page(m, page, found); err != nil {
			return exit(exitFailed, err)
		}
	}
	if note := v.unheld(len(labels.Anomaly), len(found.Detections())); note != "" {
		newLogger("info", "console", errs).Warn("labels", zap.String("note", note))
	}
	if err := printJSON(out, found.Metrics()); err != nil {
		return err
	}
	return complete(v.cutOff)
}

// unheld says what the results were not held against, though there is a file of labels:
// of its anomalies some touch rows. It is "" where all is well.
func (v *evaluateVerb) unheld(anomalies, touching int) string {
	switch {
	case v.labels == "" || anomalies > 0 && touching > 0:
		return ""
	case anomalies == 0:
		return v.labels + " has no anomaly: there is nothing to hold results against"
	}
	return fmt.Sprintf("none of the anomalies of %s, %d, lies in the rows that were scored: is their zone the data's (--time-zone)?", v.labels, anomalies)
}

// page writes the HTML file. It appears whole or not at all.
func (v *evaluateVerb) page(m *detect.Model, page *report.Collector, found *metrics.Collector) error {
	f, err := atomicfile.Create(v.html, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := page.Write(f, m, found); err != nil {
		return err
	}
	return f.Commit()
}
