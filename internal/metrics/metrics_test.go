package metrics_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"zhitong/domain"
	"zhitong/events/log"
	"zhitong/events/log/logtest"
	"zhitong/internal/app"
	"zhitong/internal/metrics"
	"zhitong/projections/projector"
)

func show(t *testing.T, m *metrics.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func full(t *testing.T) *metrics.Metrics {
	t.Helper()
	m := metrics.New("v1", metrics.Sources{
		Head:  func() log.Head { return log.Head{Position: 42} },
		Queue: func() int { return 7 },
		Views: func(context.Context) ([]projector.Status, error) {
			return []projector.Status{{StatusKey: projector.StatusKey{Projection: "sales", Version: 2}, Position: 40, LagEvents: 2, LagSeconds: 3, Status: "live"}}, nil
		},
		Audit: func() (time.Time, bool) { return time.Unix(1000, 0), true },
	})
	m.Command("order.submit", &app.Result{OK: true}, nil, time.Millisecond)
	m.Command("order.submit", &app.Result{OK: true, Repeated: true}, nil, time.Millisecond)
	m.Command("order.submit", &app.Result{Problem: &domain.Problem{Code: "order.unknown"}}, nil, time.Millisecond)
	m.Command("made up \n by a client", &app.Result{Problem: &domain.Problem{Code: "command.unknown"}}, nil, time.Millisecond)
	m.Command("order.submit", nil, errors.New("away"), time.Millisecond)
	m.Request("GET /healthz", "GET", 200, time.Millisecond)
	m.Request("", "BREW", 404, time.Millisecond)
	l := m.Log(log.NewMemory())
	logtest.MustAppend(t, l, log.Head{}, logtest.Commits("a", 3))
	if _, err := l.Append(t.Context(), log.Head{}, logtest.Commits("b", 1)); err == nil {
		t.Fatal("an append on a stale head succeeded")
	}
	return m
}

func TestWhatIsCounted(t *testing.T) {
	t.Parallel()
	text := show(t, full(t))
	for _, line := range []string{
		`zhitong_build_info{version="v1"} 1`,
		`zhitong_commands_total{code="",command="order.submit",result="ok"} 1`,
		`zhitong_commands_total{code="",command="order.submit",result="repeated"} 1`,
		`zhitong_commands_total{code="order.unknown",command="order.submit",result="refused"} 1`,
		`zhitong_commands_total{code="command.unknown",command="unknown",result="refused"} 1`,
		`zhitong_commands_total{code="",command="order.submit",result="failed"} 1`,
		`zhitong_command_seconds_count{result="refused"} 2`,
		`zhitong_committer_queue 7`,
		`zhitong_log_head_position 42`,
		`zhitong_log_append_seconds_count 1`,
		`zhitong_log_append_commits_sum 3`,
		`zhitong_log_append_failures_total 1`,
		`zhitong_views_reachable 1`,
		`zhitong_projection_position{projection="sales",version="2"} 40`,
		`zhitong_projection_lag_commits{projection="sales",version="2"} 2`,
		`zhitong_projection_lag_seconds{projection="sales",version="2"} 3`,
		`zhitong_projection_status{projection="sales",status="live",version="2"} 1`,
		`zhitong_http_requests_total{method="GET",route="GET /healthz",status="200"} 1`,
		`zhitong_http_requests_total{method="other",route="none",status="404"} 1`,
		`zhitong_http_request_seconds_count{route="none"} 1`,
		`zhitong_audit_ok 1`,
		`zhitong_audit_checked_timestamp_seconds 1000`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("there is no line %s", line)
		}
	}
	if !strings.Contains(text, "go_goroutines ") {
		t.Error("the runtime's figures are not there")
	}
}

func TestWhatCannotBeAskedIsLeftOut(t *testing.T) {
	t.Parallel()
	m := metrics.New("v1", metrics.Sources{
		Views: func(context.Context) ([]projector.Status, error) { return nil, errors.New("away") },
		Audit: func() (time.Time, bool) { return time.Time{}, false },
	})
	text := show(t, m)
	if !strings.Contains(text, "zhitong_views_reachable 0\n") {
		t.Error("views that are away are not told")
	}
	for _, absent := range []string{"zhitong_projection_position", "zhitong_audit_ok", "zhitong_log_head_position"} {
		if strings.Contains(text, absent) {
			t.Errorf("%s is there", absent)
		}
	}
}

func TestTwoRegistriesLiveInOneProcess(t *testing.T) {
	t.Parallel()
	one, other := full(t), metrics.New("v2", metrics.Sources{})
	if text := show(t, other); strings.Contains(text, "order.submit") {
		t.Error("what one counts the other shows")
	}
	if families, err := one.Gatherer().Gather(); err != nil || len(families) < 10 {
		t.Errorf("%d families, %v", len(families), err)
	}
}

func TestTheReferenceOfFiguresIsTheProgram(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "reference", "metrics.md"))
	if err != nil {
		t.Fatal(err)
	}
	names := func(pattern, text string) []string {
		var list []string
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			list = append(list, m[1])
		}
		slices.Sort(list)
		return slices.Compact(list)
	}
	documented, shown := names("(?m)^\\| `(zhitong_\\w+)`", string(page)), names(`(?m)^# TYPE (zhitong_\w+)`, show(t, full(t)))
	if !slices.Equal(documented, shown) {
		t.Errorf("docs/reference/metrics.md has %v, the program shows %v", documented, shown)
	}
}
