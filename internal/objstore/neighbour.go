package objstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Neighbour is another service of the same account: requests to it are signed
// with the store's credentials and go the store's way through proxy and TLS.
type Neighbour struct {
	client  *Client
	url     *url.URL
	service string // as signatures name it
	region  string
}

// Neighbour makes one. With no region the store's is signed for.
func (c *Client) Neighbour(endpoint, service, region string) (*Neighbour, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("read the endpoint %q: not a URL such as https://api.example.com", endpoint)
	}
	if u.Path == "" {
		u.Path = "/"
	}
	return &Neighbour{client: c, url: u, service: service, region: orElse(region, c.Region())}, nil
}

// Post sends body with the headers and returns the answer's body, of at most
// limit bytes. An answer other than 2xx is an error for KindOf and Explain; what
// it says is in the message as far as it is the JSON of an AWS service.
func (n *Neighbour) Post(ctx context.Context, header http.Header, body []byte, limit int64) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, n.url.String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", n.url.Host, err)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	req.Header["User-Agent"] = []string{"millwright"}
	sum := sha256.Sum256(body)
	resp, err := n.client.open(ctx, req, hex.EncodeToString(sum[:]), n.service, n.region)
	if err != nil {
		if errors.Is(err, context.Canceled) && !errors.Is(err, errStalled) {
			return nil, err
		}
		return nil, fmt.Errorf("ask %s: %w", n.url.Host, err)
	}
	defer resp.Body.Close()
	out, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("ask %s: %w", n.url.Host, err)
	case int64(len(out)) > limit:
		return nil, fmt.Errorf("ask %s: the answer: %w", n.url.Host, ErrTooLarge)
	}
	return out, nil
}

// fromJSON takes the error of a service that answers in JSON; its name may have
// a namespace before it.
func (e *StatusError) fromJSON(raw []byte) {
	var body struct {
		Type    string `json:"__type"`
		Message string // in either case
	}
	if json.Unmarshal(raw, &body) == nil {
		e.Code = body.Type[strings.LastIndexByte(body.Type, '#')+1:]
		e.Message = body.Message
	}
}
