// Package subsidy is the table of the subsidy's commands and what happens by itself
// between them.
//
// A handler orchestrates: it reads states through the unit of work, calls the pure
// deciders of package domain, and emits the facts they return. A reaction is a pure
// function from an event and the folds to commands of the system. Both refuse to
// hold rules. Start at [Commands], then at [Reactions].
package subsidy

import (
	"slices"

	"zhitong/domain"
	"zhitong/domain/policy"
	"zhitong/internal/app"
)

// Commands returns the commands of policies, funds, claims and payments.
func Commands() []app.Command {
	return slices.Concat(policies(), funds(), assessments(), claims(), payments(), clawbacks())
}

// validator is a pointer to a command's data that can check its own values.
type validator[T any] interface {
	*T
	Validate() error
}

// define makes a command whose values are checked before its handler runs, and
// which is refused before the programme is open.
func define[T any, P validator[T]](name string, handle func(u *app.Unit, c *T) error) app.Command {
	return app.Define(name, func(u *app.Unit, c *T) error {
		if u.Registries.Programme() == "" {
			return domain.Refuse(domain.Conflict, "programme.not_open", "", "", "programme.open comes first")
		}
		if err := P(c).Validate(); err != nil {
			return err
		}
		return handle(u, c)
	})
}

// emit hands on a decider's answer.
func emit(u *app.Unit, facts []domain.Fact, err error) error {
	if err != nil {
		return err
	}
	u.Emit(facts...)
	return nil
}

// one hands on a decider's single fact.
func one(u *app.Unit, f domain.Fact, err error) error { return emit(u, []domain.Fact{f}, err) }

// version returns the policy version that a claim was assessed under. It is there:
// a published version never goes away.
func version(r *app.Registries, id domain.ID, number int) *policy.Policy {
	v, _ := r.Policy(id).Get(number)
	return v.Policy
}
