package importing

import (
	"bytes"
	"encoding/csv"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// totals are what an import of an scms file must come to.
type totals struct {
	Rows          int               `json:"rows"`
	RejectedRows  int               `json:"rejected_rows"`
	Cooperatives  int               `json:"cooperatives"`
	Buyers        int               `json:"buyers"`
	Items         int               `json:"items"`
	Routes        int               `json:"routes"`
	Orders        int               `json:"orders"`
	OrderLines    int               `json:"order_lines"`
	Departures    int               `json:"departures"`
	Packs         string            `json:"packs"`
	GrossAmount   string            `json:"gross_amount"`
	Freights      int               `json:"freights"`
	FreightAmount string            `json:"freight_amount"`
	Weighed       int               `json:"departures_with_gross_kg"`
	GrossKg       string            `json:"gross_kg"`
	Commands      int               `json:"commands"`
	FirstSale     string            `json:"first_sale"`
	LastSale      string            `json:"last_sale"`
	ByYearAmount  map[string]string `json:"amount_by_year"`
	ByYearLines   map[string]int    `json:"lines_by_year"`
}

type adder map[string]*big.Rat

func (a adder) add(key, number string) {
	n, ok := new(big.Rat).SetString(number)
	if !ok {
		panic("not a number: " + number)
	}
	if a[key] == nil {
		a[key] = new(big.Rat)
	}
	a[key].Add(a[key], n)
}

func (a adder) text(key string, places int) string {
	if a[key] == nil {
		return new(big.Rat).FloatString(places)
	}
	return a[key].FloatString(places)
}

// totalsOfFile works the totals out of an scms file in the plainest way: encoding/csv,
// exact fractions, and the one order that no unit price fits (refused). It shares no
// code with the importer.
func totalsOfFile(t testing.TB, file []byte, refused string) totals {
	t.Helper()
	text := bytes.ReplaceAll(bytes.TrimPrefix(file, []byte("\xef\xbb\xbf")), []byte("\r"), []byte("\n"))
	records, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]int{}
	for i, h := range records[0] {
		at[h] = i
	}
	sets := map[string]map[string]bool{}
	note := func(kind, key string) {
		if sets[kind] == nil {
			sets[kind] = map[string]bool{}
		}
		sets[kind][key] = true
	}
	sums := adder{}
	tt := totals{ByYearAmount: map[string]string{}, ByYearLines: map[string]int{}}
	for _, r := range records[1:] {
		cell := func(header string) string { return r[at[header]] }
		tt.Rows++
		if cell("PO / SO #") == refused {
			tt.RejectedRows++
			continue
		}
		tt.OrderLines++
		note("order", cell("PO / SO #"))
		note("departure", cell("ASN/DN #"))
		note("cooperative", cell("Vendor"))
		note("buyer", cell("Project Code"))
		note("item", cell("Item Description"))
		note("route", cell("Country")+"/"+cell("Shipment Mode"))
		sums.add("packs", cell("Line Item Quantity"))
		sums.add("amount", cell("Line Item Value"))
		day := isoDay(cell("Delivered to Client Date"))
		sums.add(day[:4], cell("Line Item Value"))
		tt.ByYearLines[day[:4]]++
		if tt.FirstSale == "" || day < tt.FirstSale {
			tt.FirstSale = day
		}
		tt.LastSale = max(tt.LastSale, day)
		if f := cell("Freight Cost (USD)"); f != "" && strings.Trim(f, "0123456789.") == "" {
			tt.Freights++
			sums.add("freight", f)
		}
		if w := cell("Weight (Kilograms)"); w != "0" && strings.Trim(w, "0123456789.") == "" {
			tt.Weighed++
			sums.add("kg", w)
		}
	}
	for y := range tt.ByYearLines {
		tt.ByYearAmount[y] = sums.text(y, 2)
	}
	tt.Orders, tt.Departures = len(sets["order"]), len(sets["departure"])
	tt.Cooperatives, tt.Buyers, tt.Items, tt.Routes = len(sets["cooperative"]), len(sets["buyer"]), len(sets["item"]), len(sets["route"])
	tt.Packs, tt.GrossAmount = sums.text("packs", 0), sums.text("amount", 2)
	tt.FreightAmount, tt.GrossKg = sums.text("freight", 2), sums.text("kg", 0)
	tt.Commands = 1 + tt.Cooperatives + tt.Buyers + tt.Items + tt.Routes + 2*tt.Orders + 6*tt.Departures + tt.Freights
	return tt
}

// isoDay reads d-Mon-yy.
func isoDay(s string) string {
	parts := strings.Split(s, "-")
	months := "JanFebMarAprMayJunJulAugSepOctNovDec"
	m := strings.Index(months, parts[1])/3 + 1
	two := func(s string) string { return strings.Repeat("0", 2-len(s)) + s }
	return "20" + parts[2] + "-" + two(strconv.Itoa(m)) + "-" + two(parts[0])
}

// totalsOfCommands works the same totals out of commands alone.
func totalsOfCommands(t testing.TB, commands []Command, s *Summary) totals {
	t.Helper()
	tt := totals{Rows: s.Rows, RejectedRows: s.RowsRejected, Commands: len(commands), ByYearAmount: map[string]string{}, ByYearLines: map[string]int{}}
	sums := adder{}
	price := map[string]string{}
	type line struct {
		LineNo    jsontext.Value `json:"line_no"`
		UnitPrice string         `json:"unit_price"`
		Accepted  string         `json:"accepted"`
	}
	var d struct {
		Kind   string `json:"kind"`
		Lines  []line `json:"lines"`
		Gross  string `json:"gross_kg"`
		Amount string `json:"amount"`
	}
	for _, c := range commands {
		d.Kind, d.Lines, d.Gross, d.Amount = "", nil, "", ""
		if err := json.Unmarshal(c.Data, &d); err != nil {
			t.Fatalf("%s: %v", c.ID, err)
		}
		switch c.Command {
		case "party.register":
			if d.Kind == "buyer" {
				tt.Buyers++
			} else {
				tt.Cooperatives++
			}
		case "item.register":
			tt.Items++
		case "route.open":
			tt.Routes++
		case "order.submit":
			tt.Orders++
			tt.OrderLines += len(d.Lines)
			for _, l := range d.Lines {
				price[string(l.LineNo)] = l.UnitPrice
			}
		case "departure.depart":
			tt.Departures++
			if d.Gross != "" {
				tt.Weighed++
				sums.add("kg", d.Gross)
			}
		case "departure.record_freight":
			tt.Freights++
			sums.add("freight", d.Amount)
		case "shipment.inspect":
			day := c.Time[:10]
			if tt.FirstSale == "" || day < tt.FirstSale {
				tt.FirstSale = day
			}
			tt.LastSale = max(tt.LastSale, day)
			for _, l := range d.Lines {
				amount := cents(t, price[string(l.LineNo)], l.Accepted)
				sums.add("amount", amount)
				sums.add(day[:4], amount)
				tt.ByYearLines[day[:4]]++
				sums.add("packs", l.Accepted)
			}
		}
	}
	for y := range tt.ByYearLines {
		tt.ByYearAmount[y] = sums.text(y, 2)
	}
	tt.Packs, tt.GrossAmount = sums.text("packs", 0), sums.text("amount", 2)
	tt.FreightAmount, tt.GrossKg = sums.text("freight", 2), sums.text("kg", 0)
	return tt
}

// cents is price × quantity, half up to the cent. (Rat.FloatString rounds halves
// away from zero.)
func cents(t testing.TB, price, quantity string) string {
	t.Helper()
	p, ok := new(big.Rat).SetString(price)
	q, ok2 := new(big.Rat).SetString(quantity)
	if !ok || !ok2 {
		t.Fatalf("price %q, quantity %q", price, quantity)
	}
	return p.Mul(p, q).FloatString(2)
}
