package client_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"zhitong/domain"
	"zhitong/domain/order"
	"zhitong/web/client"
)

// box is an order of boxes of dates.
func box(id domain.ID, quantity string) *order.Submit {
	o := &order.Submit{OrderID: id, BuyerID: "B001", Lines: []order.SubmitLine{{LineNo: 1, ItemID: "jujube", Unit: "box"}}}
	must(o.Lines[0].Quantity.UnmarshalText([]byte(quantity)))
	must(o.Lines[0].UnitPrice.UnmarshalText([]byte("36.90")))
	return o
}

func at(hour int) time.Time {
	return time.Date(2021, 3, 20, hour, 0, 0, 0, time.FixedZone("", 8*60*60))
}

// A command is sent with an id of the client's own. Sent again it is not done again.
func ExampleClient_Send() {
	s := open(nil)
	defer s.close()
	c, err := client.New(s.address, "buyer|u-canteen|B001", client.Options{})
	must(err)
	order := client.Command{ID: "canteen-17", Name: "order.submit", Time: at(9), Data: box("PO-17", "40")}
	for range 2 {
		answer, err := c.Send(context.Background(), order)
		must(err)
		fmt.Println(answer.OK, answer.Events[0].Type, "replayed", answer.Replayed)
	}
	_, err = c.Send(context.Background(), client.Command{ID: "canteen-18", Name: "order.submit", Time: at(9), Data: box("PO-17", "1")})
	var refused *client.Problem
	if errors.As(err, &refused) {
		fmt.Println(refused.Status, refused.Code, refused.Field, refused.Value)
	}
	// Output:
	// true zhitong.order.submitted.v1 replayed false
	// true zhitong.order.submitted.v1 replayed true
	// 409 order.exists order_id PO-17
}

// Many commands go over one request.
func ExampleClient_Batch() {
	s := open(nil)
	defer s.close()
	c, err := client.New(s.address, "buyer|u-canteen|B001", client.Options{})
	must(err)
	var orders iter.Seq[client.Command] = func(yield func(client.Command) bool) {
		for i, quantity := range []string{"1", "0", "3"} {
			id := fmt.Sprintf("PO-%d", 20+i)
			if !yield(client.Command{ID: id, Name: "order.submit", Time: at(9), Data: box(domain.ID(id), quantity)}) {
				return
			}
		}
	}
	for answer, err := range c.Batch(context.Background(), orders) {
		must(err)
		fmt.Println(answer.ID, answer.OK, answer.Refusal)
	}
	// Output:
	// PO-20 true <nil>
	// PO-21 false value.not_positive: lines[0].quantity: a quantity above 0
	// PO-22 true <nil>
}

// The rows of a view come page by page, as structs of this package.
func ExampleRows() {
	s := open(nil)
	defer s.close()
	c, err := client.New(s.address, "auditor|u-audit|", client.Options{})
	must(err)
	for row, err := range client.Rows[client.SalesByItem](context.Background(), c, client.Query{View: "sales_by_item"}) {
		must(err)
		fmt.Println(row.ItemID, row.NetKg, "kg", row.NetAmount, "yuan")
	}
	for row, err := range client.Rows[client.Parties](context.Background(), c, client.Query{View: "parties", Where: []string{"kind=cooperative"}, AsOf: "6", Limit: 1}) {
		must(err)
		fmt.Println(row.PartyID, row.Status)
	}
	// Output:
	// jujube 230.000 kg 3422.40 yuan
	// C001 active
	// C002 active
	// C003 active
}

// The log is followed from any position; the client comes back by itself.
func ExampleClient_Follow() {
	s := open(nil)
	defer s.close()
	c, err := client.New(s.address, "auditor|u-audit|", client.Options{})
	must(err)
	enough := errors.New("enough")
	err = c.Follow(context.Background(), 0, func(commit client.Commit) error {
		fmt.Println(commit.Position, len(commit.Events), "event")
		if commit.Position == 3 {
			return enough
		}
		return nil
	})
	fmt.Println(err)
	// Output:
	// 1 1 event
	// 2 1 event
	// 3 1 event
	// enough
}
