//go:build !agent

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"math"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"millwright/inference/detect"
	"millwright/inference/detect/files"
	"millwright/inference/detect/frame"
	"millwright/internal/resultline"
)

// scoreVerb is what score and evaluate are asked for.
type scoreVerb struct {
	model   string
	data    []string
	cutOff  bool // rows of a file are lost
	period  periodArgs
	dialect dialectArgs
}

func (v *scoreVerb) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&v.model, "model", "", "model `FILE` (required)")
	f.StringArrayVar(&v.data, "data", nil, "CSV `PATH`s, files or folders (required)")
	v.period.flags(f, "results from `T` on (2026-01-05, or with a time and its zone); rows before it are context only", "results before `T`")
	must(cmd.MarkFlagRequired("model"))
	must(cmd.MarkFlagRequired("data"))
	v.dialect.flags(f)
}

func newScoreCommand() *cobra.Command {
	v := &scoreVerb{}
	var explains bool
	cmd := &cobra.Command{
		Use:   "score --model FILE --data PATH...",
		Short: "Score CSV files with a model",
		Long: `Score a machine's rows with a model and print a result line for each row, in the form of
results.jsonl. With --explain each line also has "explain": whether the machine runs,
restarts or is off, the operating mode with the sensor that sets it and its value,
whether training has seen such a value, how many sensors are missing, and whether too
little is known for an anomaly.`,
		Example: `  millwright score --model plant/pump.mwm --data plant/new > plant/results.jsonl`,
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, paths []string) error {
			v.data = append(v.data, paths...)
			return v.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), explains)
		},
	}
	v.flags(cmd)
	cmd.Flags().BoolVar(&explains, "explain", false, "say more of each row")
	once(cmd.Flags())
	return cmd
}

func (v *scoreVerb) run(ctx context.Context, stdout, errs io.Writer, explains bool) error {
	m, err := readModel(v.model)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(stdout, 1<<16)
	var line []byte
	err = v.each(ctx, m, errs, func(r resultline.Row, k detect.Remark, _ []float64) error {
		if explains {
			r.Extra = explain(m, k)
		}
		line = resultline.Append(line[:0], r)
		_, err := out.Write(line)
		return err
	})
	if err != nil {
		return stopped(ctx, err, output{})
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return complete(v.cutOff)
}

// explain says what a row's operating point is, whether training has seen it, and how
// much is known of it.
func explain(m *detect.Model, k detect.Remark) map[string]json.RawMessage {
	e := struct {
		Capped     bool     `json:"capped"`  // too little is known for an anomaly
		Missing    int      `json:"missing"` // sensors
		State      string   `json:"state"`
		ModeSensor string   `json:"mode_sensor,omitempty"`
		ModeValue  *float64 `json:"mode_value,omitempty"` // smoothed
		Mode       *int     `json:"mode,omitempty"`
		Unseen     bool     `json:"unseen_mode"`
	}{Capped: k.Capped, Missing: k.Missing, State: k.State.String(), Unseen: k.Unseen}
	if pilot, _, ok := m.Pilot(); ok && k.State != frame.Stopped {
		e.ModeSensor, e.Mode = pilot.String(), &k.Mode
		if !math.IsNaN(k.Pilot) {
			e.ModeValue = &k.Pilot
		}
	}
	text, err := json.Marshal(e)
	if err != nil {
		return nil
	}
	return map[string]json.RawMessage{"explain": text}
}

// each scores the data and gives fn the rows asked for, with the cells of those that
// are in the data and nil for those that are held between them.
func (v *scoreVerb) each(ctx context.Context, m *detect.Model, errs io.Writer, fn func(resultline.Row, detect.Remark, []float64) error) error {
	read, err := v.dialect.options()
	if err != nil {
		return exit(exitUsage, err)
	}
	from, to, err := v.period.ends(read.Zone)
	if err != nil {
		return exit(exitUsage, err)
	}
	log := newLogger("info", "console", errs)
	src, err := openData(ctx, v.data, files.Options{Rate: m.Rate(), Columns: m.Columns(), Codes: m.Codes(), CSV: read}, log)
	if err != nil {
		return err
	}
	v.cutOff = src.CutOff()
	if err := strangers(m, src, v.data); err != nil {
		return exit(exitData, err)
	}
	s, advice, data := m.NewSession(), m.NewAdvice(), met{rate: m.Rate()}
	ended := false
	err = src.Each(ctx, func(label int64, cells []float64) error {
		data.add(label)
		take := func(r resultline.Row, k detect.Remark) error {
			if r.Time < from {
				return nil
			}
			data.results++
			advice.Add(r.Time, k)
			if r.Time == label {
				return fn(r, k, cells)
			}
			return fn(r, k, nil)
		}
		switch {
		case label < to:
			return s.Add(label, cells, take)
		case !ended: // values that are held up to this label are so before the end too
			ended = true
			return s.Until(to-1, take)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := data.none(from, to); err != nil {
		return exit(exitData, err)
	}
	notes := advice.Notes()
	if sparse := data.sparse(m); sparse != "" {
		notes = append(notes, sparse)
	}
	for _, n := range notes {
		log.Warn("results", zap.String("note", n))
	}
	return nil
}
