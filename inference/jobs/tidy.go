package jobs

import "context"

func (j *Jobs) tidyUp(ctx context.Context) { <-ctx.Done() }
