package api_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/go-json-experiment/json"

	"zhitong/domain"
	"zhitong/events/log"
	"zhitong/internal/app"
	"zhitong/internal/embedded/embeddedtest"
	"zhitong/web/api"
)

// TestJSONAttacks: what is not the JSON of a command is refused, shortly, and leaves
// nothing.
func TestJSONAttacks(t *testing.T) {
	t.Parallel()
	w := setup(t, options{})
	operator := of(domain.Operator, "U-OP1")
	in := func(data string) string {
		return `{"id":"a","time":"2021-03-01T10:00:00+08:00","data":` + data + `}`
	}
	for name, c := range map[string]struct {
		body   string
		status []int
	}{
		"Empty":                  {"", []int{400}},
		"NotJSON":                {"hello", []int{400}},
		"HalfAnObject":           {`{"id":"a"`, []int{400}},
		"TwoObjects":             {in(`{}`) + in(`{}`), []int{400}},
		"AnArray":                {`[]`, []int{400}},
		"DuplicateKey":           {`{"id":"a","id":"b","time":"2021-03-01T10:00:00+08:00","data":{}}`, []int{400}},
		"DuplicateKeyInData":     {in(`{"programme_id":"P","programme_id":"Q","name":{"en":"P"}}`), []int{400}},
		"DuplicateKeyEscaped":    {in(`{"programme_id":"P","programme\u005fid":"Q","name":{"en":"P"}}`), []int{400}},
		"DuplicateKeyDeep":       {in(`{"programme_id":"P","name":{"en":"P","en":"Q"}}`), []int{400}},
		"OtherCase":              {in(`{"Programme_ID":"P","name":{"en":"P"}}`), []int{400}},
		"LoneSurrogate":          {in(`{"programme_id":"\ud800","name":{"en":"P"}}`), []int{400}},
		"SurrogatesTurned":       {in(`{"programme_id":"\udc00\ud800","name":{"en":"P"}}`), []int{400}},
		"InvalidUTF8":            {in("{\"programme_id\":\"\xff\xfe\",\"name\":{\"en\":\"P\"}}"), []int{400}},
		"InvalidUTF8InKey":       {in("{\"pro\xffgramme\":\"P\"}"), []int{400}},
		"OverlongUTF8":           {in("{\"programme_id\":\"\xc0\xaf\",\"name\":{\"en\":\"P\"}}"), []int{400}},
		"NUL":                    {in(`{"programme_id":"P\u0000","name":{"en":"P"}}`), []int{422}},
		"HugeNumber":             {in(`{"programme_id":1e400,"name":{"en":"P"}}`), []int{400}},
		"LongNumber":             {in(`{"programme_id":` + strings.Repeat("9", 100_000) + `,"name":{"en":"P"}}`), []int{400}},
		"NaN":                    {in(`{"programme_id":NaN}`), []int{400}},
		"Deep":                   {in(strings.Repeat(`{"a":`, 9_000) + "1" + strings.Repeat("}", 9_000)), []int{400}},
		"DeepArray":              {in(strings.Repeat(`[`, 400_000) + strings.Repeat("]", 400_000)), []int{400}},
		"DeepUnclosed":           {in(strings.Repeat(`[`, 900_000)), []int{400}},
		"ManyKeys":               {in(`{` + manyKeys(60_000) + `}`), []int{400}},
		"ManyFaults":             {in(`{"programme_id":"P","name":{"en":"P"},` + manyKeys(20_000) + `}`), []int{400}},
		"DataIsNull":             {in(`null`), []int{400}},
		"DataIsAString":          {in(`"x"`), []int{400}},
		"TimeWithoutOffset":      {`{"id":"a","time":"2021-03-01T10:00:00","data":{}}`, []int{400, 422}},
		"IdIsANumber":            {`{"id":7,"time":"2021-03-01T10:00:00+08:00","data":{}}`, []int{400}},
		"AMegabyteAndAByte":      {in(`{"programme_id":"P","name":{"en":"` + strings.Repeat("x", 1<<20) + `"}}`), []int{413}},
		"AByteOrderMark":         {"\ufeff" + in(`{}`), []int{400}},
		"Comments":               {in(`{/* */}`), []int{400}},
		"CommandOfTheSystem":     {`{"id":"~a","time":"2021-03-01T10:00:00+08:00","data":{}}`, []int{422}},
		"PrototypeOfAnObject":    {in(`{"__proto__":{"role":"auditor"},"programme_id":"P","name":{"en":"P"}}`), []int{400}},
		"PrincipalInTheEnvelope": {`{"id":"a","principal":"root","time":"2021-03-01T10:00:00+08:00","data":{}}`, []int{400}},
	} {
		r := w.do(http.MethodPost, "/api/v1/commands/programme.open", operator, strings.NewReader(c.body))
		if !slices.Contains(c.status, r.status) {
			t.Errorf("%s: %d %.300s", name, r.status, r.body)
			continue
		}
		if p := r.problem(t); p.Code == "internal" || len(r.body) > 64<<10 {
			t.Errorf("%s: %d bytes, %s", name, len(r.body), p.Code)
		}
	}
	if w.head() != 0 {
		t.Errorf("an attack was recorded: the log has %d commits", w.head())
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"k%d":1`, i)
	}
	return b.String()
}

// endless is a body of 100 MB that is never held.
type endless struct{ read atomic.Int64 } // the client goes on reading when it has its answer

const hundredMegabytes = 100 << 20

func (e *endless) Read(b []byte) (int, error) {
	left := hundredMegabytes - e.read.Load()
	if left <= 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(b)), left))
	for i := range n {
		b[i] = ' '
	}
	e.read.Add(int64(n))
	return n, nil
}

// TestAHundredMegabytes, said or not said beforehand, is refused without being read.
func TestAHundredMegabytes(t *testing.T) {
	t.Parallel()
	w := setup(t, options{})
	operator := of(domain.Operator, "U-OP1")
	for _, said := range []bool{true, false} {
		body := &endless{}
		req, err := http.NewRequest(http.MethodPost, w.server.URL+"/api/v1/commands/programme.open", body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer operator|"+operator.id+"|")
		req.Header.Set("Content-Type", "application/json")
		if said {
			req.ContentLength = hundredMegabytes
		}
		resp, err := w.server.Client().Do(req)
		if err == nil {
			if resp.StatusCode != http.StatusRequestEntityTooLarge {
				t.Errorf("said %v: %d", said, resp.StatusCode)
			}
			resp.Body.Close()
		} else if !said && body.read.Load() == 0 {
			t.Errorf("said %v: %v", said, err)
		} // else the server hung up while the client was still sending, which is as good
		if read := body.read.Load(); read > 16<<20 {
			t.Errorf("said %v: %d bytes were taken", said, read)
		}
	}
}

// durable is a log on a real stream.
func durable(t *testing.T) log.Log {
	t.Helper()
	l, err := log.OpenJetStream(t.Context(), embeddedtest.NATS(t), log.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// together sends n requests at the same time and returns their answers.
func together(n int, send func(i int) reply) []reply {
	replies := make([]reply, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			replies[i] = send(i)
		})
	}
	close(start)
	wg.Wait()
	return replies
}

// TestFiftyEqualRequestsAtOnce: one event, fifty equal answers.
func TestFiftyEqualRequestsAtOnce(t *testing.T) {
	t.Parallel()
	w := setup(t, options{log: durable(t)})
	w.fill()
	before := w.head()
	order := `{"order_id":"PO-50","buyer_id":"B001","lines":[{"line_no":1,"item_id":"jujube","quantity":"1","unit":"kg","unit_price":"1"}]}`
	replies := together(50, func(int) reply { return w.send(of(domain.Buyer, "B001"), "order.submit", "fifty", order) })
	replayed := 0
	for _, r := range replies {
		if r.status != http.StatusOK || !bytes.Equal(r.body, replies[0].body) {
			t.Errorf("%d %s, another got %s", r.status, r.body, replies[0].body)
		}
		if r.header.Get(api.HeaderReplayed) == "true" {
			replayed++
		}
	}
	if replayed != 49 || w.head() != before+1 {
		t.Errorf("%d replays of 50 and %d commits, want 49 and 1", replayed, w.head()-before)
	}
}

// TestTheLastKilogram: 64 clients want what is left of an order line, on a real
// stream.
func TestTheLastKilogram(t *testing.T) {
	t.Parallel()
	w := setup(t, options{log: durable(t)})
	w.fill()
	buyer, coop, dispatcher := of(domain.Buyer, "B001"), of(domain.Cooperative, "C001"), of(domain.Dispatcher, "U-DIS1")
	w.ok(w.send(buyer, "order.submit", "k1", `{"order_id":"PO-K","buyer_id":"B001","lines":[{"line_no":1,"item_id":"jujube","quantity":"10","unit":"kg","unit_price":"1","cooperative_id":"C001"}]}`))
	w.ok(w.send(dispatcher, "order.confirm", "k2", `{"order_id":"PO-K"}`))
	replies := together(64, func(i int) reply {
		return w.send(coop, "shipment.log", fmt.Sprintf("k-%d", i), fmt.Sprintf(
			`{"shipment_id":"SK-%[1]d","cooperative_id":"C001","waybill_no":"K-%[1]d","lines":[{"line_no":1,"order_id":"PO-K","order_line":1,"quantity":"1"}]}`, i))
	})
	done := 0
	for _, r := range replies {
		if r.status == http.StatusOK {
			done++
			continue
		}
		r.want(t, http.StatusUnprocessableEntity, "order.over_allocated")
	}
	if done != 10 {
		t.Errorf("%d of 64 got a kilogram of 10", done)
	}
}

// TestTheLastYuan: 64 clients take what is free on a budget line away.
func TestTheLastYuan(t *testing.T) {
	t.Parallel()
	w := setup(t, options{log: durable(t)})
	w.fill()
	finance := of(domain.Finance, "U-FIN1")
	// Of RESERVE's 1,000.00 nothing is committed: 64 times 100.00 is more than there is.
	replies := together(64, func(i int) reply {
		return w.send(finance, "fund.adjust", fmt.Sprintf("y-%d", i), `{"fund_id":"SGYD-2021","budget_id":"RESERVE","delta":"-100.00","document_no":"D","reason":"r"}`)
	})
	done := 0
	for _, r := range replies {
		if r.status == http.StatusOK {
			done++
			continue
		}
		r.want(t, http.StatusUnprocessableEntity, "fund.below_committed")
	}
	if done != 10 {
		t.Errorf("%d of 64 took 100.00 of 1,000.00", done)
	}
}

func (w *world) ok(r reply) {
	w.t.Helper()
	if r.status != http.StatusOK {
		w.t.Fatalf("%d %s", r.status, r.body)
	}
}

// TestTheLogOutOfReach: commands answer 503 and when to come back; with a full disk
// 507; nothing of the inside is told, and the same command goes through later.
func TestTheLogOutOfReach(t *testing.T) {
	t.Parallel()
	broken := &brokenLog{}
	w := setup(t, options{wrap: func(l log.Log) log.Log { broken.Log = l; return broken }})
	w.fill()
	officer := of(domain.Officer, "U-OFF1")
	for err, want := range map[error]int{
		fmt.Errorf("nats: no servers at /run/x: %w", log.ErrUnavailable): http.StatusServiceUnavailable,
		fmt.Errorf("append: %w", log.ErrUnknown):                         http.StatusServiceUnavailable,
		fmt.Errorf("write /var/lib/x: %w", log.ErrFull):                  http.StatusInsufficientStorage,
	} {
		broken.set(err)
		r := w.send(officer, "item.update", "g", `{"item_id":"jujube","category":"fruit"}`)
		p := r.problem(t)
		if r.status != want || r.header.Get("Retry-After") == "" || p.CommandID != "g" {
			t.Errorf("%v: %d, Retry-After %q, %s", err, r.status, r.header.Get("Retry-After"), r.body)
		}
		if bytes.Contains(r.body, []byte("/run")) || bytes.Contains(r.body, []byte("/var")) || bytes.Contains(r.body, []byte("nats")) {
			t.Errorf("the inside is shown: %s", r.body)
		}
	}
	broken.set(nil)
	w.ok(w.send(officer, "item.update", "g", `{"item_id":"jujube","category":"fruit"}`))
}

// brokenLog appends nothing while an error is set.
type brokenLog struct {
	log.Log
	mu  sync.Mutex
	err error
}

func (b *brokenLog) set(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = err
}

func (b *brokenLog) Append(ctx context.Context, expected log.Head, commits [][]byte) (log.Head, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return log.Head{}, b.err
	}
	return b.Log.Append(ctx, expected, commits)
}

// TestBatch: in order, line by line, whatever a line holds.
func TestBatch(t *testing.T) {
	t.Parallel()
	w := setup(t, options{})
	w.fill()
	order := func(id string) string {
		return fmt.Sprintf(`{"id":%[1]q,"command":"order.submit","time":"2021-03-01T10:00:00+08:00","data":{"order_id":%[1]q,"buyer_id":"B001","lines":[{"line_no":1,"item_id":"jujube","quantity":"1","unit":"kg","unit_price":"1"}]}}`, id)
	}
	lines := []string{
		order("B-1"), "", "no json", order("B-1"),
		`{"id":"B-2","command":"order.submit","time":"2021-03-01T10:00:00+08:00","data":{"order_id":"B-2","buyer_id":"B009","lines":[{"line_no":1,"item_id":"jujube","quantity":"1","unit":"kg","unit_price":"1"}]}}`,
		strings.Replace(order("B-3"), `"command"`, `"actor":"B009","command"`, 1), order("B-4"),
		`{"id":"B-5","command":"order.dance","time":"2021-03-01T10:00:00+08:00","data":{}}`,
		`{"id":"B-6","command":"item.update","time":"2021-03-01T10:00:00+08:00","data":{"item_id":"jujube","hs":"1"}}`,
		`{"id":"B-7","x":"` + strings.Repeat("x", 1<<20) + `"}`, order("B-8"),
	}
	want := []string{"ok", "malformed 3", "ok", "order.not_yours", "actor.other", "ok", "command.unknown", "role.denied", "malformed 10", "ok"}
	for _, dry := range []bool{true, false} {
		query := ""
		if dry {
			query = "?dry_run=1"
		}
		before := w.head()
		r := w.do(http.MethodPost, "/api/v1/commands:batch"+query, of(domain.Buyer, "B001"), strings.NewReader(strings.Join(lines, "\n")), "Content-Type", "application/x-ndjson")
		if r.status != http.StatusOK {
			t.Fatalf("%d %s", r.status, r.body)
		}
		var got []string
		for line := range strings.Lines(string(r.body)) {
			var result app.Result
			if err := json.Unmarshal([]byte(line), &result, json.RejectUnknownMembers(true)); err != nil {
				t.Fatalf("%v in %s", err, line)
			}
			said := "ok"
			if p := result.Problem; p != nil {
				if said = p.Code; p.Line > 0 {
					said = fmt.Sprintf("%s %d", p.Code, p.Line)
				}
			}
			if result.OK != (said == "ok") {
				t.Errorf("ok and a problem: %s", line)
			}
			got = append(got, said)
		}
		if !slices.Equal(got, want) {
			t.Errorf("dry %v: got %q, want %q", dry, got, want)
		}
		if commits := w.head() - before; (commits != 3) != dry || (dry && commits != 0) {
			t.Errorf("dry %v: %d commits", dry, commits)
		}
	}
	w.do(http.MethodPost, "/api/v1/commands:batch", nobody, strings.NewReader("{}")).want(t, http.StatusUnauthorized, "request.unauthenticated")
}

// TestBatchTalks: each answer can be read before the next line is sent.
func TestBatchTalks(t *testing.T) {
	t.Parallel()
	w := setup(t, options{})
	w.fill()
	pr, pw := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.server.URL+"/api/v1/commands:batch", pr)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer buyer|u|B001")
	req.Header.Set("Content-Type", "application/x-ndjson")
	send := func(i int) {
		fmt.Fprintf(pw, `{"id":"T-%[1]d","command":"order.submit","time":"2021-03-01T10:00:00+08:00","data":{"order_id":"T-%[1]d","buyer_id":"B001","lines":[{"line_no":1,"item_id":"jujube","quantity":"1","unit":"kg","unit_price":"1"}]}}`+"\n", i)
	}
	go send(0)
	resp, err := w.server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answers := newLines(resp.Body)
	for i := range 20 {
		line, err := answers.next()
		if err != nil || !strings.Contains(line, fmt.Sprintf(`{"id":"T-%d","ok":true`, i)) {
			t.Fatalf("answer %d: %q, %v", i, line, err)
		}
		go send(i + 1)
	}
	if _, err := answers.next(); err != nil {
		t.Fatal(err)
	}
	pw.Close()
	if line, err := answers.next(); err != io.EOF {
		t.Errorf("after the last answer: %q, %v", line, err)
	}
}
