package live

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"millwright/config"
)

func (r *Report) stateDir() {
	const key = "state_dir"
	dir := r.cfg.StateDir
	if !r.writable(key, dir) {
		return
	}
	if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&0o022 != 0 {
		r.warn(key, "can be written to by others on this machine", "chmod 0750 "+dir)
	}
	total, avail, err := room(existing(dir))
	if err != nil {
		r.warn(key, "the room on its disk cannot be asked for: "+cause(err), "look at the disk")
		return
	}
	r.quota(total, avail, used(dir))
}

// quota holds the limits against the disk.
func (r *Report) quota(total, avail, used int64) {
	l := r.cfg.Limits
	state, free := l.State.Of(total), l.Free.Of(total)
	switch {
	case avail < free:
		r.fault("limits.free", fmt.Sprintf("only %s of %s are free, %s are to be left: nothing would be taken", mib(avail), mib(total), mib(free)),
			"make room, or lower it")
	case avail-free < state-used:
		r.warn("limits.state", fmt.Sprintf("%s are allowed and %s are used, but the disk has only %s above limits.free", mib(state), mib(used), mib(avail-free)),
			fmt.Sprintf("lower it to %s, or make room", mib(used+avail-free)))
	}
}

// room is the size of a disk and what is left to unprivileged users, in bytes.
func room(path string) (total, avail int64, err error) {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return 0, 0, &fs.PathError{Op: "statfs", Path: path, Err: err}
	}
	return int64(st.Blocks) * int64(st.Bsize), int64(st.Bavail) * int64(st.Bsize), nil
}

// used is what the files below dir hold; what cannot be looked at counts 0.
func used(dir string) int64 {
	var sum int64
	_ = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil {
			return nil // a folder that cannot be read has been reported by then
		}
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			sum += info.Size()
		}
		return nil
	})
	return sum
}

func mib(n int64) string { return config.Bytes(n &^ (1<<20 - 1)).String() }
