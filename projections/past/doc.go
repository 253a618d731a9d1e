// Package past keeps what projections were at earlier positions, so that a fold up
// to any moment need not begin with the log.
//
// It owns files and nothing else: each holds the rows of one projection that
// changed between two positions, and the chain of them from the log's beginning is
// what the projection was. It refuses to fold, and nobody may trust it: a
// verification folds the whole log. Files can be deleted at any time; one that is
// torn, damaged, of another stream or of another declaration is as if it weren't
// there. Start at [Store].
//
// # The form of a file
//
// A line with the form's name; a line of JSON that says of what stream, projection,
// version and declaration it is and from which commit to which it goes, with their
// SHA-256; then the rows, each the number of its table from 1 (its lowest bit says
// that only the key follows, since the row is gone), then for each column its length
// plus 1 and its text, 0 for null; a 0; and the SHA-256 of all that. Numbers are
// varints. It is written beside its place and renamed into it.
package past
