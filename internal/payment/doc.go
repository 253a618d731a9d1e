// Package payment is the files that go to the bank and come back: the payment file
// of a batch, and the bank's answer to it.
//
// It owns the form of both files, their checksum, and how an answer is held
// against the batch; it makes the data of disbursement.confirm and nothing else. It
// refuses to decide anything about claims and to send commands. Payees are opened
// here and nowhere else: what it returns in clear belongs into a file of mode 0600.
//
// # Form of the payment file
//
// A header, one row a line of the batch with an amount to transfer, then rows whose
// first cell begins with "#": #lines (their number), #total (the sum), #sha256. CSV
// is UTF-8 with a byte order mark; a cell that a spreadsheet would take for a
// formula begins with an apostrophe. In xlsx every cell is text. The checksum is
// over the canonical rows: each row as a JSON array of its cells as texts, without
// apostrophes, ended by a line feed; the same rows have the same checksum in both
// forms.
//
// Start at [Finder], then [Batch.Open], [Transfers.WriteCSV] and [Match].
package payment
