package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// request is what a client sends.
type request struct{ method, path, token, body string }

// client is a connection that is kept: it sends a request and reads the answer to
// its end before the next, as cheaply as can be, since it measures the other side.
type client struct {
	conn net.Conn
	in   *bufio.Reader
	out  *bufio.Writer
}

func dial(ctx context.Context, address string) (*client, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &client{conn, bufio.NewReaderSize(conn, 4<<10), bufio.NewWriterSize(conn, 4<<10)}, nil
}

// send sends a request; every answer but 200 is an error.
func (c *client) send(r request) error {
	fmt.Fprintf(c.out, "%s %s HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n", r.method, r.path, r.token)
	if r.method == http.MethodPost {
		fmt.Fprintf(c.out, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(r.body))
	}
	c.out.WriteString("\r\n")
	c.out.WriteString(r.body)
	if err := c.out.Flush(); err != nil {
		return err
	}
	resp, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		var why strings.Builder
		_, _ = io.Copy(&why, resp.Body) // what there is of it
		return fmt.Errorf("%s %s: %s: %s", r.method, r.path, resp.Status, why.String())
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}
