package backfill

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"millwright/internal/objstore"
)

// onePut is up to which size an object is sent in one request, which can be told
// not to replace anything. Larger ones go in parts.
const onePut = 8 << 20

// deliver brings a month to the bucket and puts it into the summary.
func (c *corpus) deliver(ctx context.Context, component string, m *month) error {
	key := c.place.Prefix + component + "/" + component + "_" + m.stamp
	o := objstore.Object{
		Bucket: c.place.Bucket, Key: key + ".csv", File: m.path, Size: m.size, SHA256: [32]byte(m.sha.Sum(nil)), MD5: [16]byte(m.md5.Sum(nil)),
		Instance: c.cfg.Instance, Generation: 1, IfNoneMatch: true,
	}
	beside := key + "_" + hex.EncodeToString(o.SHA256[:4]) + ".csv"
	done := Object{Bucket: o.Bucket, Rows: m.rows, Bytes: m.size, SHA256: hex.EncodeToString(o.SHA256[:])}
	var step Step = silent{}
	if !c.o.DryRun {
		step = c.Progress.Step("upload "+component+" "+m.stamp, UnitBytes, m.size)
	}
	defer step.Done()
	err := c.patiently(ctx, func() error {
		var err error
		done.State, err = c.settle(ctx, &o, key+".csv", beside)
		return err
	})
	if done.Key = o.Key; err != nil {
		return err
	}
	step.Add(m.size)
	c.log.Debug("training object", zap.String("key", o.Key), zap.String("state", done.State), zap.Int64("bytes", o.Size))
	c.sum.List = append(c.sum.List, done)
	c.sum.Objects.Rows += done.Rows
	c.sum.Objects.Bytes += done.Bytes
	switch done.State {
	case stateSent:
		c.sum.Objects.Sent++
	case stateThere:
		c.sum.Objects.Adopted++
	}
	if o.Key == beside && done.State != stateThere {
		c.sum.note("s3://%s/%s.csv holds other content and is left alone: this month goes beside it as %s", o.Bucket, key, beside)
	}
	return nil
}

// settle makes one attempt. o.Key is where the content is, or would be.
func (c *corpus) settle(ctx context.Context, o *objstore.Object, plain, beside string) (string, error) {
	for _, key := range []string{plain, beside} {
		o.Key = key
		state, free, err := c.at(ctx, o)
		if err != nil || state != "" {
			return state, err
		}
		if !free {
			continue
		}
		if c.o.DryRun {
			return stateNew, nil
		}
		return stateSent, c.put(ctx, o) // ErrExists: somebody was quicker, and the next attempt looks again
	}
	return "", fmt.Errorf("put s3://%s/%s: it holds other content, although its name has the hash of ours: look who wrote it", o.Bucket, o.Key)
}

// at looks at a key: whether the content is there, or the key is free.
func (c *corpus) at(ctx context.Context, o *objstore.Object) (state string, free bool, err error) {
	found, err := c.store.Head(ctx, o.Bucket, o.Key)
	switch {
	case errors.Is(err, objstore.ErrNotFound):
		return "", true, nil
	case err != nil && c.o.DryRun && ctx.Err() == nil:
		return stateUnknown, false, nil
	case err != nil:
		return "", false, err
	case sameContent(found, o.Size, hex.EncodeToString(o.SHA256[:]), hex.EncodeToString(o.MD5[:])):
		return stateThere, false, nil
	}
	return "", false, nil
}

// put sends and looks whether it arrived.
func (c *corpus) put(ctx context.Context, o *objstore.Object) error {
	var err error
	if o.Size <= onePut {
		if _, err = c.store.Put(ctx, *o); objstore.KindOf(err) == objstore.KindUnsupported {
			plain := *o
			plain.IfNoneMatch = false // a store without conditional writes
			_, err = c.store.Put(ctx, plain)
		}
	} else {
		_, err = c.store.PutFile(ctx, *o)
	}
	if err != nil {
		return err
	}
	switch state, _, err := c.at(ctx, o); {
	case err != nil:
		return err
	case state != stateThere:
		return fmt.Errorf("check s3://%s/%s: the store holds something else than was sent: look for another writer", o.Bucket, o.Key)
	}
	return nil
}

// patiently tries again until the patience is at its end.
func (c *corpus) patiently(ctx context.Context, try func() error) error {
	begun, pause, told := time.Now(), time.Second, ""
	for {
		err := try()
		if err == nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		if objstore.KindOf(err) == objstore.KindOther {
			return err // not for lack of a store
		}
		what, remedy := objstore.Explain(err)
		left := c.o.Patience - time.Since(begun)
		if left <= 0 {
			return fmt.Errorf("%w: the store took nothing for %s: %s; %s", ErrPartly, c.o.Patience, what, remedy)
		}
		if what != told {
			told = what
			c.log.Warn("upload failed, it is tried again", zap.String("what", what), zap.String("remedy", remedy), zap.Error(err))
		}
		timer := time.NewTimer(min(pause, left))
		pause = min(2*pause, 30*time.Second)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}
