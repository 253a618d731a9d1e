package main

import (
	"net/http"

	"zhitong/internal/app/assembly"
	"zhitong/internal/persons"
	"zhitong/web/api"
	"zhitong/web/openapi"
)

// api is the API of a serving process, for those whom the gate knows.
func (s *serving) api(gate api.Gate) (http.Handler, error) {
	return api.New(api.Config{
		Committer: s.app, Persons: persons.New(s.house.log, s.house.ring), Commands: assembly.Options(nil, nil).Commands, Views: s.views, Log: s.house.log, Gate: gate,
		Receipts: s.audit.publisher.Receipts(), Description: openapi.JSON(),
		Stopping: s.server.Stopping(), GapWait: s.p.cfg.DeviceGapWait,
	})
}
