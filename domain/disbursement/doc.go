// Package disbursement is a payment batch: claims that go to the bank together, and
// the bank's answer.
//
// It owns what each line transfers and what is withheld of it for debts. It refuses
// to know claims and clawbacks beyond their ids. Start at facts.go, then [State].
package disbursement
