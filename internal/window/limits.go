package window

import "time"

// MaxFiles is how many files of a component the service reads in one run.
const MaxFiles = 60

// Limit is what the service takes from a component in one run.
type Limit struct {
	Bytes int64 // of raw input: one MB for each minute of the window
	Rows  int   // after resampling: one for each second of the window
}

// LimitOf gives the service's limits for a frequency.
func LimitOf(frequency time.Duration) Limit {
	return Limit{
		Bytes: int64(frequency/time.Minute) * 1_000_000,
		Rows:  int(frequency / time.Second),
	}
}
