package inference

import (
	"context"
	"encoding/json"
	"net/http"
	"path/filepath"
	"time"

	"millwright/inference/api"
	"millwright/inference/backend"
	"millwright/inference/jobs"
	"millwright/inference/lake"
	"millwright/inference/sigv4"
	"millwright/inference/store"
)

// signing is the service's name in signatures.
const signing = "lookoutequipment"

// openWork makes what answers calls and what does the work that they ask for.
func (s *Service) openWork(context.Context) error {
	var b *backend.Backend // jobs ask it for a model's settings, and it asks them for work
	o := jobs.Options{
		Store: s.store, Alone: s.cfg.Database == "", Bucket: s.cfg.WorkBucket, S3: s.client, Clock: s.o.Clock, Workers: s.cfg.Workers, MinDays: s.cfg.Detector.MinDays, Poll: s.o.Poll,
		CatchUp: catchUp(s.cfg.CatchUp.Duration()), Memory: s.cfg.Memory.Bytes(),
		Quotas: lake.Quotas{DatasetBytes: s.cfg.Quotas.Dataset.Bytes(), FileBytes: s.cfg.Quotas.File.Bytes()},
		Lake:   lake.Options{MaxFile: s.cfg.Quotas.File.Bytes(), Scratch: filepath.Join(s.cfg.DataDir, "scratch")},
		Freeze: func(ctx context.Context, r store.Reader, modelARN string) (json.RawMessage, error) {
			return b.Freeze(ctx, r, modelARN)
		},
	}
	if err := emptied(o.Lake.Scratch); err != nil {
		return err
	}
	var err error
	if s.jobs, err = jobs.New(o, s.log.Named("jobs")); err != nil {
		return err
	}
	d := s.cfg.Detector
	b = backend.New(s.store, s.jobs, backend.Options{
		Region: s.cfg.Region, SensorsPerModel: s.cfg.Quotas.SensorsPerModel, Now: s.o.Clock.Now,
		Detector: backend.Settings{FalseAlarmsPerWeek: d.FalseAlarmsPerWeek, Restart: d.Restart, Hold: d.Hold},
	})
	verifier := sigv4.NewVerifier(s.cfg.Region, signing, s.principals, time.Now)
	s.handler, err = api.New(b, func(r *http.Request) (api.Verify, error) {
		verify, err := verifier.Begin(r)
		if err != nil {
			return nil, err
		}
		return func(body []byte) (api.Identity, error) {
			p, err := verify(body)
			if err != nil {
				return api.Identity{}, err
			}
			return api.Identity{Name: p.Name, AccessKey: p.AccessKey, Account: p.Account, Access: p}, nil
		}, nil
	}, api.Options{Observe: s.observeCall()}, s.log.Named("api"))
	return err
}

// catchUp says 0 as jobs do: theirs means the default.
func catchUp(configured time.Duration) time.Duration {
	if configured == 0 {
		return -1
	}
	return configured
}
