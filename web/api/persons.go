package api

import (
	"context"
	"net/http"

	"github.com/go-json-experiment/json"

	"zhitong/domain"
	"zhitong/internal/persons"
	"zhitong/web/problem"
)

// Persons opens what is personal of a party for those who may see it: the table of
// roles decides, and a refusal does not say whether there is such a party.
type Persons interface {
	Open(ctx context.Context, by domain.By, party domain.ID) (persons.Card, error)
}

// shownCard is what is personal of a party, in clear.
type shownCard struct {
	PartyID    domain.ID   `json:"party_id"`
	Payee      *shownPayee `json:"payee,omitempty"`
	Proposed   *shownPayee `json:"proposed,omitempty"`
	ProposedBy domain.ID   `json:"proposed_by,omitempty"`
	Erased     bool        `json:"erased"`
}

type shownPayee struct {
	AccountName string `json:"account_name"`
	Bank        string `json:"bank"`
	AccountNo   string `json:"account_no"`
	EventID     string `json:"event_id"`
}

// person shows what is personal of a party.
func (a *API) person(w http.ResponseWriter, r *http.Request, by caller) error {
	if _, err := parameters(r, nil, nil); err != nil {
		return err
	}
	id := domain.ID(r.PathValue("party"))
	if err := domain.CheckID(string(id)); err != nil {
		return problem.Parameter("party", "", "an id of a party is needed")
	}
	card, err := a.Persons.Open(r.Context(), domain.By{Actor: by.Actor(), Role: by.Role}, id)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.MarshalWrite(w, shownCard{card.PartyID, shown(card.Payee), shown(card.Proposed), card.ProposedBy, card.Erased}) // the client has gone
	return nil
}

func shown(p *persons.Payee) *shownPayee {
	if p == nil {
		return nil
	}
	return &shownPayee{string(p.AccountName), string(p.Bank), string(p.AccountNo), p.EventID}
}
