package main

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"millwright/internal/resultline"
	"millwright/internal/window"
)

// site reads the results that lie below state_dir. What cannot be read is said
// once and counted.
type site struct {
	root   *os.Root
	errs   io.Writer
	faults int
	said   map[string]bool // by path
}

func openSite(dir string, errs io.Writer) (*site, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open state_dir: %w", err)
	}
	return &site{root: root, errs: errs, said: map[string]bool{}}, nil
}

func (s *site) close() { s.root.Close() }

// result is what a window's file holds.
type result struct {
	rows []resultline.Row
	text []byte // as the scheduler wrote it
}

// read gives the result of a window, an empty one if there is none on site.
func (s *site) read(o window.Outcome) result {
	if o.Path == "" {
		return result{}
	}
	r, err := s.open(o)
	if err != nil {
		if !s.said[o.Path] {
			s.said[o.Path] = true
			s.faults++
			say(s.errs, "millwright: read the result of %s, window %s: %s\n", o.Scheduler, stamp(instantOf(o.Start)), err.Error())
		}
		return result{}
	}
	return r
}

func (s *site) open(o window.Outcome) (result, error) {
	file, err := s.root.Open(o.Path)
	if err != nil {
		return result{}, err
	}
	defer file.Close()
	var r result
	var text bytes.Buffer
	limits := resultline.Limits{Bytes: max(o.Size, 64<<20), Rows: int(max(o.Rows, 3600))} // a newer generation may be there by now
	err = resultline.Read(io.TeeReader(file, &text), limits, func(row resultline.Row) error {
		r.rows = append(r.rows, row)
		return nil
	})
	if err != nil {
		return result{}, fmt.Errorf("%s: %w", o.Path, err)
	}
	r.text = text.Bytes()
	return r, nil
}
