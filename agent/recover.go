package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.uber.org/zap"

	"millwright/internal/atomicfile"
	"millwright/internal/drop"
	"millwright/internal/segment"
)

// segments is the part of the ledger that knows the segment files.
type segments interface {
	Segments(ctx context.Context) ([]string, error)
	DeadSegments(ctx context.Context) ([]string, error)
	ForgetSegment(ctx context.Context, name string) error
}

// adoption is the part of the ledger that takes rows found in the spool.
type adoption interface {
	segments
	ByIdentity(ctx context.Context, identity [32]byte) (drop.Drop, bool, error)
	CommitTaken(ctx context.Context, batch []drop.Taking) ([]drop.Drop, error)
}

// adopt commits the drops of segment files that the ledger does not list: the
// process ended between the two, or the ledger was lost. The rows are durable
// and whole, and their files may be gone by now. A damaged segment is set aside
// in quarantine; what can be read of it is adopted all the same.
func adopt(ctx context.Context, led adoption, dirs dirs, log *zap.Logger) error {
	names, err := unlisted(ctx, led, dirs.segments())
	if err != nil {
		return err
	}
	for _, name := range names {
		path := filepath.Join(dirs.segments(), name)
		batch, damage := takings(ctx, led, path)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if len(batch) > 0 {
			drops, err := led.CommitTaken(ctx, batch)
			if err != nil {
				return fmt.Errorf("adopt segment %s: %w", name, err)
			}
			if !slices.ContainsFunc(drops, func(d drop.Drop) bool { return d.State != drop.Refused }) {
				batch, damage = nil, errors.Join(damage, errors.New("the ledger takes none of its drops: "+drops[0].Reason))
			} else {
				log.Info("adopted a segment that the ledger did not list", zap.String("segment", name), zap.Int("drops", len(batch)))
			}
		}
		switch {
		case damage != nil:
			if err := setAside(path, dirs.quarantine(), len(batch) > 0); err != nil {
				return err
			}
			log.Error("set aside a damaged segment", zap.String("segment", name), zap.Error(damage), zap.String("to", dirs.quarantine()))
		case len(batch) == 0: // all its drops are in other segments
			if err := os.Remove(path); err != nil {
				return fmt.Errorf("remove segment %s: %w", name, err)
			}
		}
	}
	return nil
}

// unlisted gives the segment files unknown to the ledger, in the order of their
// making, and removes unfinished ones: their drops were never taken.
func unlisted(ctx context.Context, led segments, dir string) ([]string, error) {
	listed, err := led.Segments(ctx)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list the spool: %w", err)
	}
	slices.Sort(listed)
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), atomicfile.TempSuffix) {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return nil, fmt.Errorf("remove an unfinished segment: %w", err)
			}
			continue
		}
		if _, ok := slices.BinarySearch(listed, e.Name()); !ok {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// takings reads a segment's drops that the ledger does not have.
func takings(ctx context.Context, led adoption, path string) ([]drop.Taking, error) {
	var batch []drop.Taking
	err := segment.Scan(path, func(meta []byte, blocks []segment.Ref) error {
		var d drop.Drop
		if err := json.Unmarshal(meta, &d); err != nil {
			return fmt.Errorf("read a drop's record: %w", err)
		}
		switch _, known, err := led.ByIdentity(ctx, d.Identity); {
		case err != nil:
			return err
		case known:
			return nil
		}
		d.Segment = filepath.Base(path)
		batch = append(batch, drop.Taking{Drop: d, Blocks: blocks, Latest: latest(blocks)})
		return nil
	})
	return batch, err
}

// latest gives the newest row of each sensor, as taking gives it.
func latest(blocks []segment.Ref) map[string]map[string]int64 {
	m := map[string]map[string]int64{}
	for _, b := range blocks {
		if m[b.Component] == nil {
			m[b.Component] = map[string]int64{}
		}
		for _, t := range b.Tails {
			m[b.Component][t.Sensor] = max(t.Time, m[b.Component][t.Sensor])
		}
	}
	return m
}

func setAside(path, quarantine string, keep bool) error {
	target := filepath.Join(quarantine, filepath.Base(path))
	if !keep {
		if err := os.MkdirAll(quarantine, 0o750); err != nil {
			return fmt.Errorf("set a segment aside: %w", err)
		}
		return os.Rename(path, target)
	}
	src, err := os.Open(path) // its good blocks are still needed
	if err != nil {
		return fmt.Errorf("set a segment aside: %w", err)
	}
	defer src.Close()
	_, err = atomicfile.Copy(target, src, 0o640)
	return err
}

// bury deletes segments that no window reads any more. The file goes first:
// after a crash in between the ledger still lists it as dead.
func bury(ctx context.Context, led segments, dir string) error {
	dead, err := led.DeadSegments(ctx)
	if err != nil {
		return err
	}
	for _, name := range dead {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove segment %s: %w", name, err)
		}
		if err := led.ForgetSegment(ctx, name); err != nil {
			return err
		}
	}
	return nil
}
