package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// Limits of a body beyond its length, so that a small one cannot become a large
// tree. The API's own requests are 5 deep and hold a few hundred values.
const (
	maxDepth  = 32
	maxValues = 20_000
)

// parse reads a body that is one JSON object, into map[string]any, []any, string,
// json.Number, bool and nil. An empty body is an empty object. A key that is given
// twice is an error: which of the two was signed for by a person cannot be told.
func parse(body []byte) (map[string]any, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return map[string]any{}, nil
	}
	if !utf8.Valid(body) {
		return nil, errors.New("the body is not UTF-8")
	}
	if !json.Valid(body) { // the reader below is more lenient in places
		return nil, fmt.Errorf("the body is not JSON: %w", syntax(body))
	}
	p := parser{dec: json.NewDecoder(bytes.NewReader(body))}
	p.dec.UseNumber()
	root, err := p.value(0)
	if err != nil {
		return nil, err
	}
	object, ok := root.(map[string]any)
	if !ok {
		return nil, errors.New("the body is not a JSON object")
	}
	return object, nil
}

// syntax tells what is wrong with a body that is not JSON.
func syntax(body []byte) error {
	var raw json.RawMessage
	err := json.Unmarshal(body, &raw)
	var at *json.SyntaxError
	if errors.As(err, &at) {
		return fmt.Errorf("%w, at byte %d of %d", err, at.Offset, len(body))
	}
	return err
}

type parser struct {
	dec    *json.Decoder
	values int
}

func (p *parser) value(depth int) (any, error) {
	token, err := p.dec.Token()
	if err != nil {
		return nil, unexpected(err)
	}
	if p.values++; p.values > maxValues {
		return nil, errors.New("the body holds more than " + strconv.Itoa(maxValues) + " values")
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return token, nil
	}
	if depth >= maxDepth {
		return nil, errors.New("the body is nested more than " + strconv.Itoa(maxDepth) + " deep")
	}
	if delim == '{' {
		return p.object(depth + 1)
	}
	return p.list(depth + 1)
}

func (p *parser) object(depth int) (any, error) {
	object := map[string]any{}
	for p.dec.More() {
		token, err := p.dec.Token()
		if err != nil {
			return nil, unexpected(err)
		}
		key := token.(string) // what follows { or , in valid JSON
		if _, twice := object[key]; twice {
			return nil, fmt.Errorf("the body has the key %q twice", cut(key, 100))
		}
		if object[key], err = p.value(depth); err != nil {
			return nil, err
		}
	}
	_, err := p.dec.Token()
	return object, unexpected(err)
}

func (p *parser) list(depth int) (any, error) {
	list := []any{}
	for p.dec.More() {
		v, err := p.value(depth)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := p.dec.Token()
	return list, unexpected(err)
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// cut shortens text for a message, at a character's border.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most] + "..."
}
