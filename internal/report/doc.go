// Package report writes the papers for people that go with evidence: what a bundle
// is about, how each amount was calculated, which events say so, and how to check it,
// as HTML and as PDF with the same content.
//
// It owns what such a paper says and how it is laid out; the words are in the
// catalogues of package text. It refuses to prove: a paper follows from the log, and
// what is proved are the commits. Start reading at [Bundle].
package report
