package log

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// answerWaitMax bounds one attempt; what is lost is asked again.
	answerWaitMax = 5 * time.Second
	// retryPause lies between two attempts at a broker that does not answer.
	retryPause = 20 * time.Millisecond
)

// errNoAnswer says that one attempt got no answer: it may have been heard.
var errNoAnswer = errors.New("no answer")

// Server codes that this package tells apart.
const (
	codeMessageNotFound   = 10037
	codeStreamNotFound    = 10059
	codeWrongLastSequence = 10071
	codeWrongLastConstant = 10164
	codeInsufficient      = 10023
	codeStorageExceeded   = 10047
	codeStoreFailed       = 10077
	statusUnavailable     = 503
	statusTooManyRequests = 429
)

// Stale says that an error of package jetstream is the refusal of an expectation
// that does not hold any more. A replicated stream refuses with a code of its own.
func Stale(err error) bool {
	var refusal *jetstream.APIError
	return errors.As(err, &refusal) && (refusal.ErrorCode == codeWrongLastSequence || refusal.ErrorCode == codeWrongLastConstant)
}

// apiError is the broker's refusal.
type apiError struct {
	Code        int    `json:"code"`
	ErrCode     int    `json:"err_code"`
	Description string `json:"description"`
}

func (e *apiError) Error() string {
	return fmt.Sprintf("%s (%d)", e.Description, e.ErrCode)
}

// passing says that the same request may be answered otherwise in a moment.
func (e *apiError) passing() bool {
	return e.ErrCode != codeInsufficient && e.ErrCode != codeStoreFailed &&
		(e.Code == statusUnavailable || e.Code == statusTooManyRequests)
}

// unavailable marks an error as ErrUnavailable.
func unavailable(err error) error { return fmt.Errorf("%w: %w", ErrUnavailable, err) }

// pause waits before another attempt, or until ctx ends.
func pause(ctx context.Context) error {
	timer := time.NewTimer(retryPause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// awaitConnected returns when the connection stands.
func awaitConnected(ctx context.Context, nc *nats.Conn) error {
	if nc.IsConnected() {
		return ctx.Err()
	}
	changed := nc.StatusChanged(nats.CONNECTED, nats.CLOSED)
	defer nc.RemoveStatusListener(changed)
	for !nc.IsConnected() {
		if nc.IsClosed() {
			return nats.ErrConnectionClosed
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ctx.Err()
}

// untilBroken returns a context that ends with ctx and when the connection
// breaks, for on a broken connection an answer will never come.
func untilBroken(ctx context.Context, nc *nats.Conn) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	broken := nc.StatusChanged(nats.RECONNECTING, nats.DISCONNECTED, nats.CLOSED)
	go func() {
		<-broken // or closed by the removal
		cancel()
	}()
	if !nc.IsConnected() {
		cancel()
	}
	return ctx, func() {
		nc.RemoveStatusListener(broken)
		cancel()
	}
}

// attempt sends one request and waits for its answer. It returns
// nats.ErrNoResponders when nobody heard it, and errNoAnswer when that is open.
func (l *jetStream) attempt(ctx context.Context, msg *nats.Msg) (*nats.Msg, error) {
	waiting, stop := untilBroken(ctx, l.nc)
	defer stop()
	waiting, cancel := context.WithTimeout(waiting, answerWaitMax)
	defer cancel()
	answer, err := l.nc.RequestMsgWithContext(waiting, msg)
	switch {
	case err == nil:
		return answer, nil
	case errors.Is(err, nats.ErrNoResponders):
		return nil, err
	default:
		return nil, fmt.Errorf("%w: %w", errNoAnswer, err)
	}
}

// ask repeats a request that changes nothing until it is answered.
func (l *jetStream) ask(ctx context.Context, subject string, data []byte) (*nats.Msg, error) {
	for {
		if err := awaitConnected(ctx, l.nc); err != nil {
			return nil, unavailable(err)
		}
		answer, err := l.attempt(ctx, &nats.Msg{Subject: subject, Data: data})
		if err == nil {
			return answer, nil
		}
		if err := pause(ctx); err != nil {
			return nil, unavailable(err)
		}
	}
}

// askAPI is ask for the calls whose answer is JSON; what the broker refuses for
// the moment only is asked again, another refusal is returned as *apiError.
func askAPI[A interface{ refusal() *apiError }](ctx context.Context, l *jetStream, call string, data []byte) (A, error) {
	for {
		var answer A
		msg, err := l.ask(ctx, "$JS.API."+call+"."+l.stream, data)
		if err != nil {
			return answer, err
		}
		if err := json.Unmarshal(msg.Data, &answer); err != nil {
			return answer, unavailable(fmt.Errorf("answer to %s: %w", call, err))
		}
		refusal := answer.refusal()
		if refusal == nil {
			return answer, nil
		}
		if !refusal.passing() {
			if refusal.ErrCode == codeStreamNotFound {
				return answer, fmt.Errorf("%w: stream %s is gone", ErrIdentity, l.stream)
			}
			return answer, refusal
		}
		if err := pause(ctx); err != nil {
			return answer, unavailable(err)
		}
	}
}

type streamInfo struct {
	Error   *apiError `json:"error"`
	Created time.Time `json:"created"`
	State   struct {
		Messages uint64 `json:"messages"`
		FirstSeq uint64 `json:"first_seq"`
		LastSeq  uint64 `json:"last_seq"`
	} `json:"state"`
}

func (i streamInfo) refusal() *apiError { return i.Error }

// info asks the stream's leader how it stands, and refuses one that is not the
// stream that was opened or has lost messages.
func (l *jetStream) info(ctx context.Context) (streamInfo, error) {
	info, err := askAPI[streamInfo](ctx, l, "STREAM.INFO", nil)
	var refusal *apiError
	if errors.As(err, &refusal) {
		err = unavailable(err)
	}
	if err != nil {
		return info, err
	}
	if !info.Created.Equal(l.created) {
		return info, fmt.Errorf("%w: stream %s was made at %s, the one that was opened at %s", ErrIdentity, l.stream, info.Created.UTC().Format(time.RFC3339Nano), l.created.UTC().Format(time.RFC3339Nano))
	}
	if info.State.Messages != info.State.LastSeq {
		return info, fmt.Errorf("%w: stream %s holds %d of its %d blocks (the first it has is %d)", ErrIdentity, l.stream, info.State.Messages, info.State.LastSeq, info.State.FirstSeq)
	}
	return info, nil
}

// errNoBlock says that the stream holds no message of that number.
var errNoBlock = errors.New("no such block")

// block fetches one block and remembers where it stands. It returns errNoBlock
// inside ErrIdentity when the leader has none of that number.
func (l *jetStream) block(ctx context.Context, seq uint64) (Block, error) {
	request := append(strconv.AppendUint([]byte(`{"seq":`), seq, 10), '}')
	msg, err := l.ask(ctx, "$JS.API.DIRECT.GET."+l.stream, request)
	if err != nil {
		return Block{}, err
	}
	header, payload := msg.Header, msg.Data
	if msg.Header.Get("Status") != "" || msg.Header.Get(nats.JSSequence) != strconv.FormatUint(seq, 10) {
		// Any replica answers a direct get; what one lacks the leader may have.
		if header, payload, err = l.leaderMessage(ctx, request); err != nil {
			return Block{}, fmt.Errorf("fetch block %d: %w", seq, err)
		}
	}
	b, err := parseBlock(seq, header, payload)
	if err != nil {
		return Block{}, err
	}
	l.anchors.put(b)
	return b, nil
}

type storedMessage struct {
	Error   *apiError `json:"error"`
	Message struct {
		Header []byte `json:"hdrs"`
		Data   []byte `json:"data"`
	} `json:"message"`
}

func (m storedMessage) refusal() *apiError { return m.Error }

// leaderMessage fetches a message from the stream's leader.
func (l *jetStream) leaderMessage(ctx context.Context, request []byte) (nats.Header, []byte, error) {
	stored, err := askAPI[storedMessage](ctx, l, "STREAM.MSG.GET", request)
	var refusal *apiError
	if errors.As(err, &refusal) {
		if refusal.ErrCode == codeMessageNotFound {
			return nil, nil, fmt.Errorf("%w: %w", ErrIdentity, errNoBlock)
		}
		return nil, nil, unavailable(err)
	}
	if err != nil {
		return nil, nil, err
	}
	header := nats.Header{}
	if len(stored.Message.Header) > 0 {
		if header, err = nats.DecodeHeadersMsg(stored.Message.Header); err != nil {
			return nil, nil, fmt.Errorf("%w: header: %w", ErrIdentity, err)
		}
	}
	return header, stored.Message.Data, nil
}
