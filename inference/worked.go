package inference

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"millwright/inference/jobs"
)

// watchJobs counts the attempts of jobs on this node; run goes on until its ctx ends.
func (s *Service) watchJobs() (run func(context.Context) error) {
	attempts := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "millwright_serve_job_attempts_total", Help: "Attempts of jobs on this node by kind and outcome: done, failed (and tried again), later.",
	}, []string{"kind", "outcome"})
	took := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "millwright_serve_job_duration_seconds", Help: "How long attempts of jobs took.", Buckets: []float64{.05, .2, 1, 5, 20, 60},
	}, []string{"kind"})
	waited := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "millwright_serve_job_wait_seconds", Help: "How long jobs were due before an attempt of them began.", Buckets: []float64{.2, 1, 5, 20, 60, 300, 1800},
	}, []string{"kind"})
	s.registry.MustRegister(attempts, took, waited, &state{s: s})
	return s.jobs.Watch(func(e jobs.Ended) {
		attempts.WithLabelValues(e.Kind, e.Outcome).Inc()
		took.WithLabelValues(e.Kind).Observe(e.Took.Seconds())
		waited.WithLabelValues(e.Kind).Observe(e.Waited.Seconds())
	})
}

// state reads at each scrape what the database holds, which is that of all nodes.
type state struct{ s *Service }

func described(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// descriptions are those of everything that a state gives.
type descriptions struct{ resources, queued, latest, anomalous, memory, limit *prometheus.Desc }

func describe() descriptions {
	return descriptions{
		resources: described("millwright_serve_resources", "Datasets, models and schedulers by status.", "resource", "status"),
		queued:    described("millwright_serve_jobs", "Jobs by queue and state: due (available), running, tried again later (retryable), not yet due (scheduled).", "queue", "state"),
		latest:    described("millwright_serve_latest_data_end_timestamp_seconds", "End of the newest data that a scheduler that is not stopped has judged; absent before its first result.", "account", "scheduler"),
		anomalous: described("millwright_serve_latest_anomalous", "1 where that result was ANOMALOUS.", "account", "scheduler"),
		memory:    described("millwright_serve_job_memory_bytes", "Memory that is admitted to jobs of this node."),
		limit:     described("millwright_serve_job_memory_limit_bytes", "Memory that jobs of this node may have together (memory)."),
	}
}

// Describe implements prometheus.Collector.
func (c *state) Describe(to chan<- *prometheus.Desc) {
	d := describe()
	for _, one := range []*prometheus.Desc{d.resources, d.queued, d.latest, d.anomalous, d.memory, d.limit} {
		to <- one
	}
}

// scraping is how long a scrape may keep the database.
const scraping = 5 * time.Second

// Collect implements prometheus.Collector. What cannot be read is left out: whether
// the database answers is told by /readyz.
func (c *state) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scraping)
	defer cancel()
	d := describe()
	give := func(of *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(of, prometheus.GaugeValue, v, labels...)
	}
	used, limit := c.s.jobs.Memory()
	give(d.memory, float64(used))
	give(d.limit, float64(limit))
	counts, err := c.s.store.Counts(ctx)
	for _, n := range counts {
		give(d.resources, float64(n.N), n.Resource, n.Status)
	}
	queued, alsoErr := c.s.jobs.Queued(ctx)
	for _, q := range queued {
		give(d.queued, float64(q.N), q.Queue, q.State)
	}
	latest, thirdErr := c.s.store.Latest(ctx)
	for _, l := range latest {
		if l.DataEnd.IsZero() {
			continue
		}
		anomalous := 0.0
		if l.Result == "ANOMALOUS" {
			anomalous = 1
		}
		give(d.latest, float64(l.DataEnd.UnixMilli())/1000, l.Account, l.Scheduler)
		give(d.anomalous, anomalous, l.Account, l.Scheduler)
	}
	for _, err := range []error{err, alsoErr, thirdErr} {
		if err != nil {
			c.s.log.Warn("metrics lack what the database holds", zap.Error(err))
		}
	}
}
