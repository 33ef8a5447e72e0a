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
	output map[string]string // s3://bucket/prefix of results, by scheduler
	errs   io.Writer
	faults int
	said   map[string]bool // by path
}

func openSite(dir string, output map[string]string, errs io.Writer) (*site, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open state_dir: %w", err)
	}
	return &site{root: root, output: output, errs: errs, said: map[string]bool{}}, nil
}

func (s *site) close() { s.root.Close() }

// result is what a window's file holds.
type result struct {
	rows []resultline.Row
	text []byte // as the scheduler wrote it

	fault, remedy string // why it cannot be read, and what to do
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
			say(s.errs, "millwright: read the result of %s, window %s: %s; %s\n", o.Scheduler, stamp(instantOf(o.Start)), err.Error(), s.remedy(o))
		}
		return result{fault: err.Error(), remedy: s.remedy(o)}
	}
	return r
}

// remedy says where the result still lies.
func (s *site) remedy(o window.Outcome) string {
	if output, ok := s.output[o.Scheduler]; ok {
		return "fetch it again from the bucket: " + window.ResultKey(output, o.Start)
	}
	return "fetch it again from the bucket of a scheduler that the configuration does not have any more"
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
