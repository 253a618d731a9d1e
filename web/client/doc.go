// Package client is the API for programs in Go: commands, batches, views, events and
// receipts, over a token.
//
// It owns sending again what may be sent again: the client chooses a command's id,
// so that nothing is ever done twice. It refuses to know the trade: a command's data
// are the structs of package domain (domain/order.Submit, …), and the rows of views
// are structs made from their declarations ([SalesVolume], …). It imports nothing of
// the server. Start at [New].
package client
