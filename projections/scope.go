package projections

import "fmt"

// Scope keeps the rows that are somebody's: those whose column has the value, or
// whose column has one of the values that a column of another view has in the rows
// of a scope of its own. Exactly one of Value and In is given. Whose rows somebody
// may see is decided by who asks the question.
type Scope struct {
	Column string
	Value  string
	In     *Within
}

// Within is a column of another view in the rows of a scope.
type Within struct {
	View   string
	Column string
	Scope  Scope
}

// Views lists the other views that the scope looks at.
func (sc *Scope) Views() []string {
	var names []string
	for ; sc != nil && sc.In != nil; sc = &sc.In.Scope {
		names = append(names, sc.In.View)
	}
	return names
}

// keeper returns what decides whether a row of s is in the scope, looking other
// views up in f.
func (f *Folded) keeper(s *Schema, sc *Scope) (func([]Value) bool, error) {
	if sc == nil {
		return nil, nil
	}
	column, ok := s.Column(sc.Column)
	if !ok {
		return nil, &UnknownError{"column of " + s.Name, sc.Column, s.ColumnNames()}
	}
	if sc.In == nil {
		return func(row []Value) bool { return row[column] == Value{Text: sc.Value} }, nil
	}
	_, other, err := FindView(f.projections, sc.In.View)
	if err != nil {
		return nil, err
	}
	from, ok := other.Column(sc.In.Column)
	if !ok {
		return nil, &UnknownError{"column of " + other.Name, sc.In.Column, other.ColumnNames()}
	}
	rows, err := f.Answer(Question{View: other.Name, Scope: &sc.In.Scope})
	if err != nil {
		return nil, fmt.Errorf("scope: %w", err)
	}
	values := make(map[Value]bool, len(rows.Values))
	for _, row := range rows.Values {
		values[row[from]] = !row[from].Null
	}
	return func(row []Value) bool { return values[row[column]] }, nil
}
