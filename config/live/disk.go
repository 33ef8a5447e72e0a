package live

import (
	"context"
	"fmt"
	"os"

	"millwright/config"
	"millwright/internal/diskspace"
)

func (r *Report) stateDir(ctx context.Context) {
	const key = "state_dir"
	dir := r.cfg.StateDir
	if !r.writable(key, dir) {
		return
	}
	if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&0o022 != 0 {
		r.warn(key, "can be written to by others on this machine", "chmod 0750 "+dir)
	}
	total, avail, err := diskspace.Room(existing(dir))
	if err != nil {
		r.warn(key, "the room on its disk cannot be asked for: "+err.Error(), "look at the disk")
		return
	}
	used, err := diskspace.Tree(ctx, dir)
	if err != nil {
		return // the folder has been reported by then
	}
	r.quota(total, avail, used)
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

func mib(n int64) string { return config.Bytes(n &^ (1<<20 - 1)).String() }
