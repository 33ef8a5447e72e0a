package take

import (
	"encoding/binary"
	"hash/maphash"
	"time"
)

// files is what is remembered of every file, small enough for folders with
// hundreds of thousands: 16 bytes for one that was taken or refused as it is.
type files struct {
	seed    maphash.Seed
	known   map[uint64]uint64   // path -> size and time as taken or refused, lowest bit: seen in an even pass
	waiting map[uint64]*waiting // those that are not known as they are now
	pass    uint64
	seen    int // known files in this pass
}

// waiting is a file between being found and being taken.
type waiting struct {
	stat  uint64
	first time.Time // first seen
	since time.Time // first seen with this stat
	pass  uint64
	hold  hold
	retry time.Time // for holdRetry
	tries int
	err   error // why it could not be read
}

// hold says what a file waits for besides being settled.
type hold int

const (
	holdNothing hold = iota
	holdStill        // to be still for a minute, or to change
	holdRetry        // for waiting.retry: it could not be read
)

func newFiles() *files {
	return &files{seed: maphash.MakeSeed(), known: map[uint64]uint64{}, waiting: map[uint64]*waiting{}}
}

func (f *files) path(folder int, name string) uint64 {
	var h maphash.Hash
	h.SetSeed(f.seed)
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(folder))
	h.Write(b[:])
	h.WriteString(name)
	return h.Sum64()
}

func (f *files) stat(size int64, mod time.Time) uint64 {
	var b [24]byte
	binary.LittleEndian.PutUint64(b[:], uint64(size))
	binary.LittleEndian.PutUint64(b[8:], uint64(mod.Unix()))
	binary.LittleEndian.PutUint64(b[16:], uint64(mod.Nanosecond()))
	return maphash.Bytes(f.seed, b[:]) &^ 1
}

// done remembers that a file was taken or refused as it is.
func (f *files) done(path, stat uint64) {
	f.known[path] = stat | f.pass&1
	if w := f.waiting[path]; w != nil && w.stat == stat {
		delete(f.waiting, path)
	}
}

// has tells whether the file is known as it is, and whether the path is known.
func (f *files) has(path, stat uint64) (same, path2 bool) {
	v, ok := f.known[path]
	if !ok {
		return false, false
	}
	if v&1 != f.pass&1 {
		f.known[path] = v&^1 | f.pass&1
	}
	f.seen++
	return v&^1 == stat, true
}

// look notes that a file that is not known as it is stands there, and gives what
// is known of it.
func (f *files) look(path, stat uint64, now, mod time.Time) (*waiting, glimpse) {
	w := f.waiting[path]
	if w == nil || w.stat != stat {
		first := now
		if w != nil {
			first = w.first
		}
		w = &waiting{stat: stat, first: first, since: now}
		f.waiting[path] = w
	}
	w.pass = f.pass
	return w, glimpse{still: now.Sub(w.since), age: min(max(now.Round(0).Sub(mod), -century), century)}
}

// postpone keeps a file that was looked into waiting, unless it has changed
// since. A file that cannot be read is tried again after 1 s, 2 s, 4 s ... 5 min.
func (f *files) postpone(path, stat uint64, h hold, now time.Time, why error) {
	w := f.waiting[path]
	if w == nil || w.stat != stat {
		return
	}
	w.hold, w.err = h, why
	if h == holdRetry {
		w.retry = now.Add(min(time.Second<<min(w.tries, 9), 5*time.Minute))
		w.tries++
	}
}

// century is more than any age that matters, and far from the ends of a Duration:
// a file's time may be any at all.
const century = 100 * 365 * 24 * time.Hour

// begin starts a pass over all folders.
func (f *files) begin() { f.pass, f.seen = f.pass+1, 0 }

// end forgets files that are gone. known is swept only when it is worth it.
func (f *files) end() {
	for path, w := range f.waiting {
		if w.pass != f.pass {
			delete(f.waiting, path)
		}
	}
	if len(f.known) <= 2*f.seen+1024 {
		return
	}
	kept := make(map[uint64]uint64, f.seen)
	for path, v := range f.known {
		if v&1 == f.pass&1 {
			kept[path] = v
		}
	}
	f.known = kept
}
