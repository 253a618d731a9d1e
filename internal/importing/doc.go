// Package importing turns a spreadsheet into commands by a mapping profile.
//
// It owns reading (CSV in UTF-8 or GB18030, xlsx), the profile language, the
// documents (what is taken or refused as a whole), the rejected-rows file and the
// summary. It refuses to know where commands go: a [Submitter] takes them, and a
// [Rehearser] says beforehand what would become of them. Nothing here guesses: the
// format of every column is stated by the profile, and a cell that its format does
// not read refuses the whole document.
//
// Command ids are made from the profile's name, the step and the key, so that a
// second run of the same file repeats the same commands and changes nothing.
//
// Start reading at [Run]; then plan.go (rows to documents), profile.go and expr.go
// (the language), csv.go and xlsx.go (the readers). How to write a profile is told
// in docs/how-to/import-a-spreadsheet.md.
package importing
