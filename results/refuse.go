package results

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
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
// with the reason, and the object is fetched again once it is another one or is
// judged by other rules, after a restart too.
func (f *follower) refuse(ctx context.Context, n now, before window.Outcome, got objstore.Info, file *late, why error) error {
	o := before
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
	o.Refused = ""
	if got.ETag != "" {
		o.Refused = f.rules + " " + got.ETag
	}
	f.log.Warn("a result cannot be used", zap.Time("window", time.Unix(0, o.Start).UTC()), zap.String("why", o.Reason), zap.String("remedy", o.Remedy))
	d := f.draft(n)
	if before.Scoring == window.Delivered { // what is on site stays
		before.Refused = o.Refused
		d.step.Outcomes = append(d.step.Outcomes, before)
		return d.commit(ctx)
	}
	d.mark(o.Scoring, o)
	return d.commit(ctx)
}

// rules name what an object is judged by: with another limit, another cadence or
// another program it may be of use.
func rules(set Settings, s *Scheduler) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %+v %s", set.Limits.Bytes, s.Cadence, set.Version))
	return hex.EncodeToString(sum[:6])
}

// refused is the ETag of the object that is known to be of no use for a window;
// empty: none is.
func (f *follower) refused(o window.Outcome) string {
	tag, known := strings.CutPrefix(o.Refused, f.rules+" ")
	if !known {
		return ""
	}
	return tag
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
