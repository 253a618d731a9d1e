// Package metrics counts what the program does, in the form that Prometheus reads.
//
// It owns the names of the figures, and small hooks for the parts that are counted:
// an observer of commands and of requests, the log's wrapper, and questions that are
// asked when somebody looks. Its registry is its own, so that several can live in one
// process. It refuses to be needed: no part waits for it, and what cannot be asked is
// left out. Start at [New]; docs/reference/metrics.md lists the figures.
package metrics

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"zhitong/events/log"
	"zhitong/internal/app"
	"zhitong/projections/projector"
)

// askMax bounds the questions that are asked when somebody looks.
const askMax = 2 * time.Second

// Sources are asked when somebody looks. Each may be nil.
type Sources struct {
	// Head is the last head that this process has seen.
	Head func() log.Head
	// Queue is how many commands wait to be decided.
	Queue func() int
	// Views says how the views stand.
	Views func(context.Context) ([]projector.Status, error)
	// Audit says when the running system last verified itself and whether all was well;
	// a zero time while it has not yet.
	Audit func() (at time.Time, ok bool)
}

// Metrics is the figures of one process. Its methods may be called from several
// goroutines.
type Metrics struct {
	registry *prometheus.Registry
	sources  Sources

	commands *prometheus.CounterVec
	deciding *prometheus.HistogramVec
	requests *prometheus.CounterVec
	answers  *prometheus.HistogramVec
	appends  prometheus.Histogram
	commits  prometheus.Histogram
	failed   prometheus.Counter
}

// upTo are the upper bounds of times, in seconds.
var upTo = []float64{.0002, .0005, .001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10}

// New returns figures that stand at zero.
func New(version string, s Sources) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(), sources: s,
		commands: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "zhitong_commands_total",
			Help: "Commands by name, result (ok, repeated, refused, failed) and code of the refusal."}, []string{"command", "result", "code"}),
		deciding: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "zhitong_command_seconds", Buckets: upTo,
			Help: "From the arrival of a command to its durable answer."}, []string{"result"}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "zhitong_http_requests_total",
			Help: "Requests by the pattern of their address, method and status."}, []string{"route", "method", "status"}),
		answers: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "zhitong_http_request_seconds", Buckets: upTo,
			Help: "From the arrival of a request to the end of its answer."}, []string{"route"}),
		appends: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "zhitong_log_append_seconds", Buckets: upTo,
			Help: "Writing a block durably."}),
		commits: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "zhitong_log_append_commits", Buckets: prometheus.ExponentialBuckets(1, 2, 10),
			Help: "Commits in a block that was written."}),
		failed: prometheus.NewCounter(prometheus.CounterOpts{Name: "zhitong_log_append_failures_total",
			Help: "Blocks that were not written, or of which it is not known."}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "zhitong_build_info", Help: "1, with the program's version.", ConstLabels: prometheus.Labels{"version": version}})
	build.Set(1)
	m.registry.MustRegister(m.commands, m.deciding, m.requests, m.answers, m.appends, m.commits, m.failed, build, asked{m},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Gatherer is where the figures can be read by other ways than [Metrics.Handler].
func (m *Metrics) Gatherer() prometheus.Gatherer { return m.registry }

// Handler answers with the figures in Prometheus' form.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second})
}

// Command counts a command that has been answered, or has failed without an answer.
func (m *Metrics) Command(command string, r *app.Result, err error, took time.Duration) {
	result, code := "ok", ""
	switch {
	case err != nil:
		result = "failed"
	case !r.OK:
		result, code = "refused", r.Problem.Code
		if code == "command.unknown" {
			command = "unknown" // whatever a client made up is no label
		}
	case r.Repeated:
		result = "repeated"
	}
	m.commands.WithLabelValues(command, result, code).Inc()
	m.deciding.WithLabelValues(result).Observe(took.Seconds())
}

// Request counts a request that has been answered.
func (m *Metrics) Request(route, method string, status int, took time.Duration) {
	if route == "" {
		route = "none"
	}
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
	default:
		method = "other"
	}
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
	m.answers.WithLabelValues(route).Observe(took.Seconds())
}

// Log is l with its writing counted.
func (m *Metrics) Log(l log.Log) log.Log { return countedLog{l, m} }

type countedLog struct {
	log.Log
	m *Metrics
}

func (c countedLog) Append(ctx context.Context, expected log.Head, commits [][]byte) (log.Head, error) {
	began := time.Now()
	head, err := c.Log.Append(ctx, expected, commits)
	if err != nil {
		c.m.failed.Inc()
		return head, err
	}
	c.m.appends.Observe(time.Since(began).Seconds())
	c.m.commits.Observe(float64(len(commits)))
	return head, nil
}
