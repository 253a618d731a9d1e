package api_test

import (
	"bytes"
	"net/http"
	"testing"

	"zhitong/domain"
)

// TestPersonalValuesForThoseWhoMay: in every role, of one's own and of another party,
// and of one who was erased.
func TestPersonalValuesForThoseWhoMay(t *testing.T) {
	t.Parallel()
	w, d := setup(t, options{}), readDescription(t)
	w.fill()
	const secret = "6230000000000000371"
	for _, c := range []struct {
		who as
		may bool
	}{
		{of(domain.Officer, "U-OFF1"), true}, {of(domain.Finance, "U-FIN1"), true}, {auditor, true}, {of(domain.Cooperative, "C001"), true},
		{of(domain.Cooperative, "C002"), false}, {of(domain.Buyer, "B001"), false}, {of(domain.Carrier, "K001"), false}, {of(domain.Funder, "F-PROV"), false},
		{of(domain.Dispatcher, "U-DIS1"), false}, {of(domain.Operator, "U-OP1"), false},
	} {
		r := w.get("/api/v1/persons/C001", c.who)
		if c.may {
			if r.status != http.StatusOK || !bytes.Contains(r.body, []byte(secret)) || r.header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: %d %s", c.who, r.status, r.body)
			}
			for _, f := range d.check(d.at("components", "schemas", "Person"), r.body) {
				t.Errorf("%s: %s", c.who, f)
			}
			continue
		}
		p := r.want(t, http.StatusForbidden, "personal.denied")
		none := w.get("/api/v1/persons/C-none", c.who).want(t, http.StatusForbidden, "personal.denied")
		if bytes.Contains(r.body, []byte("623")) || p.Detail != none.Detail {
			t.Errorf("%s is told %s, of nobody %q", c.who, r.body, none.Detail)
		}
	}
	w.get("/api/v1/persons/C001", nobody).want(t, http.StatusUnauthorized, "request.unauthenticated")
	w.get("/api/v1/persons/C-none", auditor).want(t, http.StatusNotFound, "party.unknown")
	if r := w.get("/api/v1/persons/C003", auditor); r.status != http.StatusOK || !bytes.Contains(r.body, []byte(`"erased":true`)) || bytes.Contains(r.body, []byte("623")) {
		t.Errorf("of one who was erased: %d %s", r.status, r.body)
	}
	for _, view := range w.views.Views() {
		for _, column := range view.ColumnNames() {
			for _, personal := range []string{"account_name", "bank", "account_no", "phone"} {
				if column == personal {
					t.Errorf("view %s has the column %s", view.Name, column)
				}
			}
		}
	}
}
