package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"zhitong/events/keys"
	"zhitong/events/log"
	"zhitong/internal/backup"
)

// backupRun is one run of backup.
type backupRun struct {
	p        *program
	file     string
	keysFile string
	format   string
	made     backupMade
}

// backupMade is what a backup came to.
type backupMade struct {
	File       string          `json:"file"`
	Bytes      int64           `json:"bytes"`
	SHA256     string          `json:"sha256"`
	Stream     string          `json:"stream"`
	Position   uint64          `json:"position"`
	LastEvent  string          `json:"last_event"`
	Recorded   time.Time       `json:"recorded"`
	Checkpoint string          `json:"checkpoint"` // the signed note
	Keys       *backupKeysMade `json:"keys,omitzero"`
}

type backupKeysMade struct {
	File       string `json:"file"`
	Keys       int    `json:"keys"`
	Generation string `json:"generation"` // of the master key
}

func (p *program) backupCommand() *cobra.Command {
	r := backupRun{p: p}
	c := &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy the log into one file, and the keys of personal values into another",
		Long: `Copy the log into one file while commands run: every commit up to a signed checkpoint
that is made now, and all checkpoints. It holds no key. With --keys the persons' keys
and the log's signing key are copied into a file of their own, wrapped with the master
key; the master key itself is in neither. Both files get mode 0600, appear whole or not
at all, and never replace another.

After a person was erased the master key is another one: make a new keys file then, the
older ones open nothing any more.`,
		Example: `  zhitong backup /backup/2021-06-30.zt --keys /elsewhere/2021-06-30.keys
  zhitong restore /backup/2021-06-30.zt --check`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			r.file = args[0]
			if err := r.check(); err != nil {
				return err
			}
			return p.with(c.Context(), r.run)
		},
	}
	f := c.Flags()
	f.StringVar(&r.keysFile, "keys", "", "file for the keys; keep it apart from the other one")
	f.StringVar(&r.format, "format", "text", "text or json")
	return c
}

// check refuses names that can't be written before anything is read.
func (r *backupRun) check() error {
	if r.format != "text" && r.format != "json" {
		return usagef("--format %q: text or json is needed", r.format)
	}
	if r.keysFile != "" && filepath.Clean(r.keysFile) == filepath.Clean(r.file) {
		return usagef("--keys %s: the keys need a file of their own, apart from the log", r.keysFile)
	}
	for _, name := range []string{r.file, r.keysFile} {
		if name == "" {
			continue
		}
		if err := free(name); err != nil {
			return err
		}
	}
	return nil
}

// free refuses a name that is taken or whose folder is not there.
func free(name string) error {
	if _, err := os.Lstat(name); err == nil {
		return usagef("%s is there already: nothing is overwritten, name another file", name)
	}
	if info, err := os.Stat(filepath.Dir(name)); err != nil || !info.IsDir() {
		return usagef("%s: there is no folder %s", name, filepath.Dir(name))
	}
	return nil
}

func (r *backupRun) run(ctx context.Context, h *house) error {
	m, err := h.merkle(ctx)
	if err != nil {
		return err
	}
	if m.signed.Note == nil {
		return foundError{errors.New("the log is empty: there is nothing to copy")}
	}
	checkpoints, err := m.reader.Checkpoints()
	if err != nil {
		return fmt.Errorf("checkpoints: %w", err)
	}
	var manifest backup.Manifest
	counted := counter{sum: sha256.New()}
	err = newFile(r.file, func(w io.Writer) (err error) {
		manifest, err = backup.Make(ctx, io.MultiWriter(w, &counted), backup.Source{Log: h.log, Signed: m.signed, Checkpoints: checkpoints, VKeys: m.vkeys})
		if err == nil && r.keysFile != "" { // behind the log: it has the keys of everything in it
			r.made.Keys, err = h.backupKeys(ctx, r.keysFile)
		}
		return err
	})
	if errors.Is(err, backup.ErrNotSigned) {
		return hintError{foundError{err}, "zhitong audit verify"}
	}
	if err != nil {
		return err
	}
	r.made.File, r.made.Bytes, r.made.SHA256 = r.file, counted.n, hex.EncodeToString(counted.sum.Sum(nil))
	r.made.Stream, r.made.Position, r.made.LastEvent, r.made.Recorded = manifest.Stream.Name, manifest.Position, manifest.LastEvent, manifest.Recorded
	r.made.Checkpoint = string(m.signed.Note)
	return r.print()
}

// counter counts and hashes what is written.
type counter struct {
	n   int64
	sum hash.Hash
}

func (c *counter) Write(b []byte) (int, error) {
	c.n += int64(len(b))
	return c.sum.Write(b)
}

// newFile writes a file that must not be there.
func newFile(name string, write func(io.Writer) error) error {
	err := backup.New(name, write)
	if errors.Is(err, fs.ErrExist) {
		return usagef("%s is there already: nothing is overwritten, name another file", name)
	}
	return err
}

// keyStream opens the keys as they are stored.
func (h *house) keyStream(ctx context.Context) (*keys.Stream, *keys.Master, error) {
	master, err := keys.OpenMaster(h.p.masterKey())
	if err != nil {
		return nil, nil, err
	}
	stream, err := keys.OpenStream(ctx, h.instance.NATS(), log.StreamDefault, h.p.cfg.Replicas, master)
	if err != nil {
		return nil, nil, fmt.Errorf("open the keys: %w", err)
	}
	return stream, master, nil
}

// backupKeys copies the keys into a file of their own.
func (h *house) backupKeys(ctx context.Context, name string) (*backupKeysMade, error) {
	stream, master, err := h.keyStream(ctx)
	if err != nil {
		return nil, err
	}
	if err := stream.Destroy(ctx); err != nil { // finish a rotation that was cut short
		return nil, err
	}
	id, err := h.log.Identity(ctx)
	if err != nil {
		return nil, err
	}
	k := backup.Keys{Stream: backup.StreamOf(id)}
	if k.Persons, err = stream.Copy(ctx); err != nil {
		return nil, err
	}
	signing, err := os.ReadFile(h.p.signingKey())
	if err == nil {
		k.Signing, err = backup.WrapSigning(master, signing)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	generations := master.Generations()
	made := &backupKeysMade{File: name, Keys: len(k.Persons), Generation: generations[len(generations)-1]}
	return made, newFile(name, k.Write)
}

func (r *backupRun) print() error {
	if r.made.Keys == nil {
		r.p.note(r.p.text.Say("backup.no_keys"))
	}
	if r.format == "json" {
		err := json.MarshalWrite(r.p.stdout, r.made)
		fmt.Fprintln(r.p.stdout)
		return err
	}
	m := &r.made
	fmt.Fprintln(r.p.stdout, r.p.text.Say("backup.done", "file", m.File, "commits", m.Position, "time", m.Recorded.Format(time.RFC3339), "event", m.LastEvent, "bytes", m.Bytes, "sha", m.SHA256))
	if m.Keys != nil {
		r.p.sayKeys(m.Keys)
	}
	return nil
}

func (p *program) sayKeys(k *backupKeysMade) {
	fmt.Fprintln(p.stdout, p.text.Say("backup.keys", "file", k.File, "keys", k.Keys, "generation", k.Generation, "master", p.masterKey()))
}
