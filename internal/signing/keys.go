package signing

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"zhitong/audit/checkpoint"
	"zhitong/events/keys"
)

// keyPrefix begins the names of the signing keys in the store of keys, which belong
// to the programme and are never destroyed. A number follows, so that their order is
// that of their making.
const keyPrefix = "programme/log-key/"

// Keys returns the signing keys that the processes of a cluster share. At the first
// start they are those of first, or else one is made with the origin as its name; of
// processes that start at once one wins, and all get its keys.
func Keys(ctx context.Context, store keys.Store, origin string, first []string) (*checkpoint.Keys, error) {
	list, err := stored(ctx, store)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		if len(first) == 0 {
			skey, err := checkpoint.NewKey(origin)
			if err != nil {
				return nil, err
			}
			first = []string{skey}
		}
		for i, skey := range first {
			got, err := store.Create(ctx, keyName(i+1), []byte(skey))
			if err != nil {
				return nil, fmt.Errorf("share the signing key: %w", err)
			}
			list = append(list, string(got))
		}
	}
	return checkpoint.ParseKeys(strings.Join(list, "\n"))
}

// Rotate adds a signing key. A process uses it from its next start on; meanwhile it
// signs with those that it knows.
func Rotate(ctx context.Context, store keys.Store, origin string) (*checkpoint.Keys, error) {
	list, err := stored(ctx, store)
	if err != nil {
		return nil, err
	}
	skey, err := checkpoint.NewKey(origin)
	if err != nil {
		return nil, err
	}
	got, err := store.Create(ctx, keyName(len(list)+1), []byte(skey))
	if err != nil {
		return nil, fmt.Errorf("share the signing key: %w", err)
	}
	return checkpoint.ParseKeys(strings.Join(append(list, string(got)), "\n"))
}

func keyName(n int) string { return fmt.Sprintf("%s%06d", keyPrefix, n) }

// stored is the shared keys, oldest first.
func stored(ctx context.Context, store keys.Store) ([]string, error) {
	all, err := store.Load(ctx)
	if err != nil {
		return nil, fmt.Errorf("shared signing keys: %w", err)
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if strings.HasPrefix(name, keyPrefix) {
			list = append(list, string(all[name]))
		}
	}
	return list, nil
}
