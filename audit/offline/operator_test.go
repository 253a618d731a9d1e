package offline_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zhitong/audit/audittest"
	"zhitong/audit/bundle"
	"zhitong/audit/checkpoint"
	"zhitong/audit/offline"
	"zhitong/audit/tree"
	"zhitong/audit/verify"
	"zhitong/audit/witness"
)

const origin = "pishan.example/log"

// operator keeps a log and the key that signs it, and may do with both whatever it
// likes.
type operator struct {
	t    *testing.T
	keys *checkpoint.Keys
}

// published is what an operator hands to an auditor: an exported log and a copy of
// the audit folder.
type published struct {
	log, audit string
	reader     tree.Reader
	last       checkpoint.Signed
}

func (o operator) publish(lines [][]byte, sizes ...int) published {
	o.t.Helper()
	dir := o.t.TempDir()
	p := published{log: filepath.Join(dir, "log.ndjson"), audit: filepath.Join(dir, "audit")}
	w, err := tree.OpenWriter(p.audit, o.keys)
	if err != nil {
		o.t.Fatal(err)
	}
	from := 0
	for _, to := range append(sizes, len(lines)) {
		if err := w.Add(uint64(from)+1, lines[from:to]); err != nil {
			o.t.Fatal(err)
		}
		if p.last, err = w.Checkpoint(); err != nil {
			o.t.Fatal(err)
		}
		from = to
	}
	p.reader = w.Reader()
	if err := w.Close(); err != nil {
		o.t.Fatal(err)
	}
	write(o.t, p.log, append(bytes.Join(lines, []byte("\n")), '\n'))
	return p
}

func write(t *testing.T, path string, b []byte) string {
	t.Helper()
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// rewritten changes one event so that no rule is broken: the reason of an objection.
func rewritten(t *testing.T, lines [][]byte) [][]byte {
	t.Helper()
	out := slices.Clone(lines)
	for i := range out {
		if b := bytes.Replace(out[i], []byte("数量有疑问"), []byte("没有意见了"), 1); !bytes.Equal(b, out[i]) {
			out[i] = b
			return out
		}
	}
	t.Fatal("nothing was rewritten")
	return nil
}

// holdings is what others kept of the honest log before the operator cheated.
type holdings struct {
	key        string // the log's public key, got another way
	checkpoint string // printed by an auditor at two thirds of the log
	receipt    string // of the last command at that time, kept by a cooperative
	cosigned   string // the checkpoint that the witness cosigned, from its state
	policy     string // a witness policy: one witness, which must have cosigned
	witness    *witness.Witness
}

func keep(t *testing.T, o operator, honest published, size int) holdings {
	t.Helper()
	dir := t.TempDir()
	h := holdings{key: write(t, filepath.Join(dir, "vkeys"), []byte(strings.Join(o.keys.VKeys(), "\n")))}
	all, err := honest.reader.Checkpoints()
	if err != nil {
		t.Fatal(err)
	}
	early, err := checkpoint.Peek(all[0])
	if err != nil || early.Size != uint64(size) {
		t.Fatalf("size %d, %v", early.Size, err)
	}
	h.checkpoint = write(t, filepath.Join(dir, "checkpoint"), all[0])
	proof, err := honest.reader.Prove(uint64(size), checkpoint.Signed{Checkpoint: early, Note: all[0]})
	if err != nil {
		t.Fatal(err)
	}
	h.receipt = write(t, filepath.Join(dir, "receipt.tlog-proof"), proof.Format())

	skey, err := checkpoint.NewCosignerKey("province.example/witness")
	if err != nil {
		t.Fatal(err)
	}
	cosigner, err := checkpoint.ParseCosigner(skey, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if h.witness, err = witness.Open(filepath.Join(dir, "state"), cosigner); err != nil {
		t.Fatal(err)
	}
	if err := h.witness.Trust(origin, strings.Join(o.keys.VKeys(), "\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := h.witness.Add(0, nil, all[0]); err != nil {
		t.Fatal(err)
	}
	last, err := h.witness.Last(origin)
	if err != nil {
		t.Fatal(err)
	}
	h.cosigned = write(t, filepath.Join(dir, "cosigned"), last.Note)
	h.policy = write(t, filepath.Join(dir, "policy"), []byte("witness province "+cosigner.VKey()+"\nquorum province\n"))
	return h
}

// TestAnOperatorWhoCheats lists what an operator who holds the signing key can do to a
// log, and which check finds it with what somebody else has kept. "" is: not found.
func TestAnOperatorWhoCheats(t *testing.T) {
	t.Parallel()
	w := audittest.Short(t)
	paid := audittest.Pay(t, w, 6)
	lines := audittest.Encode(t, audittest.Commits(t, w))
	keys, err := checkpoint.OpenKeys(filepath.Join(t.TempDir(), "log.key"), origin)
	if err != nil {
		t.Fatal(err)
	}
	o := operator{t, keys}
	n := len(lines)
	seen := n - 5 // what others saw
	honest := o.publish(lines, seen)
	held := keep(t, o, honest, seen)
	forged := rewritten(t, lines)

	for _, c := range []struct {
		name string
		does published
		// Found by the log and its audit folder alone; with the earlier checkpoint;
		// with the receipt; with the cosigned checkpoint; because the witness did not
		// cosign what is shown. And what the witness itself says at its next look.
		alone, checkpoint, receipt, cosigned, uncosigned string
		witness                                          error
	}{
		{name: "Nothing", does: honest},
		{name: "RewritesAnEventUnderTheOldTree", does: o.mix(forged, honest),
			alone: "hashes", checkpoint: "hashes", receipt: "hashes", cosigned: "hashes"},
		{name: "RewritesAnEventAndSignsAllAnew", does: o.publish(forged),
			checkpoint: "checkpoints", receipt: "checkpoints", cosigned: "checkpoints", uncosigned: "witnesses", witness: witness.ErrFork},
		{name: "DropsTheTailUnderTheOldTree", does: o.mix(lines[:n-1], honest),
			alone: "checkpoints", checkpoint: "checkpoints", receipt: "checkpoints", cosigned: "checkpoints"},
		{name: "DropsTheTailAndSignsAnew", does: o.publish(lines[:seen-3]),
			checkpoint: "checkpoints", receipt: "checkpoints", cosigned: "checkpoints", uncosigned: "witnesses", witness: witness.ErrBackward},
		{name: "DropsWhatNobodySaw", does: o.publish(lines[:seen])},
		{name: "ReplaysAnOldBackup", does: o.publish(lines[:n/2]),
			checkpoint: "checkpoints", receipt: "checkpoints", cosigned: "checkpoints", uncosigned: "witnesses", witness: witness.ErrBackward},
		{name: "ForksTheLogForTwoAuditors", does: o.publish(forged, n/3, seen),
			checkpoint: "checkpoints", receipt: "checkpoints", cosigned: "checkpoints", uncosigned: "witnesses", witness: witness.ErrFork},
		{name: "SignsWithAnotherKey", does: stranger(t).publish(lines, seen),
			alone: "checkpoints", checkpoint: "checkpoints", receipt: "checkpoints", cosigned: "checkpoints", uncosigned: "witnesses", witness: witness.ErrSignature},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			check := func(with, want string, o offline.Options) {
				t.Helper()
				o.Key, o.Audit = held.key, c.does.audit
				r, err := offline.File(t.Context(), c.does.log, o)
				if err != nil {
					t.Fatal(err)
				}
				if want == "" && !r.OK() || want != "" && !slices.Contains(failed(r), want) {
					t.Errorf("%s: %v failed, want %q", with, failed(r), want)
				}
			}
			check("alone", c.alone, offline.Options{})
			check("with an earlier checkpoint", c.checkpoint, offline.Options{Since: []string{held.checkpoint}})
			check("with a receipt", c.receipt, offline.Options{Since: []string{held.receipt}})
			check("with a cosigned checkpoint", c.cosigned, offline.Options{Since: []string{held.cosigned}})
			own := keepWitness(t, held, o)
			if _, err := own.Poll(t.Context(), c.does.reader); !is(err, c.witness) {
				t.Errorf("the witness says %v, want %v", err, c.witness)
			}
			cosign(t, own, c.does)
			check("with the witness's policy", either(c.uncosigned, c.alone), offline.Options{Witnesses: held.policy})
		})
	}
	t.Run("SwapsThePolicyInABundle", func(t *testing.T) {
		t.Parallel()
		b, err := bundle.Make(t.Context(), bundle.Source{Read: audittest.Reader(lines), Tree: honest.reader, Signed: honest.last, VKeys: keys.VKeys()[0]}, bundle.Subject{Kind: "claim", ID: string(paid[0])})
		if err != nil {
			t.Fatal(err)
		}
		swapped := bytes.Replace(b, []byte(`"rate": "0.50"`), []byte(`"rate": "0.90"`), 1)
		if bytes.Equal(b, swapped) {
			t.Fatal("nothing was swapped")
		}
		r, err := offline.File(t.Context(), write(t, filepath.Join(t.TempDir(), "b.zip"), swapped), offline.Options{Key: held.key})
		if err != nil || !slices.Contains(failed(r), "files") || !strings.HasPrefix(r.Checks[0].First[0].Detail, "policies/") {
			t.Errorf("found: %v, %+v", err, r)
		}
	})
	t.Run("GivesAReceiptForWhatIsNotThere", func(t *testing.T) {
		t.Parallel()
		proof, err := honest.reader.Prove(uint64(seen), honest.last)
		if err != nil {
			t.Fatal(err)
		}
		proof.Commit = forged[slices.IndexFunc(forged, func(b []byte) bool { return bytes.Contains(b, []byte("没有意见了")) })]
		r, err := offline.File(t.Context(), write(t, filepath.Join(t.TempDir(), "r.tlog-proof"), proof.Format()), offline.Options{Key: held.key})
		if err != nil || !slices.Contains(failed(r), "proof") {
			t.Errorf("found: %v, %+v", err, r)
		}
	})
}

// mix hands out another log with the honest audit folder.
func (o operator) mix(lines [][]byte, honest published) published {
	o.t.Helper()
	honest.log = write(o.t, filepath.Join(o.t.TempDir(), "log.ndjson"), append(bytes.Join(lines, []byte("\n")), '\n'))
	return honest
}

// stranger is somebody with a key of the same name.
func stranger(t *testing.T) operator {
	t.Helper()
	keys, err := checkpoint.OpenKeys(filepath.Join(t.TempDir(), "log.key"), origin)
	if err != nil {
		t.Fatal(err)
	}
	return operator{t, keys}
}

// keepWitness is the witness with the memory that it has, for one case.
func keepWitness(t *testing.T, h holdings, o operator) *witness.Witness {
	t.Helper()
	state, err := os.ReadFile(filepath.Join(filepath.Dir(h.cosigned), "state"))
	if err != nil {
		t.Fatal(err)
	}
	own, err := witness.Open(write(t, filepath.Join(t.TempDir(), "state"), state), h.witness.Cosigner())
	if err != nil {
		t.Fatal(err)
	}
	return own
}

// cosign puts the witness's cosignature, if it gave one for what is shown, into the
// audit folder, as a log that asks does.
func cosign(t *testing.T, w *witness.Witness, p published) {
	t.Helper()
	last, err := w.Last(origin)
	if err != nil {
		t.Fatal(err)
	}
	if last.Checkpoint == p.last.Checkpoint {
		write(t, filepath.Join(p.audit, "checkpoint"), last.Note)
	}
}

func is(err, want error) bool {
	if want == nil {
		return err == nil
	}
	return err != nil && strings.Contains(err.Error(), want.Error())
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// failed names the checks that failed.
func failed(r *verify.Report) []string {
	var out []string
	for _, c := range r.Checks {
		if c.Failed > 0 {
			out = append(out, c.Name)
		}
	}
	return out
}
