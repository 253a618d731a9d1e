// Package assembly puts the application together: every command, reaction, kind
// of aggregate, and the table of roles. It owns nothing but the list, so that the
// binary, the importer's rehearsal and the tests all run the same application.
// Start at [Options].
package assembly

import (
	"maps"
	"slices"

	"zhitong/domain"
	"zhitong/domain/roles"
	"zhitong/events/keys"
	"zhitong/events/log"
	"zhitong/internal/app"
	"zhitong/internal/app/commands"
	"zhitong/internal/app/subsidy"
)

// Options are the options of the whole application on a log.
func Options(l log.Log, ring *keys.Ring) app.Options {
	return app.Options{
		Log: l, Ring: ring,
		Commands:  slices.Concat(commands.Trade(), subsidy.Commands()),
		Reactions: subsidy.Reactions(),
		Kinds:     kinds(),
		Allowed:   roles.Check,
	}
}

func kinds() map[string]func() domain.Aggregate {
	k := app.TradeKinds()
	maps.Copy(k, app.SubsidyKinds())
	return k
}
