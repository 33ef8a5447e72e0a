package results

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"go.uber.org/zap"

	"millwright/internal/atomicfile"
	"millwright/internal/executions"
	"millwright/internal/objstore"
	"millwright/internal/resultline"
	"millwright/internal/window"
)

// quarantine is where objects lie that cannot be used, one per window: the
// newest, with its reason beside it.
const quarantine = "quarantine/results"

// refuse keeps an object aside that cannot be used. The window stays as it is,
// with the reason, and the object is fetched again once it is another one.
func (f *follower) refuse(ctx context.Context, n now, o window.Outcome, got objstore.Info, file *late, why error) error {
	path := fmt.Sprintf("%s/%s/%s.jsonl", quarantine, f.Name, window.CompactStamp(o.Start))
	o.Reason, o.Remedy = explain(why)
	o.Reason = "its result cannot be used: " + executions.Printable(o.Reason, 500)
	if file != nil {
		body, err := file.begin()
		if err != nil {
			return err
		}
		if _, err := atomicfile.Copy(f.file(path), body, 0o640); err != nil {
			return fmt.Errorf("keep damaged result: %w", err)
		}
		o.Remedy += "; it is in " + path
	}
	text := fmt.Sprintf("object: s3://%s/%s\netag: %s\nseen: %s\nreason: %s\nremedy: %s\n",
		f.Bucket, window.ResultKey(f.Prefix, o.Start), got.ETag, n.business.Format(time.RFC3339), o.Reason, o.Remedy)
	if err := atomicfile.Write(f.file(strings.TrimSuffix(path, ".jsonl")+".reason.txt"), []byte(text), 0o640); err != nil {
		return fmt.Errorf("keep damaged result: %w", err)
	}
	f.refused[o.Start] = got.ETag
	f.log.Warn("a result cannot be used", zap.Time("window", time.Unix(0, o.Start).UTC()), zap.String("why", o.Reason), zap.String("remedy", o.Remedy))
	if o.Scoring == window.Delivered { // what is on site stays
		return nil
	}
	d := f.draft(n)
	d.mark(o.Scoring, o)
	return d.commit(ctx)
}

func (f *follower) file(path string) string {
	return filepath.Join(f.r.set.Dir, filepath.FromSlash(path))
}

// explain says what is wrong with an object and what to do about it.
func explain(why error) (what, remedy string) {
	switch {
	case errors.Is(why, objstore.ErrTooLarge), errors.Is(why, resultline.ErrLimit):
		return why.Error(), "see who writes such objects below the output prefix"
	case errors.Is(why, resultline.ErrTorn), errors.Is(why, resultline.ErrEmpty):
		return why.Error(), "nothing to do if the scheduler writes it anew: it is fetched then; otherwise see what stopped it"
	default:
		return why.Error(), "see who writes below the output prefix, and whether another scheduler has the same one; when it is written anew it is fetched"
	}
}
