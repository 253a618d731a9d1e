package witness

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"zhitong/audit/checkpoint"
)

// Limits of a policy.
const (
	policyLinesMax   = 1000
	policyMembersMax = 100
)

// Policy says which witnesses a log asks, and how many of them must have cosigned
// before a checkpoint counts as witnessed. The zero Policy asks nobody and is met by
// every checkpoint.
type Policy struct {
	Witnesses []Peer
	groups    map[string]group
	quorum    string // name of a witness or group; "" for none
	verifiers map[string]note.Verifier
}

// Peer is one witness that the log asks.
type Peer struct {
	Name string // within the policy
	VKey string // public key of the witness, algorithm 4
	URL  string // submission prefix; "" for one that asks by itself
}

// group is met when so many of its members are.
type group struct {
	need    int
	members []string
}

// ParsePolicy reads a witness policy, one statement a line, names before their use:
//
//	witness NAME VKEY [URL]
//	group NAME COUNT|any|all MEMBER…
//	quorum NAME|none
//
// This is the C2SP tlog-policy form without its log lines, which are read over as
// empty lines and those that begin with # are. Without a quorum line there is none.
func ParsePolicy(text string) (*Policy, error) {
	p := &Policy{groups: map[string]group{}, verifiers: map[string]note.Verifier{}}
	lines := strings.Split(text, "\n")
	if len(lines) > policyLinesMax {
		return nil, fmt.Errorf("witness policy: %d lines, at most %d are read", len(lines), policyLinesMax)
	}
	decided := false
	for n, line := range lines {
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") || fields[0] == "log" {
			continue
		}
		var err error
		switch fields[0] {
		case "witness":
			err = p.addWitness(fields[1:])
		case "group":
			err = p.addGroup(fields[1:])
		case "quorum":
			if decided {
				err = errors.New("a second quorum")
			} else {
				decided = true
				err = p.setQuorum(fields[1:])
			}
		default:
			err = fmt.Errorf("%q: witness, group or quorum is needed", fields[0])
		}
		if err != nil {
			return nil, fmt.Errorf("witness policy line %d: %w", n+1, err)
		}
	}
	return p, nil
}

func (p *Policy) known(name string) bool {
	_, isGroup := p.groups[name]
	return isGroup || p.verifiers[name] != nil
}

func (p *Policy) define(name string) error {
	if name == "none" || p.known(name) {
		return fmt.Errorf("the name %q is taken", name)
	}
	return nil
}

func (p *Policy) addWitness(fields []string) error {
	if len(fields) != 2 && len(fields) != 3 {
		return errors.New("witness NAME VKEY [URL] is needed")
	}
	w := Peer{Name: fields[0], VKey: fields[1]}
	if err := p.define(w.Name); err != nil {
		return err
	}
	v, err := checkpoint.ParseVerifier(w.VKey)
	if err != nil {
		return err
	}
	if !checkpoint.IsCosigner(v) {
		return fmt.Errorf("witness %s: its key is one of a log (algorithm 1), that of a witness has algorithm 4", w.Name)
	}
	if slices.ContainsFunc(p.Witnesses, func(o Peer) bool { return o.VKey == w.VKey }) {
		return fmt.Errorf("witness %s: its key is that of another", w.Name)
	}
	if len(fields) == 3 {
		w.URL = fields[2]
		u, err := url.Parse(w.URL)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			return fmt.Errorf("%q is no address: http://… or https://… is needed", w.URL)
		}
	}
	p.Witnesses, p.verifiers[w.Name] = append(p.Witnesses, w), v
	return nil
}

func (p *Policy) addGroup(fields []string) error {
	if len(fields) < 3 || len(fields)-2 > policyMembersMax {
		return fmt.Errorf("group NAME COUNT|any|all MEMBER… is needed, with at most %d members", policyMembersMax)
	}
	g := group{members: fields[2:]}
	if err := p.define(fields[0]); err != nil {
		return err
	}
	for i, m := range g.members {
		if !p.known(m) || slices.Contains(g.members[:i], m) {
			return fmt.Errorf("group %s: %q is no witness or group above, or is named twice", fields[0], m)
		}
	}
	switch fields[1] {
	case "any":
		g.need = 1
	case "all":
		g.need = len(g.members)
	default:
		var err error
		if g.need, err = strconv.Atoi(fields[1]); err != nil || g.need < 1 || g.need > len(g.members) {
			return fmt.Errorf("group %s: %q of %d members: a number from 1 to %d, any or all is needed", fields[0], fields[1], len(g.members), len(g.members))
		}
	}
	p.groups[fields[0]] = g
	return nil
}

func (p *Policy) setQuorum(fields []string) error {
	if len(fields) != 1 {
		return errors.New("quorum NAME or quorum none is needed")
	}
	if fields[0] == "none" {
		return nil
	}
	if !p.known(fields[0]) {
		return fmt.Errorf("quorum %q: no witness or group above has this name", fields[0])
	}
	p.quorum = fields[0]
	return nil
}

// Verifiers are the public keys of the witnesses, one a line, for
// [checkpoint.Verifiers].
func (p *Policy) Verifiers() string {
	var b strings.Builder
	for _, w := range p.Witnesses {
		b.WriteString(w.VKey + "\n")
	}
	return b.String()
}

// Standing is what a policy says of one signed checkpoint.
type Standing struct {
	Asked    bool     // the policy has witnesses
	Cosigned []string // names of the witnesses whose cosignatures hold, as in the policy
	Missing  []string // the others
	Quorum   bool     // there is one
	Met      bool     // it is met; true without one
}

// String says it in one line, in English.
func (s Standing) String() string {
	text := fmt.Sprintf("cosigned by %d of %d witnesses", len(s.Cosigned), len(s.Cosigned)+len(s.Missing))
	if len(s.Missing) > 0 {
		text += ", not by " + strings.Join(s.Missing, ", ")
	}
	switch {
	case s.Quorum && s.Met:
		text += "; the quorum is met"
	case s.Quorum:
		text += "; the quorum is NOT met"
	}
	return text
}

// Standing looks which cosignatures a signed checkpoint has.
func (p *Policy) Standing(signed []byte) Standing {
	s := Standing{Asked: len(p.Witnesses) > 0, Quorum: p.quorum != ""}
	has := map[string]bool{}
	for _, w := range p.Witnesses {
		if _, err := note.Open(signed, note.VerifierList(p.verifiers[w.Name])); err == nil {
			has[w.Name] = true
			s.Cosigned = append(s.Cosigned, w.Name)
		} else {
			s.Missing = append(s.Missing, w.Name)
		}
	}
	s.Met = p.quorum == "" || p.met(p.quorum, has)
	return s
}

// met reports whether a witness or group is met. Groups know only names above them.
func (p *Policy) met(name string, has map[string]bool) bool {
	g, isGroup := p.groups[name]
	if !isGroup {
		return has[name]
	}
	count := 0
	for _, m := range g.members {
		if p.met(m, has) {
			count++
		}
	}
	return count >= g.need
}
