//go:build testclock

package clock

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// Stepping is a business clock that a test moves through a file, again and again
// and across restarts of the process. The file holds one line:
//
//	REAL BUSINESS PACE [STEP] [synced]
//
// At the real instant REAL it was BUSINESS, running time goes on from there at
// PACE times real time (0: it stands still), and wall time is ahead of running
// time by STEP, a duration with a sign. The word synced makes Synced true. The
// file is to be replaced by renaming, and BUSINESS never goes back.
type Stepping struct {
	path string

	mu   sync.Mutex
	read time.Time // when line was read
	line setting
}

// setting is a line of the file.
type setting struct {
	real, business time.Time
	pace           float64
	step           time.Duration
	synced         bool
}

const (
	stale = 5 * time.Millisecond  // a line read longer ago is read again
	watch = 10 * time.Millisecond // how often a waiting goroutine looks
)

var _ Source = (*Stepping)(nil)

func stepping(path string) (Source, error) { return NewStepping(path) }

// NewStepping reads path for the first time, so that a missing or broken file is
// told at the start.
func NewStepping(path string) (*Stepping, error) {
	s := &Stepping{path: path, read: time.Now()}
	data, err := os.ReadFile(path)
	if err == nil {
		s.line, err = parseSetting(string(data))
	}
	if err != nil {
		return nil, fmt.Errorf("read the clock's file %s: %w", path, err)
	}
	return s, nil
}

// Now implements Clock.
func (s *Stepping) Now() time.Time {
	l := s.current()
	return l.running().Add(l.step)
}

// Wait implements Clock.
func (s *Stepping) Wait(ctx context.Context, t time.Time, hint <-chan struct{}) error {
	return wait(ctx, t, hint, s.Now, func(time.Duration) time.Duration { return watch })
}

// Boot is the running time, without steps.
func (s *Stepping) Boot() time.Duration {
	return time.Duration(s.current().running().UnixNano())
}

// Synced says whether the file says so.
func (s *Stepping) Synced() bool { return s.current().synced }

// current is the file's line; while the file cannot be read, the last good one.
func (s *Stepping) current() setting {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.read) < stale {
		return s.line
	}
	s.read = time.Now()
	if data, err := os.ReadFile(s.path); err == nil {
		if l, err := parseSetting(string(data)); err == nil {
			s.line = l
		}
	}
	return s.line
}

func (l setting) running() time.Time {
	gone := time.Now().Round(0).Sub(l.real)
	return l.business.Add(time.Duration(float64(gone) * l.pace)).UTC()
}

func parseSetting(text string) (setting, error) {
	var l setting
	fields := strings.Fields(text)
	if len(fields) < 3 || len(fields) > 5 {
		return l, fmt.Errorf("%q has %d fields: write REAL BUSINESS PACE [STEP] [synced]", text, len(fields))
	}
	var err error
	if l.real, err = time.Parse(time.RFC3339Nano, fields[0]); err != nil {
		return l, err
	}
	if l.business, err = time.Parse(time.RFC3339Nano, fields[1]); err != nil {
		return l, err
	}
	if l.pace, err = parsePace(fields[2]); err != nil {
		return l, err
	}
	for _, f := range fields[3:] {
		if f == "synced" {
			l.synced = true
		} else if l.step, err = time.ParseDuration(f); err != nil {
			return l, err
		}
	}
	return l, nil
}
