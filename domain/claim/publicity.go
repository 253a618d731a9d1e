package claim

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"zhitong/domain"
)

// Posting is the claim's row of a list that is posted from and to the days given.
func (s *State) Posting(from, to domain.Day) Posting {
	p := Posting{CooperativeID: s.CooperativeID, Amount: s.Total(), PolicyID: s.PolicyID, PolicyVersion: s.PolicyVersion, From: from, To: to,
		AcceptedKg: domain.KgFromGrams(0)}
	for _, l := range s.Lines {
		p.AcceptedKg = p.AcceptedKg.Add(l.AcceptedKg)
		if !slices.Contains(p.ItemIDs, l.ItemID) {
			p.ItemIDs = append(p.ItemIDs, l.ItemID)
		}
	}
	slices.Sort(p.ItemIDs)
	return p
}

// MayPublicise decides the part of claim.publicise that concerns this claim.
func (s *State) MayPublicise(c *Publicise, by domain.By, publicityDays int) error {
	if err := s.needs(IsApproved); err != nil {
		return err
	}
	switch day := by.Time.Day(); {
	case c.From.Cmp(day) < 0:
		return domain.Refuse(domain.Invalid, "claim.publicity_in_past", "from", c.From.String(), "not before %s, the day of the command", day)
	case c.To.Sub(c.From)+1 < publicityDays:
		return domain.Refuse(domain.Invalid, "claim.publicity_too_short", "to", c.To.String(),
			"the policy of claim %q asks for %d days, these are %d", s.ClaimID, publicityDays, c.To.Sub(c.From)+1)
	}
	return nil
}

// PubliciseAll posts claims as one list.
func PubliciseAll(states []*State, from, to domain.Day, by domain.By) []domain.Fact {
	ids, postings := make([]domain.ID, len(states)), make([]Posting, len(states))
	for i, s := range states {
		ids[i], postings[i] = s.ClaimID, s.Posting(from, to)
	}
	hash := sha256.Sum256([]byte(ListText(ids, postings)))
	facts := make([]domain.Fact, len(states))
	for i, s := range states {
		facts[i] = Publicised{s.Head, postings[i], i + 1, len(states), hex.EncodeToString(hash[:]), by.Actor}
	}
	return facts
}

// ListText is the list as it is hashed: a line for each claim, its fields apart by
// tabs, the number of its items before them. No id holds a tab or a line end.
func ListText(ids []domain.ID, postings []Posting) string {
	var b strings.Builder
	for i, p := range postings {
		items := strconv.Itoa(len(p.ItemIDs))
		for _, id := range p.ItemIDs {
			items += "\t" + string(id)
		}
		fmt.Fprintf(&b, "%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\n", ids[i], p.CooperativeID, items, p.AcceptedKg, p.Amount, p.PolicyID, p.PolicyVersion, p.From, p.To)
	}
	return b.String()
}
