package inference

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"millwright/inference/api"
)

// observeCall counts calls of the API.
func (s *Service) observeCall() func(api.Call) {
	calls := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "millwright_serve_calls_total", Help: "Calls of the API by operation and error type; an empty error is success.",
	}, []string{"operation", "error"})
	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "millwright_serve_call_duration_seconds", Help: "How long calls of the API took.", Buckets: []float64{.001, .005, .02, .1, .5, 2, 10},
	}, []string{"operation"})
	s.registry.MustRegister(calls, seconds)
	return func(c api.Call) {
		calls.WithLabelValues(c.Operation, c.Error).Inc()
		seconds.WithLabelValues(c.Operation).Observe(c.Took.Seconds())
	}
}

// observeS3 counts requests to the embedded S3 server.
func (s *Service) observeS3() func(method string, status int, took time.Duration) {
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "millwright_serve_s3_requests_total", Help: "Requests to the embedded S3 server by method and status.",
	}, []string{"method", "status"})
	s.registry.MustRegister(requests)
	return func(method string, status int, _ time.Duration) {
		switch method {
		case http.MethodGet, http.MethodHead, http.MethodPut, http.MethodPost, http.MethodDelete:
		default:
			method = "other" // a client may send any word
		}
		requests.WithLabelValues(method, strconv.Itoa(status)).Inc()
	}
}

// metrics answers scrapes.
func (s *Service) metrics() http.Handler {
	s.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 2})
}
