package main

import (
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"millwright/backfill"
)

// terminal tells whether a person may be looking at the file.
func terminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// progressBars shows each step as a bar with its rate and the time left.
type progressBars struct{ all *mpb.Progress }

func newProgressBars(w io.Writer) *progressBars {
	return &progressBars{mpb.New(mpb.WithOutput(w), mpb.WithWidth(40), mpb.WithRefreshRate(150*time.Millisecond))}
}

// wait lets the last state of the bars be drawn.
func (p *progressBars) wait() { p.all.Wait() }

// Step implements backfill.Progress.
func (p *progressBars) Step(name string, unit backfill.Unit, total int64) backfill.Step {
	amount := []decor.Decorator{decor.CountersNoUnit("%d / %d ", decor.WCSyncSpace), decor.AverageSpeed(0, "%.0f/s", decor.WCSyncSpace)}
	if unit == backfill.UnitBytes {
		amount = []decor.Decorator{decor.CountersKiloByte("% .1f / % .1f", decor.WCSyncSpace), decor.AverageSpeed(decor.SizeB1000(0), "% .1f", decor.WCSyncSpace)}
	}
	amount = append(amount, decor.OnComplete(decor.AverageETA(decor.ET_STYLE_GO, decor.WCSyncSpace), "done"))
	return bar{p.all.AddBar(total, mpb.PrependDecorators(decor.Name(name, decor.WCSyncSpaceR)), mpb.AppendDecorators(amount...))}
}

type bar struct{ *mpb.Bar }

func (b bar) Add(n int64)   { b.IncrInt64(n) }
func (b bar) Total(n int64) { b.SetTotal(max(n, b.Current()+1), false) }
func (b bar) Done()         { b.SetTotal(-1, true) }

// progressLog writes a line per step, for logs.
type progressLog struct{ log *zap.Logger }

// Step implements backfill.Progress.
func (p progressLog) Step(name string, unit backfill.Unit, total int64) backfill.Step {
	s := &logStep{log: p.log, name: name, key: "objects", begun: time.Now()}
	if unit == backfill.UnitBytes {
		s.key = "bytes"
	}
	p.log.Info("begin", zap.String("step", name), zap.Int64(s.key, total))
	return s
}

type logStep struct {
	log       *zap.Logger
	name, key string
	begun     time.Time
	n         atomic.Int64
}

func (s *logStep) Add(n int64) { s.n.Add(n) }
func (s *logStep) Total(int64) {}
func (s *logStep) Done() {
	s.log.Info("end", zap.String("step", s.name), zap.Int64(s.key, s.n.Load()), zap.Duration("took", time.Since(s.begun).Round(time.Millisecond)))
}
