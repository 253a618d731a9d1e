package house

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDashboardsAskForFiguresThatExist: what the dashboard and the alarms ask for is
// in the list of figures, which a test of package metrics holds against the program.
func TestDashboardsAskForFiguresThatExist(t *testing.T) {
	t.Parallel()
	deploy := filepath.Join("..", "..", "deploy")
	list, err := os.ReadFile(filepath.Join("..", "..", "docs", "reference", "metrics.md"))
	if err != nil {
		t.Fatal(err)
	}
	asked := regexp.MustCompile(`zhitong_[a-z_]+`)
	for _, name := range []string{filepath.Join("grafana", "dashboards", "zhitong.json"), filepath.Join("prometheus", "alerts.yml")} {
		text, err := os.ReadFile(filepath.Join(deploy, name))
		if err != nil {
			t.Fatal(err)
		}
		figures := asked.FindAllString(string(text), -1)
		if len(figures) == 0 {
			t.Errorf("%s asks for nothing", name)
		}
		for _, f := range figures {
			of := f
			for _, suffix := range []string{"_bucket", "_sum", "_count"} {
				of = strings.TrimSuffix(of, suffix)
			}
			if !strings.Contains(string(list), "`"+of+"`") {
				t.Errorf("%s asks for %s, which is not in docs/reference/metrics.md", name, f)
			}
		}
	}
}
