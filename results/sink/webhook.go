package sink

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"millwright/internal/outbox"
)

// The headers of a request beside Content-Type. Signature covers the timestamp,
// a point and the body.
const (
	headerID        = "X-Millwright-Id"
	headerTimestamp = "X-Millwright-Timestamp" // Unix seconds, of this attempt
	headerSignature = "X-Millwright-Signature" // sha256= and hex
)

const (
	requestTimeout = 30 * time.Second // from dialling to the end of the answer
	sendingFor     = 10 * time.Second // then the cursor moves, so that a crash repeats little
	answerRead     = 64 << 10         // of an answer, so that the connection can be used again
	answerShown    = 200              // of an answer that says no
)

// webhook posts one message per request and goes on only after a 2xx.
type webhook struct {
	base
	url     *url.URL
	keyFile string
	trust   trust
	client  *http.Client
}

// Target implements Sink. A path may be as good as a password.
func (w *webhook) Target() string { return place(w.url) }

// Keep implements Sink: there is no connection to be kept.
func (w *webhook) Keep(context.Context) error { return nil }

// Close implements Sink.
func (w *webhook) Close() error {
	if w.client != nil {
		w.client.CloseIdleConnections()
	}
	return nil
}

// Send implements Sink.
func (w *webhook) Send(ctx context.Context, ms []outbox.Message) (done int, err error) {
	if err := w.connect(); err != nil {
		return 0, err
	}
	var key []byte
	if w.keyFile != "" {
		if key, err = secret("hmac_key_file", w.keyFile); err != nil {
			return 0, err
		}
	}
	begun := time.Now()
	for _, m := range ms {
		if done > 0 && time.Since(begun) > sendingFor {
			break
		}
		body, _, err := w.render(m, true)
		if err != nil {
			return done, err
		}
		if err := w.post(ctx, m.ID, body, key); err != nil {
			return done, err
		}
		done++
	}
	return done, nil
}

// connect makes the client, and makes it anew when ca_file has changed.
func (w *webhook) connect() error {
	config, changed, err := w.trust.tls()
	if err != nil || !changed {
		return err
	}
	if w.client != nil {
		w.client.CloseIdleConnections()
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	w.client = &http.Client{
		Timeout: requestTimeout,
		// An answer that sends elsewhere is a mistake in url: the body and its
		// signature are for nobody else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
			TLSClientConfig:        config,
			TLSHandshakeTimeout:    10 * time.Second,
			MaxIdleConnsPerHost:    1,
			IdleConnTimeout:        90 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
			Protocols:              protocols,
		},
	}
	return nil
}

// post is one attempt.
func (w *webhook) post(ctx context.Context, id string, body, key []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url.String(), bytes.NewReader(body))
	if err != nil {
		return &Fault{What: "url is no address to post to", Remedy: "correct it"}
	}
	at := strconv.FormatInt(time.Now().Unix(), 10)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "millwright")
	r.Header.Set(headerID, headerText(id))
	r.Header.Set(headerTimestamp, at)
	if key != nil {
		r.Header.Set(headerSignature, Sign(key, at, body))
	}
	answer, err := w.client.Do(r)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return unreached(w.Target(), err)
	}
	defer answer.Body.Close()
	text, readErr := io.ReadAll(io.LimitReader(answer.Body, answerRead))
	if answer.StatusCode/100 == 2 {
		return nil // what it says beside that does not matter, nor whether it says it all
	}
	if readErr != nil && errors.Is(readErr, context.Canceled) {
		return readErr
	}
	return w.verdict(answer, text)
}

// Sign gives the signature of a body at a time in Unix seconds: "sha256=" and the
// HMAC-SHA256 of timestamp, point and body in hex.
func Sign(key []byte, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(timestamp))
	mac.Write([]byte{'.'})
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// verdict judges an answer that is no 2xx. Most are about the receiver or the way
// to it and may pass; the other 4xx are about the message.
func (w *webhook) verdict(answer *http.Response, text []byte) *Fault {
	status := answer.StatusCode
	f := &Fault{
		What:   fmt.Sprintf("%s answered %d %s%s", w.Target(), status, http.StatusText(status), w.said(text)),
		Remedy: "look at the receiver's log; it is tried again, nothing is lost",
		After:  retryAfter(answer.Header.Get("Retry-After")),
	}
	switch {
	case status/100 == 3:
		f.Remedy = "it sends elsewhere, which is not followed: give the address itself as url"
		if to, err := answer.Location(); err == nil {
			f.Remedy = fmt.Sprintf("it sends to %s, which is not followed: give the address itself as url", plain(place(to)))
		}
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		f.Remedy = "check url and hmac_key_file against the receiver's; a signature is also refused when the clocks differ"
	case status == http.StatusNotFound:
		f.Remedy = "check the path in url"
	case status == http.StatusProxyAuthRequired:
		f.Remedy = "the proxy wants a user: check HTTPS_PROXY of the agent's environment"
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status == http.StatusTooManyRequests:
	case status/100 == 4:
		f.Verdict = Refuse
		f.Remedy = fmt.Sprintf("the receiver does not want this message: look at its log; after %s it is set aside and the next one sent", refusedFor)
	}
	return f
}

// said is the beginning of an answer, in case the receiver repeats the address
// without it.
func (w *webhook) said(text []byte) string {
	s := strings.TrimSpace(plain(string(text)))
	for _, hidden := range []string{w.url.RequestURI(), w.url.RawQuery, w.url.Path} {
		if len(hidden) > 1 {
			s = strings.ReplaceAll(s, hidden, "...")
		}
	}
	if len(s) > answerShown {
		s = s[:answerShown]
		for !utf8.ValidString(s) {
			s = s[:len(s)-1]
		}
		s += "..."
	}
	if s == "" {
		return ""
	}
	return ": " + s
}

// retryAfter reads a header that has seconds or a date.
func retryAfter(text string) time.Duration {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 0 {
		return min(time.Duration(min(n, 1<<20))*time.Second, longestAsk)
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, min(time.Until(at), longestAsk))
	}
	return 0
}

// headerText is an id as a header may hold it.
func headerText(id string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '_'
		}
		return r
	}, id)
}
