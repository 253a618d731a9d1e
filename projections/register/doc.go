// Package register is what the programme is made of: parties, items, routes and
// pairings. No personal value is in any of its columns.
package register
