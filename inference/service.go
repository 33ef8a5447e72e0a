// Package inference is the inference service: it puts together what the packages
// below it do, from one configuration, and serves it until it is told to stop. It
// decides nothing about requests, runs or models itself.
package inference

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"millwright/inference/api"
	"millwright/inference/config"
	"millwright/inference/jobs"
	"millwright/inference/sigv4"
	"millwright/inference/store"
	"millwright/internal/clock"
	"millwright/internal/objstore"
)

// Supervisor is told what a service manager wants to know of a daemon.
type Supervisor interface {
	Ready()
	Alive()
	Stopping()
	Status(line string)
}

// Options of a Service. Only Config is required.
type Options struct {
	Config     *config.Config
	Clock      clock.Clock         // business time: of windows, wake-ups and everything that is shown. Default: the machine's
	Getenv     func(string) string // Default: os.Getenv
	Supervisor Supervisor          // Default: nobody
	Poll       time.Duration       // how often queues are looked at. Default: that of jobs
}

// Service is one node.
type Service struct {
	// API and S3 are the URLs that clients use; S3 is that of the configured store where
	// there is no embedded server.
	API, S3 string
	// Credentials is the file with the key that was made at the first start, in the form
	// that SDKs share; "" where principals come from elsewhere.
	Credentials string
	// Made tells whether it was made by this start.
	Made bool

	o          Options
	cfg        *config.Config
	log        *zap.Logger
	registry   *prometheus.Registry
	principals *sigv4.Principals
	store      *store.Store
	buckets    *buckets
	client     *objstore.Client
	jobs       *jobs.Jobs
	handler    *api.Handler
	listener   net.Listener
	closers    []func() error // in the order of opening
}

// Open makes a node that answers nobody yet: its listeners are open, so that API and
// S3 are known, its database is up to date and its buckets can be used. Run serves;
// Close is for those that are never run. An error says which key of the
// configuration is to be looked at; it is yamlfile.Faults where that, or a file that
// it names, has to be another.
func Open(ctx context.Context, o Options, log *zap.Logger) (*Service, error) {
	if o.Clock == nil {
		o.Clock = clock.Real{}
	}
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	if o.Supervisor == nil {
		o.Supervisor = unsupervised{}
	}
	s := &Service{o: o, cfg: o.Config, log: log, registry: prometheus.NewRegistry()}
	for _, open := range []func(context.Context) error{s.openCertificates, s.openFolder, s.openPrincipals, s.openListener, s.openBuckets, s.openStore, s.openWork} {
		if err := open(ctx); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// unsupervised is nobody.
type unsupervised struct{}

func (unsupervised) Ready()        {}
func (unsupervised) Alive()        {}
func (unsupervised) Stopping()     {}
func (unsupervised) Status(string) {}

// openPrincipals finds out who may call: those of the file, of the environment, and
// without either the one whose key is made at the first start.
func (s *Service) openPrincipals(context.Context) error {
	o := sigv4.Options{Account: s.cfg.AccountID, Hidden: []string{s.cfg.WorkBucket}}
	environment, err := sigv4.FromEnvironment(s.o.Getenv, s.cfg.AccountID)
	if err != nil {
		return err
	}
	if environment != nil {
		o.Always = append(o.Always, environment)
	}
	switch {
	case s.cfg.PrincipalsFile != "":
		if s.principals, err = sigv4.Open(s.cfg.PrincipalsFile, o, s.log); err != nil {
			return principalsFaults(s.cfg, err)
		}
		return nil
	case environment != nil:
		s.principals = sigv4.Of(o)
		return nil
	}
	s.Credentials = filepath.Join(s.cfg.DataDir, "credentials")
	first, made, err := sigv4.First(s.Credentials, s.cfg.AccountID)
	if err != nil {
		return err
	}
	s.Made = made
	s.principals = sigv4.Of(o, first)
	return nil
}

// openStore opens the database.
func (s *Service) openStore(ctx context.Context) error {
	database := s.cfg.Database
	if database == "" {
		database = filepath.Join(s.cfg.DataDir, "service.db")
	}
	db, err := store.Open(ctx, store.Options{
		Database: database, Also: jobs.Migrate,
		Quotas: store.Quotas{
			Datasets: s.cfg.Quotas.Datasets, Models: s.cfg.Quotas.Models, LabelGroups: labelGroups,
			PendingIngestions: pending, PendingModels: pending, LabelsPerGroup: labelsPerGroup, TagsPerResource: tags,
		},
	})
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	s.store = db
	s.closers = append(s.closers, db.Close)
	return nil
}

// Limits of an account that nobody has asked to raise; those of the original service
// where it has told them.
const (
	labelGroups    = 15
	pending        = 5 // ingestions, and trainings, in progress
	labelsPerGroup = 10_000
	tags           = 200 // of a resource
)

// Close gives back what Open took.
func (s *Service) Close() error {
	var all error
	for i := len(s.closers) - 1; i >= 0; i-- {
		all = errors.Join(all, s.closers[i]())
	}
	s.closers = nil
	return all
}
