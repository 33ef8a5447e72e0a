package inference

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	"go.uber.org/zap"

	"millwright/internal/clock"
	"millwright/internal/httpserve"
)

const (
	connections = 512 // to the API, and to the embedded S3 server
	beat        = 10 * time.Second
	grace       = 10 * time.Second // for calls under way at the end
	answering   = 2 * time.Second  // within which the database has to, to be ready
)

// Run serves until ctx ends, and then gives back what Open took: calls under way are
// answered, jobs are handed back to be gone on with at the next start or by another
// node. It returns nil, or what made it stop by itself.
func (s *Service) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// What calls and jobs use goes on until these have ended.
	below, endBelow := context.WithCancel(context.WithoutCancel(ctx))
	defer endBelow()
	var above, under sync.WaitGroup
	begin := func(group *sync.WaitGroup, ctx context.Context, what string, run func(context.Context) error) {
		group.Go(func() {
			if err := run(ctx); err != nil && !errors.Is(err, context.Canceled) {
				cancel(fmt.Errorf("%s: %w", what, err))
			}
		})
	}
	begin(&above, ctx, "API", func(ctx context.Context) error {
		return httpserve.Serve(ctx, s.listener, s.cfg.Listen, s.mux(), httpserve.Options{AnyName: true, Connections: connections, Request: time.Minute, Grace: grace}, s.log)
	})
	begin(&above, ctx, "job metrics", s.watchJobs())
	begin(&above, ctx, "jobs", s.jobs.Run)
	begin(&above, ctx, "principals", s.principals.Run)
	begin(&above, ctx, "beat", s.beat)
	if s.buckets != nil {
		begin(&under, below, "S3", s.serveS3)
	}
	s.log.Info("serving", zap.String("api", s.API), zap.String("s3", s.S3), zap.String("region", s.cfg.Region), zap.Int("principals", len(s.principals.All())), s.rehearsed())
	s.o.Supervisor.Ready()
	<-ctx.Done()
	s.o.Supervisor.Stopping()
	above.Wait()
	endBelow()
	under.Wait()
	err := context.Cause(ctx)
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	err = errors.Join(err, s.Close())
	if err == nil {
		s.log.Info("stopped")
	}
	return err
}

// rehearsed is for the log: which clock it is, when it is not the machine's.
func (s *Service) rehearsed() zap.Field {
	r, ok := s.o.Clock.(*clock.Rehearsal)
	if !ok {
		return zap.Skip()
	}
	from, _, pace := r.Course()
	return zap.String("rehearsal", fmt.Sprintf("%s@%g", from.Format(time.RFC3339), pace))
}

// beat tells the supervisor that the process turns and its database answers: a store
// or a client that hangs has no part in it.
func (s *Service) beat(ctx context.Context) error {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		if err := s.answers(ctx); err == nil {
			s.o.Supervisor.Alive()
		} else if ctx.Err() == nil {
			s.log.Error("the database does not answer", zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// answers tells whether the database does.
func (s *Service) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answering)
	defer cancel()
	db, _ := s.store.DB()
	return db.PingContext(ctx)
}

// serveS3 serves the embedded server's gate. Its requests may take as long as they
// go on (see s3gate), so that only heads have a time of their own.
func (s *Service) serveS3(ctx context.Context) error {
	return httpserve.Serve(ctx, s.buckets.listener, s.cfg.S3Listen, s.buckets.gate, httpserve.Options{AnyName: true, Bare: true, Connections: connections, Grace: grace}, s.log)
}

// mux is what the API's address answers: calls, and what watches over the service asks.
func (s *Service) mux() http.Handler {
	m := http.NewServeMux()
	m.Handle("/", s.handler)
	m.Handle("GET /metrics", s.metrics())
	m.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "alive") })
	m.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := s.answers(r.Context()); err != nil {
			say(w, http.StatusServiceUnavailable, "the database does not answer; the log says why")
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), answering)
		defer cancel()
		if err := s.client.HeadBucket(ctx, s.cfg.WorkBucket); err != nil {
			say(w, http.StatusServiceUnavailable, "the store of the buckets does not answer; the log says why")
			return
		}
		say(w, http.StatusOK, "ready")
	})
	return m
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintln(w, text)
}

// emptied makes a folder without anything in it: what lies there is of a run that
// was killed.
func emptied(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("empty the scratch folder: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the scratch folder: %w", err)
	}
	return nil
}
