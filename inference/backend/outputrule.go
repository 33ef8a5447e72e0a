package backend

import (
	"context"

	"millwright/inference/api"
	"millwright/inference/store"
)

// outputRule wants results of a scheduler that is to run to have a place of their own.
// Keys are made of prefix and window alone, and an object is never replaced: of two
// that write to one place, one would fail again and again. One that is STOPPED is in
// nobody's way, so that another may take its place over.
func outputRule(ctx context.Context, r store.Reader, s store.Scheduler) error {
	active, err := r.ActiveSchedulers(ctx)
	if err != nil {
		return err
	}
	place := s.Output.S3OutputConfiguration
	for _, o := range active {
		if o.ID == s.ID || o.Output.S3OutputConfiguration != place {
			continue
		}
		who := "inference scheduler " + o.Name
		if o.Account != s.Account {
			who = "an inference scheduler of another account"
		}
		return api.Conflict("%s writes its results to s3://%s/%s: stop it, or set another prefix for those of %s", who, place.Bucket, place.Prefix, s.Name)
	}
	return nil
}
