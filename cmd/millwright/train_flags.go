//go:build !agent

package main

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"go.uber.org/zap"

	"millwright/inference/detect"
)

// once has flags that take one value refuse a second one, of which the first would be
// lost.
func once(f *pflag.FlagSet) {
	f.VisitAll(func(one *pflag.Flag) {
		if t := one.Value.Type(); !strings.HasSuffix(t, "Array") && !strings.HasSuffix(t, "Slice") {
			one.Value = &onceValue{Value: one.Value}
		}
	})
}

// onceValue is the value of a flag that may be given once.
type onceValue struct {
	pflag.Value
	given bool
}

// Set implements pflag.Value.
func (v *onceValue) Set(text string) error {
	if v.given {
		return errors.New("it is given twice and takes one value")
	}
	v.given = true
	return v.Value.Set(text)
}

// ofBase are the flags whose values an update takes from its base.
var ofBase = [...]string{"rate", "off", "mode-sensors", "restart", "hold"}

// sensible says which flags do not go together or cannot be meant.
func (v *trainVerb) sensible(f *pflag.FlagSet) error {
	switch v.mode {
	case "full":
		if v.base != "" {
			return errors.New("--base is for --mode update: add that, or leave --base out to train in full")
		}
	case "update":
		if v.base == "" {
			return errors.New("--mode update: --base names the model to update")
		}
		for _, name := range ofBase {
			if f.Changed(name) {
				return fmt.Errorf("--%s stays the base model's in --mode update: leave it out, or train in full", name)
			}
		}
	}
	if !f.Changed("false-alarms-per-week") {
		v.weekly = 0 // the default, or that of the base
		return nil
	}
	if !(v.weekly > 0) || math.IsInf(v.weekly, 0) {
		return fmt.Errorf("--false-alarms-per-week %g: it has to be above 0", v.weekly)
	}
	return nil
}

// tellUpdate says what an update has added, and what not.
func (v *trainVerb) tellUpdate(base, m *detect.Model, log *zap.Logger) {
	was, is := base.Describe(), m.Describe()
	log.Info("rows added to the base model's", zap.Int("rows", is.Trained.Rows-was.Trained.Rows),
		zap.Int("learnt", is.Trained.Learnt-was.Trained.Learnt), zap.String("from", was.End.Format(time.RFC3339)), zap.String("to", is.End.Format(time.RFC3339)))
	if v.weekly > 0 && is.Limit == was.Limit {
		log.Warn("the newer rows are too few to verify another limit: it stays the base model's, whatever --false-alarms-per-week says")
	}
}

// usage makes err wrong usage where it does not say what the process exits with.
func usage(err error) error {
	var e *exitError
	if errors.As(err, &e) {
		return err
	}
	return exit(exitUsage, err)
}
