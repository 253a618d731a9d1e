package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"zhitong/audit/keeper"
	"zhitong/audit/publish"
	"zhitong/audit/tree"
)

// logPrefix is where the Merkle log is served.
const logPrefix = "/api/v1/log"

// keepMerkle lets the Merkle log follow the log as a part of the group, and returns
// what serves it. Where another process writes it, this one only serves it.
func (h *house) keepMerkle(ctx context.Context, g *errgroup.Group) (http.Handler, error) {
	dir := filepath.Join(h.p.cfg.Data, auditFolder)
	handler := http.StripPrefix(logPrefix, publish.Handler(tree.NewReader(os.DirFS(dir))))
	keys, err := h.signingKeys(ctx)
	if err != nil {
		return nil, err
	}
	w, err := tree.OpenWriter(dir, keys)
	if errors.Is(err, tree.ErrLocked) {
		return handler, nil
	}
	if err != nil {
		return nil, fmt.Errorf("merkle log: %w", err)
	}
	k := keeper.New(h.log, w, keeper.Options{})
	g.Go(func() error {
		err := k.Run(ctx)
		if ctx.Err() != nil {
			err = nil
		}
		if err := errors.Join(err, w.Close()); err != nil {
			return fmt.Errorf("merkle log: %w", err)
		}
		return nil
	})
	return handler, nil
}
