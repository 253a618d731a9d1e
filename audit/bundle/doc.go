// Package bundle makes and verifies evidence bundles: one zip file about a claim, a
// shipment, or a party in a period, that convinces a third person offline.
//
// It owns the file's form. It refuses to trust what is inside but not proved: each
// commit is proved against the signed checkpoint, calculations are done again, and
// any changed byte is named. Start reading at [Make] and [Verify].
//
// # Format
//
// A zip file without compression and without times, its files in the order of their
// names, so that the same evidence gives the same bytes, and so that every byte of it is
// determined by the files: any other is damage, and is named.
//
//	README.md              what this is and how to verify it
//	checkpoint             the signed checkpoint that everything is proved against
//	commits.ndjson         the commits, one a line, in order of position
//	manifest.json          subject, position, the SHA-256 of every other file, and one
//	                       over all but the reports
//	policies/ID@V.json     the policy versions that claims rest on, as published
//	proofs/P.tlog-proof    a C2SP tlog-proof for the commit at position P
//	report.LANG.html, report.LANG.pdf   for people, in zh and en
//	rows/VIEW.json         rows of views about the subject, folded up to the checkpoint
//	trace.json, trace.txt  causes and effects
//	vkeys                  the log's public keys
//
// Rows, reports and the trace are conveniences: they follow from a whole log, which
// a bundle is not. What a bundle proves is its commits.
package bundle
