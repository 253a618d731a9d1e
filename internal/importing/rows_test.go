package importing

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// reasonsOf are the reasons of all rejected rows as "line code column value".
func reasonsOf(s *Summary) []string {
	var list []string
	for _, r := range s.Rejected {
		for _, x := range r.Reasons {
			list = append(list, strings.TrimRight(fmt.Sprintf("%02d|%s|%s|%s", r.Line, x.Code, x.Column, x.Value), "|"))
		}
	}
	return list
}

func TestRowsThatRefuseTheirDocument(t *testing.T) {
	t.Parallel()
	// The sample's first rows, all moved into one order and one consignment.
	same := []string{"PO / SO #=P", "ASN/DN #=A", "Project Code=B", "Country=C", "Vendor=V", "PQ #=Q", "Vendor INCO Term=EXW", "Managed By=M", "Fulfill Via=F",
		"PQ First Sent to Client Date=Pre-PQ Process", "PO Sent to Vendor Date=Date Not Captured", "Shipment Mode=Air",
		"Delivered to Client Date=2-Jun-06", "Delivery Recorded Date=2-Jun-06", "Weight (Kilograms)=Weight Captured Separately", "Freight Cost (USD)=Invoiced Separately"}
	other := append(append([]string(nil), same...), "PO / SO #=P2", "ASN/DN #=A2")
	first, second, third := append(same[:len(same):len(same)], "ID=1"), append(same[:len(same):len(same)], "ID=2"), append(other, "ID=3")
	for _, c := range []struct {
		name string
		set  []string // on the second row, of the first document
		set3 []string // on the third row, a document of its own
		want []string
	}{
		{"Nothing", nil, nil, nil},
		{"QuantityOf0", []string{"Line Item Quantity=0"}, nil, []string{"02|document.refused", "03|cell.too_small|Line Item Quantity|0"}},
		{"QuantityWithASign", []string{"Line Item Quantity=-5"}, nil, []string{"02|document.refused", "03|cell.invalid_decimal|Line Item Quantity|-5"}},
		{"QuantityWithPlaces", []string{"Line Item Quantity=5.5"}, nil, []string{"02|document.refused", "03|cell.invalid_decimal|Line Item Quantity|5.5"}},
		{"AWordThatIsNoPlaceholder", []string{"Weight (Kilograms)=n/a"}, nil, []string{"02|document.refused", "03|cell.invalid_decimal|Weight (Kilograms)|n/a"}},
		{"ADateInTheOtherForm", []string{"Scheduled Delivery Date=6/2/06"}, nil, []string{"02|document.refused", "03|cell.invalid_date|Scheduled Delivery Date|6/2/06"}},
		{"TwoFaultsOfOneRow", []string{"Line Item Quantity=x", "Line Item Value="}, nil,
			[]string{"02|document.refused", "03|cell.invalid_decimal|Line Item Quantity|x", "03|cell.empty|Line Item Value"}},
		{"AnEmptyKeyIsADocumentOfItsOwn", []string{"PO / SO #="}, nil, []string{"02|group.divided|ASN/DN #|A", "03|cell.empty|PO / SO #", "03|group.divided|ASN/DN #|A"}},
		{"AnIDThatIsTooLong", []string{"PO / SO #=" + strings.Repeat("x", 65), "ASN/DN #=A3"}, nil, []string{"03|cell.invalid_id|PO / SO #|" + strings.Repeat("x", 65)}},
		{"ARepeatedID", []string{"ID=3"}, nil, []string{"02|document.refused", "03|key.repeated|ID|3", "04|key.repeated|ID|3"}},
		{"AReferenceToNoLine", []string{"Freight Cost (USD)=See A (ID#:77)"}, nil, []string{"02|document.refused", "03|reference.unknown|Freight Cost (USD)|See A (ID#:77)"}},
		{"AReferenceToAnotherConsignment", []string{"Freight Cost (USD)=See A2 (ID#:3)"}, nil, []string{"02|document.refused", "03|reference.elsewhere|Freight Cost (USD)|See A2 (ID#:3)"}},
		{"AReferenceThatNamesTheWrongConsignment", []string{"Freight Cost (USD)=See A2 (ID#:1)"}, nil, []string{"02|document.refused", "03|reference.elsewhere|Freight Cost (USD)|See A2 (ID#:1)"}},
		{"AReferenceToItself", []string{"Freight Cost (USD)=See A (ID#:2)"}, nil, []string{"02|document.refused", "03|reference.chained|Freight Cost (USD)|See A (ID#:2)"}},
		{"TwoBuyers", []string{"Project Code=B2"}, nil, []string{"02|document.refused", "03|group.differs|Project Code|B2"}},
		{"TwoDeliveries", []string{"Delivered to Client Date=3-Jun-06"}, nil, []string{"02|document.refused", "03|group.differs|Delivered to Client Date|2006-06-03"}},
		{"AConsignmentOfTwoOrders", nil, []string{"ASN/DN #=A"}, []string{"02|group.divided|ASN/DN #|A", "03|document.refused", "04|group.divided|ASN/DN #|A"}},
		{"AValueThatNoPriceGives", []string{"Line Item Quantity=22333", "Line Item Value=359064.74", "Pack Price=16.08"}, nil, []string{"02|document.refused", "03|price.not_exact|Line Item Value|359064.74"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			log := newFakeLog()
			src := scms(t, first, append(second[:len(second):len(second)], c.set...), append(third[:len(third):len(third)], c.set3...))
			s := run(t, src, profile(t, "scms"), log, Options{})
			if diff := cmp.Diff(c.want, reasonsOf(s)); diff != "" {
				t.Errorf("reasons (-want +got):\n%s", diff)
			}
			refused := map[string]bool{}
			for _, r := range s.Rejected {
				refused[r.Document] = true
			}
			for _, command := range log.commands {
				if key := command.ID[strings.LastIndex(command.ID, ":")+1:]; (key == "P" || key == "A") && refused["P"] {
					t.Errorf("%s was sent, though its document is refused", command.ID)
				}
			}
		})
	}
}

func TestRowsWithMissingCellsAreRefused(t *testing.T) {
	t.Parallel()
	src := scms(t, nil, nil)
	lines := strings.Split(strings.TrimSuffix(string(src.Data), "\n"), "\n")
	lines[2] = lines[2][:strings.LastIndex(lines[2], ",")]
	s := run(t, Source{Name: "f.csv", Data: []byte(strings.Join(lines, "\n"))}, profile(t, "scms"), newFakeLog(), Options{})
	if diff := cmp.Diff([]string{"03|row.cells"}, reasonsOf(s)); diff != "" {
		t.Errorf("reasons:\n%s", diff)
	}
}

func TestAHeaderThatLacksColumnsIsRefused(t *testing.T) {
	t.Parallel()
	_, err := Prepare(Source{Name: "f.csv", Data: []byte("ID,Project Code\n1,2\n")}, profile(t, "scms"))
	if err == nil || !strings.HasPrefix(err.Error(), `f.csv: line 1: the header lacks "PQ #", "PO / SO #", `) {
		t.Errorf("Prepare: %v", err)
	}
	src := scms(t, nil)
	twice := strings.Replace(string(src.Data), `"Project Code"`, `"ID"`, 1)
	if _, err := Prepare(Source{Name: "f.csv", Data: []byte(twice)}, profile(t, "scms")); err == nil || err.Error() != `f.csv: line 1: column "ID": the header names this column twice` {
		t.Errorf("Prepare: %v", err)
	}
}

func TestAProfileForAnotherSpreadsheet(t *testing.T) {
	t.Parallel()
	p, err := FindProfile("../../testdata/profiles/orders.yaml")
	if err != nil {
		t.Fatal(err)
	}
	log := newFakeLog()
	src := testdataFile(t, "profiles/orders.csv")
	s := run(t, src, p, log, Options{})
	if diff := cmp.Diff([]string{"04|cell.invalid_decimal|箱数|十箱"}, reasonsOf(s)); diff != "" {
		t.Errorf("reasons:\n%s", diff)
	}
	want := []Command{{
		ID: "orders:submit:DD-0012", Command: "order.submit", Actor: "SHITANG-01", Role: "buyer", Time: "2021-03-03T10:30:00+08:00",
		Data: []byte(`{"order_id":"DD-0012","buyer_id":"SHITANG-01","wanted_by":"2021-03-20","lines":[` +
			`{"line_no":1,"item_id":"红枣","quantity":"120","unit":"box","unit_price":"135.5","cooperative_id":"HZS-01","attributes":{"备注":"晚到请先打电话"}},` +
			`{"line_no":2,"item_id":"核桃","quantity":"40","unit":"box","unit_price":"96","cooperative_id":"HZS-01"}]}`),
	}}
	if diff := cmp.Diff(want, log.commands); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
}
