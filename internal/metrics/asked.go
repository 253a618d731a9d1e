package metrics

import (
	"context"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// asked are the figures that are asked for when somebody looks.
type asked struct{ m *Metrics }

func figure(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// What is asked for.
var (
	head      = figure("zhitong_log_head_position", "Position of the last commit that this process has seen.")
	queue     = figure("zhitong_committer_queue", "Commands that wait to be decided.")
	reachable = figure("zhitong_views_reachable", "1 when the views' database answers.")
	position  = figure("zhitong_projection_position", "Position of the last commit in a view.", "projection", "version")
	lagEvents = figure("zhitong_projection_lag_commits", "Commits of the log that are not in a view yet.", "projection", "version")
	lagTime   = figure("zhitong_projection_lag_seconds", "Seconds between the recording of a view's last commit and of the log's.", "projection", "version")
	status    = figure("zhitong_projection_status", "1 for the status that a view has.", "projection", "version", "status")
	auditOK   = figure("zhitong_audit_ok", "1 when the running system last found itself to be in order, 0 when not.")
	auditAt   = figure("zhitong_audit_checked_timestamp_seconds", "When the running system last verified itself.")
)

// Describe implements prometheus.Collector.
func (a asked) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{head, queue, reachable, position, lagEvents, lagTime, status, auditOK, auditAt} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (a asked) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	s := a.m.sources
	if s.Head != nil {
		gauge(head, float64(s.Head().Position))
	}
	if s.Queue != nil {
		gauge(queue, float64(s.Queue()))
	}
	if s.Audit != nil {
		if at, ok := s.Audit(); !at.IsZero() {
			gauge(auditAt, float64(at.Unix()))
			gauge(auditOK, one(ok))
		}
	}
	if s.Views == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), askMax)
	defer cancel()
	views, err := s.Views(ctx)
	gauge(reachable, one(err == nil))
	for _, v := range views {
		version := strconv.Itoa(v.Version)
		gauge(position, float64(v.Position), v.Projection, version)
		gauge(lagEvents, float64(v.LagEvents), v.Projection, version)
		gauge(lagTime, float64(v.LagSeconds), v.Projection, version)
		gauge(status, 1, v.Projection, version, v.Status)
	}
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
