package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func (p *program) keysCommand() *cobra.Command {
	return group("keys", "The keys of personal values", p.keysBackupCommand(), p.keysRotateCommand())
}

func (p *program) keysBackupCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy the keys alone into a file, as after a person was erased",
		Long: `Copy the persons' keys and the log's signing key into a file, wrapped with the master
key: what backup --keys does, without the log. Make one after each erasure, since the
master key is another one then. A newer keys file goes with an older backup.`,
		Example: "  zhitong keys backup /elsewhere/2021-07-01.keys",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := free(args[0]); err != nil {
				return err
			}
			return p.with(c.Context(), func(ctx context.Context, h *house) error {
				made, err := h.backupKeys(ctx, args[0])
				if err == nil {
					p.sayKeys(made)
				}
				return err
			})
		},
	}
}

func (p *program) keysRotateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "rotate",
		Short: "Make a new master key and wrap every key anew",
		Long: `Make a new master key, wrap every key with it, and drop the old one: copies of the keys
that were made before open nothing any more, unless somebody kept the old master key.
Every erasure of a person does this by itself. It may run while serve does, and may be
repeated after a crash.`,
		Example: "  zhitong keys rotate",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.with(c.Context(), func(ctx context.Context, h *house) error {
				stream, master, err := h.keyStream(ctx)
				if err != nil {
					return err
				}
				if err := stream.Rotate(ctx); err != nil {
					return err
				}
				_, err = fmt.Fprintln(p.stdout, p.text.Say("backup.rotated", "generation", master.Generations()[0], "master", p.masterKey()))
				return err
			})
		},
	}
}
