package main

import (
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"millwright/backfill"
)

// terminal gives the width of the terminal that a person may be looking at, in
// columns; nil for what is no terminal.
func terminal(w io.Writer) (width func() int) {
	f, ok := w.(*os.File)
	if !ok {
		return nil
	}
	if _, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS); err != nil {
		return nil
	}
	return func() int {
		size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
		if err != nil || size.Col == 0 {
			return 80
		}
		return int(size.Col)
	}
}

// showProgress says on a terminal how far reading is, until the function it
// returns is called. Elsewhere it does nothing.
func showProgress(w io.Writer, in *source) (finished func()) {
	width := terminal(w)
	if width == nil {
		return func() {}
	}
	screen := startProgress(w, width)
	screen.add(&progressLine{screen: screen, name: "read", unit: backfill.UnitBytes, n: &in.read, begun: time.Now()}, in.size)
	return sync.OnceFunc(func() {
		screen.forget()
		screen.wait()
	})
}

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
