package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5/pgconn"

	"zhitong/domain"
	"zhitong/projections"
	"zhitong/web/problem"
)

const (
	// RowsMax is the number of rows of one answer, also where no limit is given; the
	// Link header says where the next begin.
	RowsMax = 50_000
	// backMax is how many questions about the past are folded at once.
	backMax = 2
	// retryViews is when a view that is out of reach, or behind, is worth another try.
	retryViews = 2 * time.Second
)

// view answers a question about a view with the rows that the caller may read.
func (a *API) view(w http.ResponseWriter, r *http.Request, by caller) error {
	values, err := parameters(r, []string{"as_of", "wait_for", "limit", "cursor", "bom"}, []string{"where"})
	if err != nil {
		return err
	}
	form, err := formOf(r, values)
	if err != nil {
		return err
	}
	q, right, err := a.question(r.PathValue("view"), values, by)
	if err != nil {
		return a.noRows(q, err)
	}
	ctx, cancel := context.WithTimeout(r.Context(), askMax)
	defer cancel()
	rows, err := a.ask(ctx, q)
	if err != nil {
		return a.noRows(q, err)
	}
	if right.Shares && by.Role == domain.Funder {
		ownShares(rows, by.Actor())
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Accept")
	h.Set(HeaderPosition, strconv.FormatUint(rows.Position, 10))
	if rows.Next != "" {
		h.Set("Link", "<"+nextPage(r.URL, rows.Next)+`>; rel="next"`)
	}
	_ = http.NewResponseController(w).SetWriteDeadline(a.Clock().Add(chunkMax)) // not every server has one
	form.write(w, rows)
	return nil
}

// question reads what is asked, and narrows it to what the caller may read.
func (a *API) question(view string, values map[string][]string, by caller) (q projections.Question, _ *Right, err error) {
	right := rightOf(view)
	if right == nil || !slices.ContainsFunc(a.schemas, func(s *projections.Schema) bool { return s.Name == view }) {
		return q, nil, &projections.UnknownError{Kind: "view", Name: view, Known: a.readable(by.Role)}
	}
	q = projections.Question{View: view, Cursor: first(values, "cursor"), Limit: RowsMax}
	path, mine := right.Own[by.Role]
	switch {
	case slices.Contains(right.All, by.Role):
	case mine:
		q.Scope = path.scope(by.Actor())
	default:
		p := problem.New(http.StatusForbidden, "view.denied", "")
		p.Roles = right.Readers()
		return q, nil, p
	}
	for _, text := range values["where"] {
		c, err := projections.ParseCond(text)
		if err != nil {
			return q, nil, err
		}
		q.Where = append(q.Where, c)
	}
	if v := first(values, "limit"); v != "" {
		if q.Limit, err = strconv.Atoi(v); err != nil || q.Limit < 1 || q.Limit > RowsMax {
			return q, nil, problem.Parameter("limit", v, "a number from 1 to %d is needed", RowsMax)
		}
	}
	if q.WaitFor, err = position(values, "wait_for", 0); err != nil {
		return q, nil, err
	}
	if v := first(values, "as_of"); v != "" {
		q.AsOf, err = projections.ParseUntil(v)
	}
	return q, right, err
}

// ask asks; few questions about the past at once, since each folds the log.
func (a *API) ask(ctx context.Context, q projections.Question) (*projections.Rows, error) {
	if q.AsOf != (projections.Until{}) {
		select {
		case a.back <- struct{}{}:
			defer func() { <-a.back }()
		case <-ctx.Done():
			return nil, problem.New(http.StatusServiceUnavailable, "request.interrupted", "others ask about the past too").After(retryViews)
		}
	}
	rows, err := a.Views.Ask(ctx, q)
	if err == nil && q.AsOf == (projections.Until{}) {
		a.last.set(q.View, rows.Position)
	}
	return rows, err
}

// noRows says why there is no answer. Where a view is out of reach it says how far
// the view was when it was last seen.
func (a *API) noRows(q projections.Question, err error) error {
	var p *problem.Problem
	d := domain.AsProblem(err)
	switch {
	case errors.As(err, &p):
		return err
	case d != nil && d.Class != domain.Unavailable:
		p = problem.OfRefusal(d, "")
		if d.Class == domain.Invalid { // of the address, not of a rule
			p.Status = http.StatusBadRequest
		}
		return p
	case d != nil:
		p = problem.OfRefusal(d, "")
	case isOurFault(err):
		return err
	case errors.Is(err, context.DeadlineExceeded):
		p = problem.New(http.StatusServiceUnavailable, "view.unavailable", "it took too long")
	default:
		p = problem.New(http.StatusServiceUnavailable, "view.unavailable", "commands go on")
	}
	p.RetryAfter = retryViews
	if at, seen := a.last.get(q.View); seen {
		p.Position = &at
	}
	return errors.Join(p, err)
}

// isOurFault reports whether the database was there and did not understand us.
func isOurFault(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (strings.HasPrefix(pg.Code, "42") || strings.HasPrefix(pg.Code, "22") || strings.HasPrefix(pg.Code, "XX"))
}

// ownShares leaves of each row's shares the funder's own.
func ownShares(rows *projections.Rows, funder domain.ID) {
	column, ok := rows.Schema.Column("shares")
	if !ok {
		return
	}
	for _, row := range rows.Values {
		var shares map[string]string
		if json.Unmarshal([]byte(row[column].Text), &shares) != nil {
			shares = nil
		}
		mine := map[string]string{}
		if s, ok := shares[string(funder)]; ok {
			mine[string(funder)] = s
		}
		b, err := json.Marshal(mine)
		if err != nil {
			b = []byte("{}")
		}
		row[column].Text = string(b)
	}
}

// nextPage is the address of the next page.
func nextPage(u *url.URL, cursor string) string {
	next := *u
	values := next.Query()
	values.Set("cursor", cursor)
	values.Del("wait_for")
	next.RawQuery = values.Encode()
	return next.RequestURI()
}

// readable lists the views that a role may read.
func (a *API) readable(role domain.Role) []string {
	var names []string
	for _, s := range a.schemas {
		if right := rightOf(s.Name); right != nil && slices.Contains(right.Readers(), role) {
			names = append(names, s.Name)
		}
	}
	return names
}

// listedView is a view as the list of views shows it.
type listedView struct {
	Name    string         `json:"name"`
	Rows    string         `json:"rows"` // all, or own
	Columns []listedColumn `json:"columns"`
}

type listedColumn struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Places   int    `json:"places,omitzero"`
	Key      bool   `json:"key,omitzero"`
	Nullable bool   `json:"nullable,omitzero"`
	Meaning  string `json:"meaning"`
}

// listViews lists the views that the caller may read, with their columns.
func (a *API) listViews(w http.ResponseWriter, r *http.Request, by caller) error {
	if _, err := parameters(r, nil, nil); err != nil {
		return err
	}
	list := []listedView{}
	readable := a.readable(by.Role)
	for _, s := range a.schemas {
		if !slices.Contains(readable, s.Name) {
			continue
		}
		v := listedView{Name: s.Name, Rows: "own"}
		if slices.Contains(rightOf(s.Name).All, by.Role) {
			v.Rows = "all"
		}
		for _, c := range s.Columns {
			v.Columns = append(v.Columns, listedColumn{c.Name, string(c.Type), c.Places, c.Key, c.Nullable, c.Doc})
		}
		list = append(list, v)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.MarshalWrite(w, list) // the client has gone
	return nil
}

// positions remembers how far each view was when it was last seen.
type positions struct {
	mu sync.Mutex
	at map[string]uint64 // guarded by mu
}

func newPositions() *positions { return &positions{at: make(map[string]uint64)} }

func (p *positions) set(view string, at uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at[view] = max(p.at[view], at)
}

func (p *positions) get(view string) (uint64, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at, seen := p.at[view]
	return at, seen
}
