package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"millwright/config"
	"millwright/internal/atomicfile"
)

// accepted keeps the text of the configuration that the daemon runs with, for
// those who ask for its status while the file has faults.
type accepted struct {
	file string
	text []byte
}

// load reads the file.
func (a *accepted) load() (cfg *config.Config, warnings []config.Fault, err error) {
	if a.text, err = config.Read(a.file); err != nil {
		return nil, nil, err
	}
	return config.LoadText(a.file, a.text)
}

// keep writes down what was read last. It is called once that is what runs.
func (a *accepted) keep(cfg *config.Config) error {
	return atomicfile.Write(filepath.Join(cfg.StateDir, config.LastFile), a.text, 0o600)
}

// loadShown is loadConfig for verbs that show what the daemon does. While the
// file has faults it gives the configuration that the daemon took last; the
// faults are told on stderr, and ended is what the verb has to end with when all
// else went well.
func loadShown(file string, stderr io.Writer) (cfg *config.Config, ended, err error) {
	cfg, err = loadConfig(file, io.Discard)
	var faults config.Faults
	if err == nil || !errors.As(err, &faults) {
		return cfg, nil, err
	}
	text, e := config.Read(file)
	if e != nil {
		return nil, nil, err
	}
	dir := config.StateDirIn(text)
	last := filepath.Join(dir, config.LastFile)
	info, e := os.Stat(last)
	if e != nil || dir == "" {
		return nil, nil, err // no daemon has run with it
	}
	cfg, _, e = config.Load(last)
	if e != nil || cfg.StateDir != dir {
		return nil, nil, err
	}
	fmt.Fprintf(stderr, "millwright: %s\nthe file has %s; shown is the configuration that the daemon runs with since %s, or ran with last\n\n",
		oneLine(err), count(int64(len(faults)), "fault"), info.ModTime().UTC().Format(time.RFC3339))
	return cfg, exit(exitConfig, nil), nil
}
