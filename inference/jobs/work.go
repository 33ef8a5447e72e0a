package jobs

import (
	"github.com/riverqueue/river"
)

// register says who does what.
func (j *Jobs) register(all *river.Workers) {
	register(all, j.run)
}
