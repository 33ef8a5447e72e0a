package sigv4

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"millwright/internal/yamlfile"
)

// Options of a principals file.
type Options struct {
	// Account of principals that name none.
	Account string
	// Always are principals beside those of the file, such as that of the environment.
	Always []*Principal
	// Hidden are buckets that no request may name: the service's own.
	Hidden []string
	// Every is how often the file is looked at. Default: 5 s.
	Every time.Duration
}

// Principals is everybody who has a key. It is safe for use on many goroutines.
type Principals struct {
	file    string // "" when they come from no file
	o       Options
	current atomic.Pointer[set]
	log     *zap.Logger
}

// set is one state of the file.
type set struct {
	list  []*Principal
	byKey map[string]*Principal
	seen  [sha256.Size]byte // of the file and those that it names
}

// Of makes Principals that do not change.
func Of(o Options, list ...*Principal) *Principals {
	p := &Principals{o: o}
	p.take(list, [sha256.Size]byte{})
	return p
}

// Open reads a principals file. The error is yamlfile.Faults when the file could be
// read.
func Open(file string, o Options, log *zap.Logger) (*Principals, error) {
	if o.Every <= 0 {
		o.Every = 5 * time.Second
	}
	p := &Principals{file: file, o: o, log: log}
	if _, err := p.reload(); err != nil {
		return nil, err
	}
	return p, nil
}

// Run takes changes of the file over until ctx ends, and returns nil. A file with
// faults changes nothing: who had a key keeps it.
func (p *Principals) Run(ctx context.Context) error {
	if p.file == "" {
		return nil
	}
	tick := time.NewTicker(p.o.Every)
	defer tick.Stop()
	last := ""
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		changed, err := p.reload()
		switch {
		case err != nil && err.Error() != last:
			last = err.Error()
			p.log.Error("principals file refused; the keys of before stay", zap.String("file", p.file), zap.Error(err))
		case err == nil:
			last = ""
			if changed {
				p.log.Info("principals file read again", zap.String("file", p.file), zap.Int("principals", len(p.All())))
			}
		}
	}
}

// All are the principals as they are now.
func (p *Principals) All() []*Principal { return p.current.Load().list }

// Find gives who has a key, or nil.
func (p *Principals) Find(accessKey string) *Principal { return p.current.Load().byKey[accessKey] }

// reload reads the file, and takes it if it is another.
func (p *Principals) reload() (changed bool, err error) {
	r := &reader{file: p.file, o: p.o}
	list, err := r.read()
	if err != nil {
		return false, err
	}
	sum := sha256.Sum256(r.seen.Bytes())
	if now := p.current.Load(); now != nil && now.seen == sum {
		return false, nil
	}
	for _, w := range r.warnings {
		p.log.Warn("principals file", zap.Stringer("warning", w))
	}
	p.take(list, sum)
	return true, nil
}

func (p *Principals) take(list []*Principal, seen [sha256.Size]byte) {
	list = append(slices.Clone(p.o.Always), list...)
	s := &set{list: list, byKey: make(map[string]*Principal, len(list)), seen: seen}
	for _, one := range list {
		one.hidden = p.o.Hidden
		s.byKey[one.AccessKey] = one
	}
	p.current.Store(s)
}

// reader reads a principals file and the secrets that lie beside it.
type reader struct {
	file     string
	o        Options
	seen     bytes.Buffer
	warnings []yamlfile.Fault
}

func (r *reader) read() ([]*Principal, error) {
	text, err := yamlfile.Read(r.file)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(&r.seen, "%d\n%s", len(text), text)
	list, warnings, err := parsePrincipals(r.file, text, r.o, r.secret)
	r.warnings = warnings
	if st, statErr := os.Stat(r.file); statErr == nil && st.Mode().Perm()&0o007 != 0 {
		r.warnings = append(r.warnings, yamlfile.Fault{File: r.file, Problem: "can be read by everybody on this machine", Remedy: "chmod o= " + r.file})
	}
	return list, err
}

func (r *reader) secret(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(&r.seen, "%d\n%s", len(text), text)
	return string(bytes.TrimSpace(text)), nil
}
