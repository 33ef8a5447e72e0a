//go:build !agent

package main

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"millwright/backfill"
	"millwright/inference/detect"
	"millwright/inference/detect/files"
	"millwright/inference/detect/frame"
)

// trainProgress shows on a terminal how far a training is. In a log it tells of each
// pass, once the training takes longer than a moment.
type trainProgress struct {
	screen *progressScreen // nil without a terminal
	log    *zap.Logger
	rows   counting // nil while the files are looked through
	line   *progressLine
	begun  time.Time
}

// counting is rows that tell how much of them is read.
type counting interface {
	Size() int64              // bytes of a pass
	Count(read *atomic.Int64) // of the passes from now on
}

var _ detect.Progress = (*trainProgress)(nil)

// moment is how long a training may take that nobody needs to be told of.
const moment = 10 * time.Second

// showTraining begins; wait ends what it shows on the screen.
func showTraining(w io.Writer) *trainProgress {
	p := &trainProgress{begun: time.Now()}
	if width := terminal(w); width != nil {
		p.screen = startProgress(w, width)
		w = p.screen
	}
	p.log = newLogger("info", "console", w)
	return p
}

// look gives a counter for the bytes that are read before the first pass.
func (p *trainProgress) look() *atomic.Int64 {
	if p.screen == nil {
		return nil
	}
	return p.step("look through the files", 0)
}

// read gives the rows to train on, by way of a scratch file where reading the files
// again and again is slower.
func (p *trainProgress) read(src *files.Source, part frame.Source) (rows frame.Source, done func() error) {
	p.rows = src
	if !src.Slow() {
		return part, func() error { return nil }
	}
	kept := files.Keep(src, part, "", func(err error) { p.log.Warn("data", zap.Error(err)) })
	p.rows = kept
	return kept, kept.Close
}

// Pass implements detect.Progress.
func (p *trainProgress) Pass(n, most int, name string) {
	if p.screen != nil {
		p.rows.Count(p.step(fmt.Sprintf("%d of at most %d: %s", n, most, name), p.rows.Size()))
	} else if time.Since(p.begun) > moment {
		p.log.Info("pass", zap.Int("number", n), zap.Int("at_most", most), zap.String("of", name))
	}
}

// step ends the line of the step before and begins one.
func (p *trainProgress) step(name string, total int64) *atomic.Int64 {
	p.end()
	p.line = &progressLine{screen: p.screen, name: name, unit: backfill.UnitBytes, after: "computing", n: new(atomic.Int64), begun: time.Now()}
	p.screen.add(p.line, total)
	return p.line.n
}

func (p *trainProgress) end() {
	if p.line != nil {
		p.line.Done()
	}
}

// wait shows the last state.
func (p *trainProgress) wait() {
	if p.screen != nil {
		p.end()
		p.screen.wait()
	}
}
