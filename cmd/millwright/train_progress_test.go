//go:build !agent

package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"millwright/inference/detect"
	"millwright/inference/detect/files"
	"millwright/internal/series"
)

// A training on a terminal tells of each pass, and that is what there is to see.
func TestTrainingShowsItsPasses(t *testing.T) {
	t.Parallel()
	dir, _ := pastOf(t, 2)
	s := &screen{t: t, columns: 100}
	p := &trainProgress{screen: startProgress(s, func() int { return 100 }), begun: time.Now()}
	p.log = newLogger("info", "console", p.screen)
	src, err := openData(t.Context(), []string{filepath.Join(dir, "history")}, files.Options{Rate: 15 * time.Minute, CSV: series.Options{}, Read: p.look()}, p.log)
	if err != nil {
		t.Fatal(err)
	}
	rows, done := p.read(src, src)
	defer done()
	if _, err := detect.Train(t.Context(), rows, detect.Settings{Rate: 15 * time.Minute, Progress: p}, p.log); err != nil {
		t.Fatal(err)
	}
	p.wait()
	for _, want := range []string{"look through the files: ", "1 of at most 11: sensors: ", "6 of at most 9: fits and scores: "} {
		if !strings.Contains(s.String(), want) {
			t.Errorf("%q is not in\n%s", want, s)
		}
	}
	if size := src.Size(); strings.Contains(s.String(), ": 0 B in") || size < 1000 {
		t.Errorf("passes read nothing of %d bytes:\n%s", size, s)
	}
}

// When all is read the work goes on, and nothing is left that could be told in seconds.
func TestAPassThatIsReadIsComputed(t *testing.T) {
	t.Parallel()
	p := &trainProgress{screen: startProgress(&screen{t: t, columns: 100}, func() int { return 100 })}
	defer p.wait()
	p.step("fits", 1000).Store(1000)
	l := p.line
	l.rate = 1e6
	for _, width := range []int{100, 30} {
		if text := l.text(width, 4); !strings.Contains(text, "computing") || strings.Contains(text, "left") {
			t.Errorf("%q", text)
		}
	}
	if l.n.Store(500); !strings.Contains(l.text(100, 4), "left") {
		t.Errorf("%q", l.text(100, 4))
	}
}
