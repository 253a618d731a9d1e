package trace

// Prove has a proof made for the commit of every event of an answer, and names its
// file with the event. prove is called once for each position and returns the name.
func Prove(nodes []*Node, prove func(position uint64) (name string, err error)) error {
	p := prover{prove: prove, names: map[uint64]string{}}
	for _, n := range nodes {
		if err := p.node(n); err != nil {
			return err
		}
	}
	return nil
}

type prover struct {
	prove func(uint64) (string, error)
	names map[uint64]string
}

func (p *prover) node(n *Node) error {
	for i := range n.Events {
		e := &n.Events[i]
		name, known := p.names[e.Position]
		if !known {
			var err error
			if name, err = p.prove(e.Position); err != nil {
				return err
			}
			p.names[e.Position] = name
		}
		e.Proof = name
	}
	for _, list := range [][]*Node{n.Because, n.LeadsTo} {
		for _, c := range list {
			if err := p.node(c); err != nil {
				return err
			}
		}
	}
	return nil
}
