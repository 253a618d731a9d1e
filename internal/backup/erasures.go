package backup

import (
	"bytes"
	"fmt"

	"zhitong/domain"
	"zhitong/domain/party"
	"zhitong/events"
)

// Erasures are the requests for erasure in a log. The zero value knows of none.
type Erasures []erasure

type erasure struct {
	party    domain.ID
	position uint64
}

var erasing = []byte(`"type":"` + events.TypePrefix + party.ErasureRequested{}.FactName() + ".v")

// Add takes a commit.
func (e *Erasures) Add(position uint64, commit []byte) error {
	if !bytes.Contains(commit, erasing) {
		return nil
	}
	c, err := events.Decode(commit)
	if err != nil {
		return fmt.Errorf("position %d: %w", position, err)
	}
	for i := range c.Events {
		if r, ok := c.Events[i].Fact.(party.ErasureRequested); ok {
			*e = append(*e, erasure{r.PartyID, position})
		}
	}
	return nil
}

// Parties are those whose erasure is asked for.
func (e Erasures) Parties() []domain.ID { return e.After(0) }

// After are those whose erasure is asked for behind a position.
func (e Erasures) After(position uint64) (list []domain.ID) {
	for _, x := range e {
		if x.position > position {
			list = append(list, x.party)
		}
	}
	return list
}
