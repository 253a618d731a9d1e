package witness

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"zhitong/audit/checkpoint"
	"zhitong/audit/merkle"
	"zhitong/audit/tree"
)

const (
	requestBytesMax = 64 << 10
	proofHashesMax  = 63
	askTimeout      = 10 * time.Second
	askAttemptsMax  = 3
)

// Handler serves the witness's part of C2SP tlog-witness: POST /add-checkpoint.
func (w *Witness) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /add-checkpoint", func(rw http.ResponseWriter, req *http.Request) {
		b, err := io.ReadAll(http.MaxBytesReader(rw, req.Body, requestBytesMax))
		if err != nil {
			http.Error(rw, "request too large", http.StatusRequestEntityTooLarge)
			return
		}
		old, proof, signed, err := parseRequest(b)
		if err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		line, err := w.Add(old, proof, signed)
		if err != nil {
			refuse(rw, err)
			return
		}
		rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = rw.Write(line) // the client has gone
	})
	return mux
}

func refuse(rw http.ResponseWriter, err error) {
	var size *SizeError
	switch {
	case errors.As(err, &size):
		rw.Header().Set("Content-Type", "text/x.tlog.size")
		rw.WriteHeader(http.StatusConflict)
		fmt.Fprintf(rw, "%d\n", size.Size)
	case errors.Is(err, ErrFork):
		http.Error(rw, err.Error(), http.StatusConflict)
	case errors.Is(err, ErrUnknownLog):
		http.Error(rw, err.Error(), http.StatusNotFound)
	case errors.Is(err, ErrSignature):
		http.Error(rw, err.Error(), http.StatusForbidden)
	case errors.Is(err, ErrProof):
		http.Error(rw, err.Error(), http.StatusUnprocessableEntity)
	case errors.Is(err, ErrMalformed):
		http.Error(rw, err.Error(), http.StatusBadRequest)
	default:
		http.Error(rw, "witness: its state cannot be written", http.StatusInternalServerError)
	}
}

// formatRequest is the body of add-checkpoint.
func formatRequest(old uint64, proof []merkle.Hash, signed []byte) []byte {
	b := fmt.Appendf(nil, "old %d\n", old)
	for _, h := range proof {
		b = base64.StdEncoding.AppendEncode(b, h[:])
		b = append(b, '\n')
	}
	b = append(b, '\n')
	return append(b, signed...)
}

func parseRequest(b []byte) (old uint64, proof []merkle.Hash, signed []byte, err error) {
	head, signed, ok := bytes.Cut(b, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	text, isOld := strings.CutPrefix(lines[0], "old ")
	old, err = strconv.ParseUint(text, 10, 63)
	if !ok || !isOld || err != nil || strconv.FormatUint(old, 10) != text || len(lines)-1 > proofHashesMax {
		return 0, nil, nil, fmt.Errorf("%w: an old size, at most %d hashes, an empty line and a checkpoint are needed", ErrMalformed, proofHashesMax)
	}
	for _, line := range lines[1:] {
		raw, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil {
			return 0, nil, nil, fmt.Errorf("%w: a hash is not base64", ErrMalformed)
		}
		h, err := merkle.ParseHash(raw)
		if err != nil {
			return 0, nil, nil, fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		proof = append(proof, h)
	}
	return old, proof, signed, nil
}

// Ask asks one witness to cosign a checkpoint and returns the signature line that
// holds. The proof is made from r, beginning where the witness says it is.
func Ask(ctx context.Context, client *http.Client, p Peer, r tree.Reader, s checkpoint.Signed) ([]byte, error) {
	verifiers, err := checkpoint.Verifiers(p.VKey)
	if err != nil {
		return nil, fmt.Errorf("witness %s: %w", p.Name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	old := s.Size
	for range askAttemptsMax {
		proof, err := r.Consistency(old, s.Checkpoint)
		if err != nil {
			return nil, fmt.Errorf("witness %s is at size %d: %w", p.Name, old, err)
		}
		status, body, err := post(ctx, client, p.URL, formatRequest(old, proof, s.Note))
		if err != nil {
			return nil, fmt.Errorf("witness %s: %w", p.Name, err)
		}
		if size, perr := strconv.ParseUint(strings.TrimSpace(string(body)), 10, 63); status == http.StatusConflict && perr == nil && size != old {
			old = size
			continue
		}
		if status != http.StatusOK {
			return nil, fmt.Errorf("witness %s refuses: status %d: %s", p.Name, status, strings.TrimSpace(string(body)))
		}
		return heldLines(s.Note, body, verifiers)
	}
	return nil, fmt.Errorf("witness %s: its size moves at each attempt", p.Name)
}

func post(ctx context.Context, client *http.Client, prefix string, body []byte) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(prefix, "/")+"/add-checkpoint", bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, requestBytesMax))
	return resp.StatusCode, b, err
}

// heldLines is the lines of an answer that the verifiers accept.
func heldLines(signed, lines []byte, verifiers note.Verifiers) ([]byte, error) {
	n, err := note.Open(append(append([]byte(nil), signed...), lines...), verifiers)
	if err != nil {
		return nil, fmt.Errorf("its signature does not hold: %w", err)
	}
	var out []byte
	for _, sig := range n.Sigs {
		out = append(out, "— "+sig.Name+" "+sig.Base64+"\n"...)
	}
	return out, nil
}
