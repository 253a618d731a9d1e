package log_test

import (
	"context"
	"errors"
	"fmt"

	"zhitong/events/log"
)

// Two appenders, one head: the second learns that it has moved, catches up and
// decides again.
func Example() {
	ctx := context.Background()
	l := log.NewMemory()
	head, err := l.Head(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := l.Append(ctx, head, [][]byte{[]byte(`["first"]`)}); err != nil {
		fmt.Println(err)
	}
	_, err = l.Append(ctx, head, [][]byte{[]byte(`["second"]`)})
	fmt.Println("moved:", errors.Is(err, log.ErrConflict))

	if head, err = l.Head(ctx); err == nil {
		_, err = l.Append(ctx, head, [][]byte{[]byte(`["second"]`), []byte(`["third"]`)})
	}
	if err != nil {
		fmt.Println(err)
	}
	err = l.Read(ctx, 1, func(b log.Block) error {
		for i, commit := range b.Commits {
			fmt.Println(b.First+uint64(i), string(commit))
		}
		return nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// moved: true
	// 1 ["first"]
	// 2 ["second"]
	// 3 ["third"]
}
