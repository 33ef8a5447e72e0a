package upload

import (
	"context"
	"errors"
	"strings"
)

// unusable deals with a window that is not at hand, or whose file cannot be
// sent. In the latter case the ledger is asked again first: perhaps the window
// was sealed anew meanwhile.
func (u *Uploader) unusable(ctx context.Context, j job, err error) outcome {
	if errors.Is(err, errNotAtHand) {
		return u.ask(ctx, j, err)
	}
	out := outcome{it: j.it, err: err, suspect: true, what: "the window's file in the spool: " + err.Error()}
	var damaged *damagedError
	switch {
	case !errors.As(err, &damaged):
		out.suspect = false
		out.remedy = "check the state folder's disk and rights"
	case !j.suspect:
		out.remedy = "nothing to do: it is looked at again"
	case u.set.Deriver == nil:
		out.remedy = backfillIt
	default:
		setAside(u.file(&j.Sealed))
		out.remedy = "nothing to do: the window is made again from its rows; if it repeats, check the disk"
		u.derive(ctx, j, damaged.why, &out)
	}
	return out
}

const backfillIt = "run backfill over the drops of this window"

// ask has a window made again that was only in memory when the process ended.
func (u *Uploader) ask(ctx context.Context, j job, err error) outcome {
	out := outcome{it: j.it, is: wanting, err: err}
	if u.set.Deriver == nil {
		out.is, out.what, out.remedy = failed, "the window "+err.Error(), backfillIt
		return out
	}
	u.derive(ctx, j, err.Error(), &out)
	return out
}

// derive asks for a window and says if that was in vain the last time.
func (u *Uploader) derive(ctx context.Context, j job, why string, out *outcome) {
	if err := u.set.Deriver.Derive(ctx, j.Sealed, why); err != nil {
		out.is, out.err = failed, errors.Join(out.err, err)
		out.what = strings.TrimPrefix(out.what+"; it could not be made again: "+err.Error(), "; ")
		out.remedy = backfillIt + ", and check the disk"
	}
}
