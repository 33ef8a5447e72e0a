package backfill

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"millwright/config"
	"millwright/internal/atomicfile"
	"millwright/internal/diskspace"
)

// job is the state of one command: a folder of its own below state_dir, which
// the daemon does not look into.
type job struct {
	dir  string
	lock *os.File
}

// openJob finds or makes the folder of a command. The same command with the
// same configuration has the same folder. A dry run has one that nobody finds.
func openJob(cfg *config.Config, o Options) (*job, error) {
	if o.DryRun {
		dir, err := os.MkdirTemp("", "millwright-backfill-")
		if err != nil {
			return nil, fmt.Errorf("make a scratch folder: %w; set TMPDIR to a folder with room", err)
		}
		return &job{dir: dir}, nil
	}
	about, id, err := describe(cfg, o)
	if err != nil {
		return nil, err
	}
	j := &job{dir: filepath.Join(cfg.StateDir, "backfill", id)}
	if err := os.RemoveAll(j.dir + doneSuffix); err != nil {
		return nil, fmt.Errorf("clear the folder of this backfill: %w", err)
	}
	if err := os.MkdirAll(j.dir, 0o750); err != nil {
		return nil, fmt.Errorf("make the folder of this backfill: %w; check state_dir and its owner", err)
	}
	if j.lock, err = os.OpenFile(filepath.Join(j.dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return nil, fmt.Errorf("lock the folder of this backfill: %w", err)
	}
	if err := unix.Flock(int(j.lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = errors.New("the same command is running: wait for it, or stop it first")
		}
		return nil, errors.Join(fmt.Errorf("lock %s: %w", j.dir, err), j.lock.Close())
	}
	return j, atomicfile.Write(filepath.Join(j.dir, "command.json"), about, 0o640)
}

// describe writes a command down, and what of the configuration decides its
// outcome. What only decides how it is done is left out.
func describe(cfg *config.Config, o Options) (about []byte, id string, err error) {
	paths := make([]string, len(o.Paths))
	for i, p := range o.Paths {
		if paths[i], err = filepath.Abs(p); err != nil {
			return nil, "", fmt.Errorf("find %s: %w", p, err)
		}
	}
	o.Paths, o.Replace, o.RateLimit, o.Patience, o.Jobs = paths, false, 0, 0, 0
	about, err = json.MarshalIndent(struct {
		Command    Options
		Instance   string
		S3         config.S3
		Drops      []config.Drop
		Schedulers []config.Scheduler
	}{o, cfg.Instance, cfg.S3, cfg.Drops, cfg.Schedulers}, "", " ")
	if err != nil {
		return nil, "", fmt.Errorf("describe this backfill: %w", err)
	}
	sum := sha256.Sum256(about)
	return about, hex.EncodeToString(sum[:6]), nil
}

// clear removes everything but the lock: the work begins anew.
func (j *job) clear() error {
	entries, err := os.ReadDir(j.dir)
	if err != nil {
		return fmt.Errorf("clear the folder of this backfill: %w", err)
	}
	for _, e := range entries {
		if e.Name() == "lock" || e.Name() == "command.json" {
			continue
		}
		if err := os.RemoveAll(filepath.Join(j.dir, e.Name())); err != nil {
			return fmt.Errorf("clear the folder of this backfill: %w", err)
		}
	}
	return nil
}

// doneSuffix marks the folder of a command that is done: a crash while it is
// removed must not leave half of it to a later run.
const doneSuffix = ".done"

// close lets go of the folder and removes it when the work is done.
func (j *job) close(done bool) error {
	if j.lock == nil {
		return os.RemoveAll(j.dir)
	}
	var err error
	if done {
		if err = os.Rename(j.dir, j.dir+doneSuffix); err == nil {
			err = os.RemoveAll(j.dir + doneSuffix)
		}
		_ = os.Remove(filepath.Dir(j.dir)) // when it was the last; otherwise it is not empty
	}
	return errors.Join(err, j.lock.Close())
}

// room watches that a backfill leaves the daemon its share of the disk.
type room struct {
	cfg  *config.Config
	dir  string
	used int64 // below state_dir without dir, at the start
}

func newRoom(ctx context.Context, cfg *config.Config, dir string) (*room, error) {
	all, err := diskspace.Tree(ctx, cfg.StateDir)
	if err != nil {
		return nil, err
	}
	own, err := diskspace.Tree(ctx, dir)
	return &room{cfg: cfg, dir: dir, used: max(0, all-own)}, err
}

// check tells when the disk or the quota comes to its end with more bytes.
func (r *room) check(ctx context.Context, more int64) error {
	total, free, err := diskspace.Room(r.dir)
	if err != nil {
		return err
	}
	if least := r.cfg.Limits.Free.Of(total); free-more < least {
		return fmt.Errorf("keep limits.free of the disk of %s: %s are free and %s more are needed: make room, or do it in portions with --from and --to",
			r.dir, diskspace.Binary(free), diskspace.Binary(more))
	}
	own, err := diskspace.Tree(ctx, r.dir)
	if err != nil {
		return err
	}
	if quota := r.cfg.Limits.State.Of(total); quota > 0 && r.used+own+more > quota {
		return fmt.Errorf("keep limits.state (%s): the state folder has %s, this backfill %s, and %s more are needed: raise limits.state, or do it in portions with --from and --to",
			diskspace.Binary(quota), diskspace.Binary(r.used), diskspace.Binary(own), diskspace.Binary(more))
	}
	return nil
}
