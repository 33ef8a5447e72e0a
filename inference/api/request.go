package api

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"reflect"
	"time"
)

const (
	json10 = "application/x-amz-json-1.0"
	json11 = "application/x-amz-json-1.1" // which some clients send; it differs in name only
)

// route finds the operation by the request's head.
func (x *exchange) route() error {
	if x.r.URL.Path != "/" {
		return &Error{Type: unknownOperation, Message: "the API is at / alone", status: http.StatusNotFound}
	}
	if x.r.Method != http.MethodPost {
		x.w.Header().Set("Allow", http.MethodPost)
		return &Error{Type: unknownOperation, Message: "the API takes POST alone", status: http.StatusMethodNotAllowed}
	}
	target := x.r.Header.Get("X-Amz-Target")
	if x.entry = x.entries[target]; x.entry == nil {
		return &Error{Type: unknownOperation, Message: fmt.Sprintf("there is no operation %q; X-Amz-Target is %s. and an operation's name", cut(target, shownValue), x.model.Target), status: http.StatusBadRequest}
	}
	if given := x.r.Header.Get("Content-Type"); given != "" {
		if kind, _, err := mime.ParseMediaType(given); err != nil || kind != json10 && kind != json11 {
			return &Error{Type: mediaType, Message: fmt.Sprintf("the content type %q is not read here; send %s", cut(given, shownValue), json10), status: http.StatusUnsupportedMediaType}
		}
	}
	return nil
}

// contentType is that of the answer: the request's, if it is one of the API's.
func (x *exchange) contentType() string {
	if kind, _, _ := mime.ParseMediaType(x.r.Header.Get("Content-Type")); kind == json11 {
		return json11
	}
	return json10
}

// body waits for the call's turn and reads its body. done ends the turn; it is
// never nil.
func (x *exchange) body() (body []byte, done func(), err error) {
	done = func() {}
	length := x.r.ContentLength
	if length > x.o.MaxBody {
		return nil, done, x.tooLarge()
	}
	ctx, cancel := context.WithTimeout(x.r.Context(), x.o.Wait)
	defer cancel()
	turns := []chan struct{}{x.calls}
	if length < 0 || length > smallBody { // -1: its length is not told
		turns = []chan struct{}{x.large, x.calls} // large ones wait without a turn that a small one could have
	}
	var taken []chan struct{}
	done = func() {
		for _, t := range taken {
			<-t
		}
	}
	for _, turn := range turns {
		select {
		case turn <- struct{}{}:
			taken = append(taken, turn)
		case <-ctx.Done():
			x.hangUp()
			return nil, done, Throttled("the service has as many calls under way as it takes at a time; try again")
		}
	}
	body, err = x.read(length)
	return body, done, err
}

// read reads the body within its time and length.
func (x *exchange) read(length int64) ([]byte, error) {
	conn := http.NewResponseController(x.w)
	_ = conn.SetReadDeadline(time.Now().Add(x.o.Body)) // not every writer in tests can
	var b bytes.Buffer
	if length > 0 {
		b.Grow(int(length) + bytes.MinRead) // so that reading to the end does not double it
	}
	n, err := b.ReadFrom(io.LimitReader(x.r.Body, x.o.MaxBody+1))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		x.hangUp()
		return nil, &Error{Type: requestTimeout, Message: fmt.Sprintf("the body did not arrive within %s", x.o.Body), status: http.StatusRequestTimeout}
	case err != nil:
		x.hangUp()
		return nil, &Error{Type: serialization, Message: fmt.Sprintf("the body ended after %d bytes", n), status: http.StatusBadRequest}
	case n > x.o.MaxBody:
		return nil, x.tooLarge()
	}
	// A deadline that stays would be taken for a client that has gone.
	_ = conn.SetReadDeadline(time.Time{})
	return b.Bytes(), nil
}

func (x *exchange) tooLarge() error {
	x.hangUp()
	return &Error{Type: entityTooLarge, Message: fmt.Sprintf("the body is larger than %d bytes", x.o.MaxBody), status: http.StatusRequestEntityTooLarge}
}

// hangUp ends the connection after the answer: what is still to come of the body
// is not read.
func (x *exchange) hangUp() { x.w.Header().Set("Connection", "close") }

// encode writes an answer as JSON.
func (x *exchange) encode(out any) ([]byte, error) {
	fillLists(reflect.ValueOf(out).Elem(), x.entry.lists)
	body, err := marshal(out)
	if err != nil {
		return nil, fmt.Errorf("write the answer of %s: %w", x.entry.Name, err)
	}
	if x.o.CheckAnswers {
		answer, err := parse(body)
		if err != nil {
			return nil, fmt.Errorf("check the answer of %s: %w", x.entry.Name, err)
		}
		if err := validate(x.entry.Output, answer); err != nil {
			return nil, fmt.Errorf("check the answer of %s: %v", x.entry.Name, err) // not wrapped: it is no fault of the client
		}
	}
	return body, nil
}

func errorBody(e Error) []byte {
	body, err := marshal(struct {
		Type    string `json:"__type"`
		Message string
	}{e.Type, cut(e.Message, maxMessage)})
	if err != nil {
		panic(err) // two strings can always be written
	}
	return body
}

// marshal writes JSON without the escapes that only HTML needs.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// newRequestID makes a random id in the form of a UUID.
func newRequestID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	text := hex.EncodeToString(id[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}
