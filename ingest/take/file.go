package take

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// file is an open file in a drop folder, by its descriptor: for thousands of
// small ones what an os.File does beside costs more than reading them.
type file struct {
	fd   int
	name string
	stat unix.Stat_t
}

// openFile opens a file that lies right in dir. A link is not followed, and a
// pipe cannot block. name is that of an entry of dir, so that it leads nowhere else.
func openFile(dir *os.File, name string) (*file, error) {
	const flags = unix.O_RDONLY | unix.O_NONBLOCK | unix.O_NOFOLLOW | unix.O_CLOEXEC
	f := &file{name: name}
	err := uninterrupted(func() (err error) {
		f.fd, err = unix.Openat(int(dir.Fd()), name, flags, 0)
		return err
	})
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	if err := uninterrupted(func() error { return unix.Fstat(f.fd, &f.stat) }); err != nil {
		f.close()
		return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	return f, nil
}

func (f *file) close() { _ = unix.Close(f.fd) } // it was only read

// regular tells whether it is one, and not a folder, pipe or device.
func (f *file) regular() bool { return f.stat.Mode&unix.S_IFMT == unix.S_IFREG }

func (f *file) size() int64 { return f.stat.Size }

func (f *file) modTime() time.Time { return time.Unix(f.stat.Mtim.Unix()) }

// changed tells whether the file is no longer what was opened.
func (f *file) changed() bool {
	var now unix.Stat_t
	err := uninterrupted(func() error { return unix.Fstat(f.fd, &now) })
	return err != nil || now.Size != f.stat.Size || now.Mtim != f.stat.Mtim
}

// ReadAt implements io.ReaderAt.
func (f *file) ReadAt(b []byte, at int64) (n int, err error) {
	for n < len(b) {
		m := 0
		err := uninterrupted(func() (err error) {
			m, err = unix.Pread(f.fd, b[n:], at+int64(n))
			return err
		})
		if err != nil {
			return n, &fs.PathError{Op: "read", Path: f.name, Err: err}
		}
		if m == 0 {
			return n, io.EOF
		}
		n += m
	}
	return n, nil
}

// uninterrupted calls again what a signal interrupted.
func uninterrupted(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
