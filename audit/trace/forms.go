package trace

import (
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// JSON writes an answer as an array of nodes.
func JSON(w io.Writer, nodes []*Node) error {
	return json.MarshalWrite(w, nodes, jsontext.WithIndent("  "))
}

// Text writes an answer as a tree.
func Text(w io.Writer, nodes []*Node) error {
	var b strings.Builder
	for _, n := range nodes {
		n.text(&b, "", "")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (n *Node) text(b *strings.Builder, mark, indent string) {
	fmt.Fprintf(b, "%s%s %s", mark, n.Kind, n.ID)
	if n.Again {
		b.WriteString(" (see above)\n")
		return
	}
	b.WriteByte('\n')
	for _, e := range n.Events {
		asked := ""
		if e.IsTheOne {
			asked = "  ◀"
		}
		if e.Proof != "" {
			asked += "  ⊢ " + e.Proof
		}
		fmt.Fprintf(b, "%s  · %d %s by %s (%s, %s) %s  %s%s\n", indent, e.Position, e.Name, e.Actor, e.Role, e.Via, e.Time, e.ID, asked)
		if e.Says != "" {
			fmt.Fprintf(b, "%s      %s\n", indent, e.Says)
		}
	}
	for _, l := range n.Lines {
		fmt.Fprintf(b, "%s  = line %d: %s, %s kg, order %s line %d: %s\n", indent, l.LineNo, l.ItemID, l.AcceptedKg, l.OrderID, l.OrderLine, l.Subsidy)
		for _, s := range l.Steps {
			fmt.Fprintf(b, "%s      %s\n", indent, s)
		}
		for _, s := range l.Shares {
			fmt.Fprintf(b, "%s      %s bears %s (%s)\n", indent, s.FunderID, s.Amount, s.BudgetID)
		}
	}
	for _, c := range n.Because {
		c.text(b, indent+"  ← ", indent+"    ")
	}
	for _, c := range n.LeadsTo {
		c.text(b, indent+"  → ", indent+"    ")
	}
}

// walk calls fn with each edge of the answer, once.
func walk(nodes []*Node, fn func(cause, effect *Node)) {
	seen := map[[2]string]bool{}
	var visit func(n *Node)
	edge := func(cause, effect *Node) {
		k := [2]string{cause.Kind + "/" + cause.ID, effect.Kind + "/" + effect.ID}
		if !seen[k] {
			seen[k] = true
			fn(cause, effect)
		}
	}
	visit = func(n *Node) {
		for _, c := range n.Because {
			edge(c, n)
			visit(c)
		}
		for _, c := range n.LeadsTo {
			edge(n, c)
			visit(c)
		}
	}
	for _, n := range nodes {
		visit(n)
	}
}

// Graphviz writes an answer in the language of dot.
func Graphviz(w io.Writer, nodes []*Node) error {
	var b strings.Builder
	b.WriteString("digraph trace {\n  rankdir=LR;\n  node [shape=box];\n")
	for _, n := range nodes {
		fmt.Fprintf(&b, "  %s [style=bold];\n", quoted(n))
	}
	walk(nodes, func(cause, effect *Node) { fmt.Fprintf(&b, "  %s -> %s;\n", quoted(cause), quoted(effect)) })
	b.WriteString("}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func quoted(n *Node) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(n.Kind+" "+n.ID) + `"`
}

// Mermaid writes an answer as a Mermaid flowchart.
func Mermaid(w io.Writer, nodes []*Node) error {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	names := map[string]string{}
	name := func(n *Node) string {
		k := n.Kind + "/" + n.ID
		if names[k] == "" {
			names[k] = fmt.Sprintf("n%d", len(names)+1)
			text := strings.NewReplacer("&", "#amp;", `"`, "#quot;", "<", "#lt;", ">", "#gt;").Replace(n.Kind + " " + n.ID)
			fmt.Fprintf(&b, "  %s[\"%s\"]\n", names[k], text)
		}
		return names[k]
	}
	for _, n := range nodes {
		name(n)
	}
	walk(nodes, func(cause, effect *Node) {
		from, to := name(cause), name(effect)
		fmt.Fprintf(&b, "  %s --> %s\n", from, to)
	})
	_, err := io.WriteString(w, b.String())
	return err
}
