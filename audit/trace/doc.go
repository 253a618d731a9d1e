// Package trace answers where a figure came from and what became of it: from a
// claim, a line of it, an order, a shipment, a departure, a payment batch, a
// clawback, a fund, a policy version or an event, back to the causes and forward to
// the effects, each with the events and the persons that acted.
//
// It owns the graph and its forms (text, JSON, Graphviz, Mermaid). It refuses to
// judge. It reads the log twice: once for the graph, once for the events that an
// answer shows, so that a large log needs little memory. Start reading at [Of].
package trace
