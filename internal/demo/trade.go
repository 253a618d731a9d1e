package demo

import (
	"time"

	"zhitong/domain"
)

// The plan of the programme, made before any command is written: trips with their
// shipments, orders with their lines. A parcel is a shipment line. Quantities are
// in thousandths of the line's unit, weights in grams, prices in fen.

type trip struct {
	id        string
	day       domain.Day
	city      int
	plate     string
	carrier   string
	shipments []*shipment
	departed  time.Time
	arrived   time.Time
	grams     int64 // loaded
}

type shipment struct {
	id        string
	trip      *trip
	coop      *person
	buyer     *person
	waybill   string
	parcels   []*parcel
	inspected time.Time
	byBuyer   bool // the buyer inspects, else a dispatcher
}

type order struct {
	id        string
	buyer     *person
	submitted time.Time
	confirmed time.Time
	cancelled time.Time // zero if it was not
	wantedBy  domain.Day
	lines     []*orderLine
}

type orderLine struct {
	order     *order
	no        int
	item      *item
	coop      *person
	named     bool // the buyer names the cooperative; else the confirmation does
	unit      string
	unitGrams int64
	basePrice int64 // fen per unit before calibration
	price     domain.Price
	firstAsk  domain.Price // what the order said before the price was revised; unset if it was not
	ordered   int64
	tolerance string
	last      time.Time // of the last inspection
	parcels   []*parcel
}

type parcel struct {
	line     *orderLine
	shipment *shipment
	no       int
	logged   int64
	loaded   int64
	arrived  int64
	accepted int64
	rejected []rejection
	loggedKg int64 // grams as weighed; 0 where the nominal weight stands
	takenKg  int64 // grams of the accepted goods as weighed; 0 likewise
	back     []comeback
	review   *review
}

// rejection is a part that the buyer did not take.
type rejection struct {
	quantity            int64
	reason, disposition string
}

// comeback is a return.
type comeback struct {
	quantity int64
	when     time.Time
	reason   string
}

// review is a correction of the inspection: so much more was rejected.
type review struct {
	more int64
	when time.Time
}

// nominal is the weight of a quantity, half up to the gram.
func (l *orderLine) nominal(quantity int64) int64 { return (quantity*l.unitGrams + 500) / 1000 }

// takenGrams is the weight of what is accepted in the end.
func (p *parcel) takenGrams() int64 {
	if p.takenKg > 0 {
		return p.takenKg
	}
	return p.line.nominal(p.finalAccepted())
}

// finalAccepted is what is accepted after the review.
func (p *parcel) finalAccepted() int64 {
	if p.review != nil {
		return p.accepted - p.review.more
	}
	return p.accepted
}

// returned is the sum of all returns.
func (p *parcel) returned() (sum int64) {
	for _, c := range p.back {
		sum += c.quantity
	}
	return sum
}

// netGrams is the parcel's net sale by weight.
func (p *parcel) netGrams() int64 {
	taken, accepted, back := p.takenGrams(), p.finalAccepted(), p.returned()
	if back == 0 || accepted == 0 {
		return taken
	}
	kg := domain.KgFromGrams(taken)
	return taken - kg.Part(quantity(back), quantity(accepted)).Grams()
}

// netAmount is the parcel's net sale: rounded amounts, subtracted.
func (p *parcel) netAmount() domain.Money {
	gross := p.line.price.Times(quantity(p.finalAccepted()))
	return gross.Sub(p.line.price.Times(quantity(p.returned())))
}

// loadedGrams is the weight that the lorry carries.
func (p *parcel) loadedGrams() int64 {
	if p.loggedKg > 0 && p.loaded == p.logged {
		return p.loggedKg
	}
	return p.line.nominal(p.loaded)
}
