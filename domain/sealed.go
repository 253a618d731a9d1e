package domain

// Sealed is a personal value as facts hold it: encrypted under the key of its
// person, in base64. Its additional data is the event's id and the field's path.
// What sealing is, is the business of package events; here it is opaque.
type Sealed string

// Tag is a keyed fingerprint of a personal value, for the equality that rules
// need (two payees, one account). Without its key it says nothing.
type Tag string

// Personal is a personal value in clear, as commands hold it on their way to
// being sealed. It never prints itself.
type Personal string

// String hides the value.
func (Personal) String() string { return "[personal]" }

// GoString hides the value.
func (Personal) GoString() string { return "[personal]" }

// UnmarshalText checks and takes a personal text.
func (p *Personal) UnmarshalText(b []byte) error {
	if err := CheckText(string(b)); err != nil {
		q := *AsProblem(err)
		q.Value = ""
		return &q
	}
	*p = Personal(b)
	return nil
}
