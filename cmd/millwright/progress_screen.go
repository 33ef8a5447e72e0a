package main

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"millwright/backfill"
)

const (
	refreshes  = 7  // a second
	mostLines  = 10 // that are shown of running steps
	upLines    = "\x1b[%dA"
	clearLine  = "\x1b[K"
	clearBelow = "\x1b[J"
)

// progressScreen keeps a line for each running step at the end of what a
// terminal shows. The last state of a step that is done stays; what is written
// to the screen meanwhile stands above.
type progressScreen struct {
	out   io.Writer
	width func() int

	stop chan struct{}
	once sync.Once
	done sync.WaitGroup

	mu      sync.Mutex
	running []*progressLine
	ended   []string // last states not printed yet
	drawn   int      // lines that the next drawing replaces
}

// startProgress draws until wait is called.
func startProgress(out io.Writer, width func() int) *progressScreen {
	p := &progressScreen{out: out, width: width, stop: make(chan struct{})}
	p.done.Go(func() {
		tick := time.NewTicker(time.Second / refreshes)
		defer tick.Stop()
		for {
			select {
			case <-p.stop:
				return
			case now := <-tick.C:
				p.mu.Lock()
				for _, l := range p.running {
					l.tick(now)
				}
				_ = p.draw(nil) // the work goes on without a terminal
				p.mu.Unlock()
			}
		}
	})
	return p
}

// Step implements backfill.Progress.
func (p *progressScreen) Step(name string, unit backfill.Unit, total int64) backfill.Step {
	l := &progressLine{screen: p, name: name, unit: unit, n: new(atomic.Int64), begun: time.Now()}
	p.add(l, total)
	return l
}

func (p *progressScreen) add(l *progressLine, total int64) {
	l.total.Store(total)
	l.ticked = l.begun
	p.mu.Lock()
	p.running = append(p.running, l)
	p.mu.Unlock()
}

// Write puts whole lines, as logs have them, above those of the steps.
func (p *progressScreen) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(text), p.draw(text)
}

// forget takes the running steps off the screen without a last state.
func (p *progressScreen) forget() {
	p.mu.Lock()
	p.running = nil
	p.mu.Unlock()
}

// wait draws the last state and ends.
func (p *progressScreen) wait() {
	p.once.Do(func() {
		close(p.stop)
		p.done.Wait()
		p.mu.Lock()
		defer p.mu.Unlock()
		_ = p.draw(nil) // nobody can be told that the terminal has gone
		p.running, p.drawn = nil, 0
	})
}

// draw replaces what was drawn last, in one write.
func (p *progressScreen) draw(above []byte) error {
	if len(above) == 0 && len(p.ended) == 0 && len(p.running) == 0 && p.drawn == 0 {
		return nil
	}
	var b bytes.Buffer
	if p.drawn > 0 {
		fmt.Fprintf(&b, upLines, p.drawn)
	}
	b.WriteByte('\r')
	if len(above) > 0 {
		b.WriteString(clearBelow)
		b.Write(above)
	}
	for _, text := range p.ended {
		b.WriteString(text + clearLine + "\n")
	}
	p.ended, p.drawn = nil, 0
	width, names := p.width()-1, 0 // the last column makes some terminals begin a new line
	shown := p.running[:min(len(p.running), mostLines)]
	for _, l := range shown {
		names = max(names, len(l.name))
	}
	for _, l := range shown {
		b.WriteString(l.text(width, names) + clearLine + "\n")
		p.drawn++
	}
	b.WriteString(clearBelow)
	_, err := p.out.Write(b.Bytes())
	return err
}
