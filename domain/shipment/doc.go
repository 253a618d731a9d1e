// Package shipment is one cooperative's goods on one trip under one waybill, through inspection, returns and corrections.
//
// It owns the aggregate's facts, its state and the rules that this state alone
// can answer. It refuses to know any other aggregate's state. Start at facts.go,
// then at State.
package shipment
