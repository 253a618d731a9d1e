package findings

import (
	"slices"

	"zhitong/domain"
	"zhitong/domain/item"
	"zhitong/domain/shipment"
	"zhitong/events"
	"zhitong/projections"
)

type ItemKey struct {
	ItemID domain.ID `col:"item_id" doc:"an item"`
}

type allowance struct {
	ItemKey
	Share domain.Share `col:"share" doc:"loss allowance"`
}

var allowances = projections.State[ItemKey, allowance]("finding_allowances", "Loss allowances of items.")

type CoopKey struct {
	CooperativeID domain.ID `col:"cooperative_id" doc:"a cooperative"`
}

type nearLosses struct {
	CoopKey
	Events []string `col:"events" doc:"inspections with a loss as large as the allowance"`
}

var nearLoss = projections.State[CoopKey, nearLosses]("finding_near_losses", "Losses that are just as large as is allowed.")

// lossNear: losses that are, again and again, just what is allowed.
var lossNear = rule{"loss_near_allowance", Medium, []projections.AnyTable{allowances, nearLoss}, func(f *fold, e *events.Event) {
	switch x := e.Fact.(type) {
	case item.Registered:
		allowances.At(f.db, ItemKey{x.ItemID}).Share = x.LossAllowance
	case item.Updated:
		if !x.LossAllowance.IsZero() {
			allowances.At(f.db, ItemKey{x.ItemID}).Share = x.LossAllowance
		}
	case shipment.Inspected:
		for _, l := range x.Lines {
			f.loss(e, x.CooperativeID, l)
		}
	}
}}

func (f *fold) loss(e *events.Event, coop domain.ID, l shipment.InspectedLine) {
	a, ok := allowances.Find(f.db, ItemKey{l.ItemID})
	if !ok || l.LostKg.Sign() <= 0 {
		return
	}
	allowed, err := domain.ParseKg(grams(l.Loaded.Nominal(l.KgPerUnit).Exact().Times(a.Share.Exact())))
	if err != nil || allowed.Sign() == 0 {
		return
	}
	if gap := l.LostKg.Grams() - allowed.Grams(); max(gap, -gap) > f.LossNearGrams {
		return
	}
	row := nearLoss.At(f.db, CoopKey{coop})
	if !slices.Contains(row.Events, e.ID) {
		row.Events = append(slices.Clone(row.Events), e.ID)
	}
	if len(row.Events) >= f.LossTimes {
		f.raise(string(coop), e, row.Events, "%d inspections with a loss within %d g of the allowance; the latest: %s kg lost, %s kg allowed", len(row.Events), f.LossNearGrams, l.LostKg, allowed)
	}
}

// grams writes an exact weight in whole grams, the rest cut off.
func grams(e domain.Exact) string {
	s := e.String()
	if i := slices.Index([]byte(s), '.'); i >= 0 && len(s) > i+4 {
		return s[:i+4]
	}
	return s
}

type BuyerKey struct {
	BuyerID domain.ID `col:"buyer_id" doc:"a buyer"`
}

type flawlessRun struct {
	BuyerKey
	Lines  int      `col:"lines" doc:"lines running"`
	Events []string `col:"events" doc:"their inspections, the latest 50"`
	Import string   `col:"import" doc:"not empty while the run is of one import"`
}

var runs = projections.State[BuyerKey, flawlessRun]("finding_flawless", "How many lines a buyer has taken without rejection or loss.")

// flawless: a buyer who takes line after line without any rejection or loss. Of an
// import it is asked once an import, not once a buyer.
var flawless = rule{"no_rejection", Low, []projections.AnyTable{runs}, func(f *fold, e *events.Event) {
	x, ok := e.Fact.(shipment.Inspected)
	if !ok {
		return
	}
	row := runs.At(f.db, BuyerKey{x.BuyerID})
	for _, l := range x.Lines {
		switch {
		case l.RejectedQ.Sign() > 0 || l.Lost.Sign() > 0:
			row.Lines, row.Events = 0, nil
		case l.Accepted.Sign() > 0:
			row.Lines++
			if !slices.Contains(row.Events, e.ID) {
				row.Events = append(slices.Clone(row.Events[max(0, len(row.Events)-eventsMax+1):]), e.ID)
			}
		}
	}
	if row.Lines <= f.FlawlessLines {
		return
	}
	if about := importOf(e); about != "" {
		f.raise(about, e, nil, "imported history: buyers take more than %d lines running without rejection or loss; the files may not know any", f.FlawlessLines)
		return
	}
	f.raise(string(x.BuyerID), e, row.Events, "%d lines running without rejection or loss", row.Lines)
}}

// importOf names the import that an event came with: its Shanghai day of recording;
// "" for an event that was not imported.
func importOf(e *events.Event) string {
	if e.Via != events.ViaImport {
		return ""
	}
	return "import of " + domain.DayOf(e.Recorded).String()
}

type MonthKey struct {
	ItemID domain.ID `col:"item_id" doc:"an item"`
	Month  string    `col:"month" doc:"Shanghai month of the inspection"`
}

// priced is a price of a line.
type priced struct {
	Price domain.Price `json:"price"`
	About string       `json:"about"`
	Event string       `json:"event"`
}

type monthPrices struct {
	MonthKey
	Prices []priced `col:"prices" doc:"yuan per kg, ascending"`
}

var prices = projections.State[MonthKey, monthPrices]("finding_prices", "Prices of a month.")

// priceOff: a price far off the item's median of the month. The median of an even
// number of prices is the lower of the two in the middle.
var priceOff = rule{"price_off_median", Medium, []projections.AnyTable{prices}, func(f *fold, e *events.Event) {
	x, ok := e.Fact.(shipment.Inspected)
	if !ok {
		return
	}
	for _, l := range x.Lines {
		if l.Accepted.Sign() <= 0 || l.UnitPrice.Sign() == 0 {
			continue
		}
		price, ok := domain.PerKg(l.Amount, l.Accepted.Nominal(l.KgPerUnit))
		if !ok {
			continue
		}
		f.priced(e, prices.At(f.db, MonthKey{l.ItemID, e.Month()}), priced{price, string(x.ShipmentID) + "/" + lineText(l.LineNo), e.ID})
	}
}}

// priced adds a price to its month, and asks about every price of which the answer may
// now be another: all when a median is first made, and later those that are far off
// the new median or were far off the old one. They stand at the ends of the list.
func (f *fold) priced(e *events.Event, row *monthPrices, p priced) {
	before := medianOf(row.Prices)
	i, _ := slices.BinarySearchFunc(row.Prices, p, func(a, b priced) int { return a.Price.Cmp(b.Price) })
	row.Prices = slices.Insert(row.Prices, i, p)
	median := medianOf(row.Prices)
	switch n := len(row.Prices); {
	case n < f.PriceLinesMin:
	case n == f.PriceLinesMin:
		for _, q := range row.Prices {
			f.priceCheck(e, row, q, median)
		}
	case median.Cmp(before) == 0:
		f.priceCheck(e, row, p, median)
	default:
		far := func(q priced) bool { return f.farOff(q.Price, median) || f.farOff(q.Price, before) }
		k := 0
		for ; k < n && far(row.Prices[k]); k++ {
			f.priceCheck(e, row, row.Prices[k], median)
		}
		high := n
		for ; high > k && far(row.Prices[high-1]); high-- {
		}
		for _, q := range row.Prices[high:] {
			f.priceCheck(e, row, q, median)
		}
	}
}

func lineText(n int) string { return domain.MoneyFromFen(int64(n) * 100).Exact().String() }

func medianOf(list []priced) domain.Price {
	if len(list) == 0 {
		return domain.Price{}
	}
	return list[(len(list)-1)/2].Price
}

// priceCheck raises or drops the finding about one line.
func (f *fold) priceCheck(e *events.Event, row *monthPrices, p priced, median domain.Price) {
	if !f.farOff(p.Price, median) {
		f.drop(p.About)
		return
	}
	f.raiseAt(p.About, e, []string{p.Event}, "%s a kg; the median of %s in %s is %s", p.Price.Fixed(), row.ItemID, row.Month, median.Fixed())
}

// farOff reports whether a price is further off a median than the threshold.
func (f *fold) farOff(p, median domain.Price) bool {
	m, x := median.Exact(), p.Exact()
	off := x.Excess(m).Plus(m.Excess(x)).Times(domain.MoneyFromFen(10_000).Exact()) // per cent
	return off.Cmp(m.Times(domain.MoneyFromFen(f.PriceOffPercent*100).Exact())) > 0
}
