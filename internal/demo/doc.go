// Package demo generates the demo programme: route 369 from May 2020 to December
// 2021 as a sequence of ordinary commands, calibrated so that net sales end at
// exactly the two published totals, 42,000 t and 620 million yuan, times a scale.
//
// It owns made-up but plausible people, goods, prices, trips, losses, returns and
// corrections, and the arithmetic that makes the totals exact. Everything in it
// except township names, division codes and the two totals is invented; which six
// Anhui cities are paired is the demo's own choice. It refuses to know the log or
// the rules: the commands are decided like anybody's.
//
// The same options give the same commands on every machine: there is no clock, no
// float and no random source but [random].
//
// Start reading at [New]; a day's trips are planned in trips.go, what becomes of
// a parcel in fate.go, the prices in calibrate.go, the commands in emit.go.
package demo
