package accounts

import (
	"errors"
	"fmt"

	"zhitong/domain"
)

// Account is who somebody is, once a credential has proved it.
type Account struct {
	ID   string
	Role domain.Role
	// Party is the party that the account acts for: always given for the roles
	// cooperative, buyer, carrier and funder, whose actor is the party; usually ""
	// for the others.
	Party domain.ID
}

// Actor is who the events will say has acted: the party when there is one, else the
// account itself. The account stands beside it as the event's principal.
func (a Account) Actor() domain.ID {
	if a.Party != "" {
		return a.Party
	}
	return domain.ID(a.ID)
}

// ErrDenied is every reason why a credential does not let in: whoever asks from
// outside is told this and no more. The reasons below wrap it, for logs and tests.
var ErrDenied = errors.New("accounts: the credential is missing or not valid")

// Why a credential does not let in.
var (
	ErrNone    = fmt.Errorf("%w: none was given", ErrDenied)
	ErrUnknown = fmt.Errorf("%w: unknown", ErrDenied) // also a wrong password
	ErrExpired = fmt.Errorf("%w: expired", ErrDenied)
	ErrRevoked = fmt.Errorf("%w: revoked", ErrDenied)
	ErrLocked  = fmt.Errorf("%w: locked", ErrDenied) // too many wrong passwords; ask later
)

// ErrUnavailable says that the bucket has been out of reach for so long that what is
// known of it can no longer be trusted, or that it could not take a change. Asking
// again later is safe.
var ErrUnavailable = errors.New("accounts: the accounts are out of reach")
