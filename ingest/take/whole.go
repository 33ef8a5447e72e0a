package take

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"millwright/internal/drop"
)

// Whole makes a candidate of a file that its owner says is whole, for one-shot
// work: no rule is asked, and its end is believed. folder counts from 0 in the
// order given to New; name is a path below it, with slashes.
func (t *Taker) Whole(ctx context.Context, folder int, name string) (Candidate, error) {
	f := t.folders[folder]
	root, err := os.OpenRoot(f.Path)
	if err != nil {
		return Candidate{}, fmt.Errorf("open folder: %w", err)
	}
	defer root.Close()
	info, err := root.Lstat(name)
	if err != nil {
		return Candidate{}, fmt.Errorf("look at file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return Candidate{}, fmt.Errorf("look at %s: it is no regular file", filepath.Join(f.Path, name))
	}
	c := Candidate{Folder: f.Path, Name: name, Size: info.Size(), ModTime: info.ModTime(), folder: f, still: true}
	c.Component, c.refuse = f.Component.ofFile(f.Path, name)
	if _, c.seen, err = t.ledger.Path(ctx, f.Path, name); err != nil {
		return Candidate{}, err
	}
	return c, nil
}

// Includes tells whether the file at name, a path below the folder with
// slashes, is a drop by its name.
func (f Folder) Includes(name string) bool {
	f = f.withDefaults(0)
	return f.includes(name)
}

// ComponentOf gives the component of the file at name, a path below the folder
// with slashes; "" when its columns tell.
func (f Folder) ComponentOf(name string) (string, error) { return f.Component.ofFile(f.Path, name) }

// Known tells whether the candidate is the content that d was taken from.
func (c Candidate) Known(d drop.Drop) bool { return c.Size == d.Size && c.ModTime.Equal(d.ModTime) }

// Column is what a column or tag of a file means.
type Column struct {
	Component string // "": it belongs to none
	Sensor    string
}

// Columns gives the meaning of each of the names that a file has, by the rules
// by which it would be taken; component is "" when the names tell it. The error
// is why the whole file would be refused.
func (f Folder) Columns(component string, raw []string) ([]Column, error) {
	c := columns{folder: &f, component: component, bounds: func(string) bounds { return bounds{ok: true} }}
	if err := c.extend(raw); err != nil {
		return nil, err
	}
	out := make([]Column, len(raw))
	for i, t := range c.of {
		if t != nil {
			out[i] = Column{t.component, c.sensor[i]}
		}
	}
	return out, nil
}
