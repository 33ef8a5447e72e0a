package validate

import (
	"os"
	"time"

	"golang.org/x/sys/unix"

	"millwright/ingest/take"
	"millwright/internal/series"
)

// birth is when the file system made a file; zero where it does not say.
func birth(f *os.File) time.Time {
	var st unix.Statx_t
	if err := unix.Statx(int(f.Fd()), "", unix.AT_EMPTY_PATH, unix.STATX_BTIME, &st); err != nil || st.Mask&unix.STATX_BTIME == 0 {
		return time.Time{}
	}
	return time.Unix(st.Btime.Sec, int64(st.Btime.Nsec))
}

// grown tells whether the file was written row by row as its rows came about,
// and not at once: it was made with its first row and last written with its
// last one. A copy is made after all of its rows.
func (r *reading) grown(rep series.Report) bool {
	if !r.g.o.Arrival.ModTime || r.born.IsZero() || r.in.folder.Complete.Rule != take.Settle {
		return false // whole files come at once, whatever they did before
	}
	slack := time.Minute + 2*r.interval.Typical()
	first, last := time.Unix(0, rep.First), time.Unix(0, rep.Last)
	return r.in.mod.Sub(r.born) > slack && first.Sub(r.born).Abs() <= slack && last.Sub(r.in.mod).Abs() <= slack
}
