package sink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"syscall"

	"millwright/internal/atomicfile"
	"millwright/internal/outbox"
)

// csvSink appends to files in a folder, each line once whatever happens:
//
//	undo file says how long the files are    crash: nothing was appended
//	lines are appended, files synced         crash: cut back to these lengths, append again
//	the cursor moves                         crash: the next batch is another one
//
// A batch that comes again is known by its first message. A file that is longer
// than this sink left it was written by others as well, and is not cut.
type csvSink struct {
	base
	dir string
}

// most is how much a batch appends before the cursor moves.
const most = 1 << 20

// undo is how to take back an append that the cursor does not know of.
type undo struct {
	First string          `json:"first"` // id of the batch's first message
	Files map[string]span `json:"files"` // by path below the folder
}

// span is the size of a file before and after the append.
type span struct {
	Before int64 `json:"before"`
	After  int64 `json:"after"`
}

// Target implements Sink.
func (c *csvSink) Target() string { return c.dir }

// Keep implements Sink: files need no care.
func (c *csvSink) Keep(context.Context) error { return nil }

// Close implements Sink: no file is open between batches.
func (c *csvSink) Close() error { return nil }

// Send implements Sink.
func (c *csvSink) Send(_ context.Context, ms []outbox.Message) (int, error) {
	root, err := os.OpenRoot(c.dir)
	if err != nil {
		return 0, c.fault(err)
	}
	defer root.Close()
	if err := c.takeBack(root, ms[0].ID); err != nil {
		return 0, c.fault(err)
	}
	b := &book{base: &c.base, pages: map[string]*page{}}
	done := 0
	var stopped error
	for _, m := range ms {
		if stopped = b.add(m); stopped != nil {
			break
		}
		if done++; b.size > most {
			break
		}
	}
	if done == 0 {
		return 0, stopped
	}
	if err := c.write(root, b, ms[0].ID); err != nil {
		return 0, c.fault(err)
	}
	return done, stopped
}

// write appends the book's pages durably, all or none.
func (c *csvSink) write(root *os.Root, b *book, first string) error {
	if len(b.paths) == 0 {
		return nil
	}
	u := undo{First: first, Files: map[string]span{}}
	for _, name := range b.paths {
		s, err := b.pages[name].fit(root, name)
		if err != nil {
			return err
		}
		u.Files[name] = s
	}
	text, err := json.Marshal(u)
	if err != nil {
		return err
	}
	if err := atomicfile.Write(c.own(".undo.json"), text, 0o640); err != nil {
		return fmt.Errorf("note what is appended: %w", err)
	}
	for _, name := range b.paths {
		if err := appendTo(root, name, b.pages[name].text); err != nil {
			return errors.Join(err, c.takeBack(root, first))
		}
	}
	return nil
}

// fit puts before a page's lines what the file asks for: the header if it is new,
// a line end if others left it without one. It gives the sizes.
func (p *page) fit(root *os.Root, name string) (span, error) {
	size, ended, err := ending(root, name)
	if err != nil {
		return span{}, err
	}
	before := ""
	switch {
	case size == 0:
		before = p.header
	case !ended:
		before = "\n"
	}
	p.text = append([]byte(before), p.text...)
	return span{Before: size, After: size + int64(len(p.text))}, nil
}

// ending gives a file's size, 0 if there is none, and whether its last line ends.
func ending(root *os.Root, name string) (size int64, ended bool, err error) {
	info, err := root.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	if !info.Mode().IsRegular() {
		return 0, false, fmt.Errorf("%s is no regular file", name)
	}
	if info.Size() == 0 {
		return 0, false, nil
	}
	file, err := root.Open(name)
	if err != nil {
		return 0, false, err
	}
	defer file.Close()
	var last [1]byte
	if _, err := file.ReadAt(last[:], info.Size()-1); err != nil {
		return 0, false, err
	}
	return info.Size(), last[0] == '\n', nil
}

// appendTo is durable when it returns. Files are for others to read.
func appendTo(root *os.Root, name string, text []byte) error {
	folder := path.Dir(name)
	if err := root.Mkdir(folder, 0o755); err == nil {
		if err := syncFolder(root, "."); err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return err
	}
	file, err := root.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := file.Write(text); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return syncFolder(root, folder)
}

func syncFolder(root *os.Root, name string) error {
	d, err := root.Open(name)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) { // network folders know no such thing
		return err
	}
	return nil
}

// takeBack cuts off what was appended when this batch was begun before.
func (c *csvSink) takeBack(root *os.Root, first string) error {
	text, err := os.ReadFile(c.own(".undo.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var u undo
	if json.Unmarshal(text, &u) != nil || u.First != first {
		return nil
	}
	for name, s := range u.Files {
		if err := cut(root, name, s); err != nil {
			return err
		}
	}
	return nil
}

func cut(root *os.Root, name string, s span) error {
	file, err := root.OpenFile(name, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Size() <= s.Before || info.Size() > s.After {
		return nil
	}
	if err := file.Truncate(s.Before); err != nil {
		return err
	}
	return file.Sync()
}

// fault says what helps against an error of the file system.
func (c *csvSink) fault(err error) error {
	f := &Fault{What: plain("write CSV in " + c.dir + ": " + err.Error()), Remedy: "check the folder and its file system; it is tried again"}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.Remedy = "make the folder, or mount it again; it is not made by itself, since what is written below a missing mount is hidden later"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		f.Remedy = "let the agent's user write there; under systemd the folder has to be in ReadWritePaths too"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		f.Remedy = "make room on its disk; nothing is lost meanwhile"
	}
	return f
}
