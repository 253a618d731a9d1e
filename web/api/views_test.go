package api_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"zhitong/domain"
	"zhitong/domain/account"
	"zhitong/projections"
	"zhitong/web/api"
	"zhitong/web/openapi"
)

// others are the examples once more for other parties: another cooperative, buyer,
// carrier and pair of funders, with goods and money of their own.
func (w *world) others() {
	w.t.Helper()
	rename := strings.NewReplacer("C001", "C011", "B001", "B011", "K001", "K011", "F-PROV", "G-PROV", "F-CNTY", "G-CNTY",
		"PO-1", "QO-1", "PO-2", "QO-2", "PO-3", "QO-3", "S-1", "T-1", "S-2", "T-2", "D-1", "E-1", "D-2", "E-2", "SGYD", "OTHER", "LOCAL", "PLACE",
		"PAY-", "PBY-", "x-", "y-", "新R12345", "新R99999", "甘A00369", "甘A00370", "K-1", "L-1", "A-001", "A-002", "dried", "other", "jujube", "walnut", "route_id\":\"369", "route_id\":\"370", "C003", "C013", "C002", "C012", "u-sangzhu-1", "u-sangzhu-2", "PHONE-7", "PHONE-8")
	for _, env := range openapi.Examples() {
		if env.Command == "programme.open" {
			continue
		}
		env.ID, env.Actor = rename.Replace(env.ID), domain.ID(rename.Replace(string(env.Actor)))
		env.Data = []byte(rename.Replace(string(env.Data)))
		if r := w.post(env, ""); r.status != http.StatusOK {
			w.t.Fatalf("%s %s %s: %d %s", env.ID, env.Command, env.Data, r.status, r.body)
		}
	}
}

// rows asks a view for all rows as JSON, one a string.
func (w *world) rows(view string, who as, query string) []string {
	w.t.Helper()
	r := w.get(fmt.Sprintf("/api/v1/views/%s?wait_for=%d%s", view, w.head(), query), who)
	if r.status != http.StatusOK {
		w.t.Fatalf("%s as %s: %d %s", view, who, r.status, r.body)
	}
	return linesOf(w.t, r.body)
}

func linesOf(t *testing.T, body []byte) []string {
	t.Helper()
	var rows []jsonRow
	if err := json.Unmarshal(body, &rows); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	lines := []string{}
	for _, r := range rows {
		lines = append(lines, string(r))
	}
	return lines
}

// jsonRow is a row in its bytes.
type jsonRow []byte

func (r *jsonRow) UnmarshalJSON(b []byte) error { *r = bytes.Clone(b); return nil }

// may says what each role reads of each view: a all rows, o its own, . nothing; in
// the order cooperative, buyer, carrier, dispatcher, officer, finance, auditor,
// funder, operator.
var may = map[string]string{
	"programme_totals":    "aaaaaaaaa",
	"items":               "aaaaaaaaa",
	"routes":              "aaaaaaaaa",
	"policies":            "aaaaaaaaa",
	"pairings":            "aaaaaaaaa",
	"sales_by_item":       "aaaaaaaaa",
	"publicity":           "aaaaaaaaa",
	"parties":             "oooaaaaoa",
	"order_fulfilment":    "oo.aaaa.a",
	"departures":          "aaoaaaa.a",
	"shipments":           "oooaaaa.a",
	"shipment_lines":      "oooaaaa.a",
	"freight_cost":        "..oaaaa.a",
	"sales_volume":        "oo.aaaa.a",
	"sales_by_pairing":    "...aaaaaa",
	"claims":              "o...aaaoa",
	"claim_lines":         "o...aaaoa",
	"pending_assessments": "o..aaaa.a",
	"waitlist":            "o...aaaoa",
	"item_subsidy":        "....aaaoa",
	"budget_lines":        "....aaaoa",
	"funds_flow":          "o...aaaoa",
	"disbursements":       "o...aaa.a",
	"clawbacks":           "o...aaa.a",
	"findings":            "......a..",
	"projection_status":   "...aaaa.a",
}

// TestEveryViewInEveryRole: whole, own or refused, as the table above says; and what
// is a party's own names nobody else of its kind.
func TestEveryViewInEveryRole(t *testing.T) {
	t.Parallel()
	w := setup(t, options{views: true})
	w.fill()
	w.others()
	mine := map[domain.Role]domain.ID{domain.Cooperative: "C001", domain.Buyer: "B001", domain.Carrier: "K001", domain.Funder: "F-PROV"}
	theirs := map[domain.Role]string{domain.Cooperative: "C002|C01[0-9]", domain.Buyer: "B011", domain.Carrier: "K011", domain.Funder: "F-CNTY|G-"}
	tables := w.views.Views()
	for _, v := range tables {
		if may[v.Name] == "" {
			t.Errorf("%s is not in the table of this test", v.Name)
			continue
		}
		all := w.rows(v.Name, auditor, "")
		if len(all) == 0 && v.Name != "waitlist" && v.Name != "pending_assessments" && v.Name != "findings" {
			t.Errorf("%s is empty: the test shows nothing", v.Name)
		}
		for i, role := range domain.Roles[:len(domain.Roles)-1] {
			who := of(role, "U-1")
			if party := mine[role]; party != "" {
				who = of(role, party)
			}
			switch may[v.Name][i] {
			case '.':
				p := w.get("/api/v1/views/"+v.Name, who).want(t, http.StatusForbidden, "view.denied")
				if slices.Contains(p.Roles, role) || len(p.Roles) == 0 {
					t.Errorf("%s as %s: the roles that could are %v", v.Name, who, p.Roles)
				}
			case 'a':
				if got := w.rows(v.Name, who, ""); !slices.Equal(got, all) && v.Name != "projection_status" {
					t.Errorf("%s as %s: %d rows of %d", v.Name, who, len(got), len(all))
				}
			case 'o':
				got := w.rows(v.Name, who, "")
				if len(got) == 0 && v.Name != "waitlist" && v.Name != "pending_assessments" {
					t.Errorf("%s as %s: no rows", v.Name, who)
				}
				if len(got) >= len(all) && len(got) > 1 && v.Name != "pending_assessments" { // there only S-1 waits
					t.Errorf("%s as %s: every row", v.Name, who)
				}
				alien := regexp.MustCompile(theirs[role])
				for _, line := range got {
					if alien.MatchString(line) {
						t.Errorf("%s as %s: a row of another: %s", v.Name, who, line)
					}
				}
			}
		}
	}
}

// TestOwnRowsStayOwn: under every condition, cursor and moment.
func TestOwnRowsStayOwn(t *testing.T) {
	t.Parallel()
	w := setup(t, options{views: true})
	w.fill()
	w.others()
	coop := of(domain.Cooperative, "C001")
	for _, query := range []string{"&where=cooperative_id=C011", "&where=shipment_id=T-1", "&where=cooperative_id=C011&where=cooperative_id=C001"} {
		if rows := w.rows("shipments", coop, query); len(rows) != 0 {
			t.Errorf("%s: %v", query, rows)
		}
	}
	head := w.head()
	now, then := w.rows("claim_lines", coop, ""), w.rows("claim_lines", coop, fmt.Sprintf("&as_of=%d", head))
	if diff := cmp.Diff(now, then); diff != "" || len(now) == 0 {
		t.Errorf("own rows now and as of the head: %s", diff)
	}
	// An auditor's cursor in a cooperative's hands opens nothing.
	r := w.get("/api/v1/views/shipments?limit=1", auditor)
	next := nextOf(t, r)
	rows := linesOf(t, w.get(next, coop).body)
	for _, line := range rows {
		if strings.Contains(line, "C011") {
			t.Errorf("a cursor shows another's row: %s", line)
		}
	}
}

var nextLink = regexp.MustCompile(`^<([^>]+)>; rel="next"$`)

// nextOf is the address of the next page, or "".
func nextOf(t *testing.T, r reply) string {
	t.Helper()
	link := r.header.Get("Link")
	if link == "" {
		return ""
	}
	m := nextLink.FindStringSubmatch(link)
	if m == nil {
		t.Fatalf("Link %q", link)
	}
	return m[1]
}

// TestViewsAsDescribed: rows, pages, positions, moments and conditions.
func TestViewsAsDescribed(t *testing.T) {
	t.Parallel()
	w, d := setup(t, options{views: true}), readDescription(t)
	w.fill()
	for _, v := range w.views.Views() {
		for _, line := range w.rows(v.Name, auditor, "") {
			for _, f := range d.check(d.at("components", "schemas", "view."+v.Name), []byte(line)) {
				t.Errorf("%s: %s", v.Name, f)
			}
		}
	}
	all := w.rows("parties", auditor, "")
	var paged []string
	for next := "/api/v1/views/parties?limit=2"; next != ""; {
		r := w.get(next, auditor)
		lines := linesOf(t, r.body)
		if len(lines) > 2 {
			t.Fatalf("a page of %d", len(lines))
		}
		paged = append(paged, lines...)
		next = nextOf(t, r)
	}
	if diff := cmp.Diff(all, paged); diff != "" {
		t.Errorf("pages: %s", diff)
	}
	if rows := w.rows("parties", auditor, "&where=kind=buyer&where=party_id=B001"); len(rows) != 1 {
		t.Errorf("two conditions: %v", rows)
	}
	if rows := w.rows("parties", auditor, "&as_of=1"); len(rows) != 0 {
		t.Errorf("as of the opening: %v", rows)
	}
	r := w.get("/api/v1/views/parties", auditor)
	if got := r.header.Get(api.HeaderPosition); got != fmt.Sprint(w.head()) {
		t.Errorf("position %s, the log has %d", got, w.head())
	}
	if got := w.get("/api/v1/views", of(domain.Buyer, "B001")); bytes.Contains(got.body, []byte("budget_lines")) || !bytes.Contains(got.body, []byte(`"order_fulfilment","rows":"own"`)) {
		t.Errorf("the list of views for a buyer: %s", got.body)
	}
	for query, code := range map[string]string{
		"where=kind": "view.bad_condition", "where=colour=red": "view.unknown_column", "where=farmers=many": "view.bad_value",
		"limit=0": "request.invalid_parameter", "limit=-1": "request.invalid_parameter", "limit=99999999": "request.invalid_parameter",
		"cursor=xyz": "view.bad_cursor", "as_of=yesterday": "view.bad_moment", "as_of=99999": "view.future", "wait_for=-3": "request.invalid_parameter",
		"colour=red": "request.invalid_parameter", "limit=1&limit=2": "request.invalid_parameter", "where=%ff%fe=1": "request.invalid_parameter", "bom=1": "request.invalid_parameter",
	} {
		w.get("/api/v1/views/parties?"+query, auditor).want(t, http.StatusBadRequest, code)
	}
	w.get("/api/v1/views/secrets", auditor).want(t, http.StatusNotFound, "view.unknown")
	w.get("/api/v1/views/parties", nobody).want(t, http.StatusUnauthorized, "request.unauthenticated")
	w.get("/api/v1/views/parties", auditor, "Accept", "image/png").want(t, http.StatusNotAcceptable, "request.not_acceptable")
}

// TestCSVIsSafeForSpreadsheets: no text is a formula, numbers stay numbers.
func TestCSVIsSafeForSpreadsheets(t *testing.T) {
	t.Parallel()
	w := setup(t, options{views: true})
	w.fill()
	w.send(of(domain.Officer, "U-OFF1"), "party.register", "f", `{"party_id":"=cmd|'/C calc'!A0","kind":"carrier","name":{"zh":"+1","en":"-2,\"x\"\n@SUM(1)"}}`)
	w.rows("parties", auditor, "")
	r := w.get("/api/v1/views/parties?where="+url.QueryEscape("kind=carrier")+"&bom=1", auditor, "Accept", "text/csv, application/json;q=0.5")
	if !bytes.HasPrefix(r.body, []byte("\ufeffparty_id,")) {
		t.Errorf("no byte order mark: %q", r.body)
	}
	if got := r.header.Get("Content-Type"); !strings.HasPrefix(got, "text/csv") {
		t.Errorf("content type %s", got)
	}
	records, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(r.body, []byte("\ufeff")))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(records) != 3 {
		t.Fatalf("%d records: %q", len(records), r.body)
	}
	for _, cell := range records[1] {
		if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
			t.Errorf("a formula: %q", cell)
		}
	}
	r = w.get("/api/v1/views/funds_flow", auditor, "Accept", "text/csv")
	if bytes.Contains(r.body, []byte("'")) {
		t.Errorf("a number is written as a text: %s", r.body)
	}
}

// TestViewsOutOfReach: commands go on, views answer 503 with how far they were.
func TestViewsOutOfReach(t *testing.T) {
	t.Parallel()
	broken := &brokenViews{}
	w := setup(t, options{views: true, change: func(c *api.Config) { broken.views = c.Views; c.Views = broken }})
	w.fill()
	at := w.head()
	w.rows("parties", auditor, "")
	broken.err = errors.New("postgres: dial unix /var/run/x: connection refused")
	r := w.get("/api/v1/views/parties", auditor)
	p := r.want(t, http.StatusServiceUnavailable, "view.unavailable")
	if p.Position == nil || *p.Position != at || r.header.Get("Retry-After") == "" {
		t.Errorf("position %v, want %d; Retry-After %q", p.Position, at, r.header.Get("Retry-After"))
	}
	if bytes.Contains(r.body, []byte("/var")) {
		t.Errorf("a path is shown: %s", r.body)
	}
	if r := w.send(of(domain.Officer, "U-OFF1"), "item.update", "g", `{"item_id":"jujube","category":"fruit"}`); r.status != http.StatusOK {
		t.Errorf("a command: %d %s", r.status, r.body)
	}
}

type views = api.Views

type brokenViews struct {
	views
	err error
}

func (b *brokenViews) Ask(ctx context.Context, q projections.Question) (*projections.Rows, error) {
	if b.err != nil {
		return nil, b.err
	}
	return b.views.Ask(ctx, q)
}

// TestPartiesOfRolesAreKnown: the roles whose rows are a party's are those that act
// for one.
func TestPartiesOfRolesAreKnown(t *testing.T) {
	t.Parallel()
	for _, right := range api.Rights() {
		for role := range right.Own {
			if account.PartyKind(role) == "" {
				t.Errorf("%s: a %s has no party", right.View, role)
			}
			if slices.Contains(right.All, role) {
				t.Errorf("%s: a %s reads all rows and its own", right.View, role)
			}
		}
	}
}
