// Package executions asks the inference service what became of a scheduler's
// runs, and whatever else a caller wants of its API. It decides nothing and keeps
// nothing.
package executions

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"
	"unicode"
)

// Service is the name that requests are signed for.
const Service = "lookoutequipment"

const (
	targets     = "AWSLookoutEquipmentFrontendService."
	contentType = "application/x-amz-json-1.0"
	pageSize    = 500     // the most that the API gives at once
	maxAnswer   = 8 << 20 // bytes of a page: 500 reasons of 5000 characters are less
	maxPages    = 100
	maxReason   = 5000 // characters
)

// Poster sends a signed request, as objstore.Neighbour does.
type Poster interface {
	Post(ctx context.Context, header http.Header, body []byte, limit int64) ([]byte, error)
}

// Status of an execution.
type Status string

// All statuses that there are.
const (
	InProgress Status = "IN_PROGRESS"
	Success    Status = "SUCCESS"
	Failed     Status = "FAILED"
)

// Execution is one run of a scheduler.
type Execution struct {
	Status Status
	Reason string // why it failed, at most 5000 characters, safe for terminals
}

// Client is safe for concurrent use.
type Client struct{ post Poster }

// New makes a client; it asks nothing yet.
func New(p Poster) *Client { return &Client{post: p} }

type request struct {
	InferenceSchedulerName string
	DataStartTimeAfter     float64
	DataEndTimeBefore      float64
	MaxResults             int
	NextToken              string `json:",omitempty"`
}

type response struct {
	NextToken                   string
	InferenceExecutionSummaries []struct {
		DataStartTime float64
		Status        Status
		FailedReason  string
	}
}

// List gives the runs on windows with from <= start <= to (Unix ns), by start, one
// per window: of several a successful one, else the newest. A scheduler that the
// service does not know has none.
func (c *Client) List(ctx context.Context, scheduler string, from, to int64) (map[int64]Execution, error) {
	const slack = 1 // s: whether the API's bounds are inclusive is not documented
	ask := request{
		InferenceSchedulerName: scheduler,
		DataStartTimeAfter:     seconds(from) - slack,
		DataEndTimeBefore:      seconds(to) + 3600 + slack, // the longest window
		MaxResults:             pageSize,
	}
	runs := map[int64]Execution{}
	for page := 1; ; page++ {
		answer, err := c.page(ctx, ask)
		if err != nil {
			return nil, fmt.Errorf("list executions of %s: %w", scheduler, err)
		}
		for _, s := range answer.InferenceExecutionSummaries {
			start := int64(math.Round(s.DataStartTime)) * int64(time.Second)
			if start < from || start > to {
				continue
			}
			if _, known := runs[start]; !known || s.Status == Success { // the newest come first
				runs[start] = Execution{Status: s.Status, Reason: Printable(s.FailedReason, maxReason)}
			}
		}
		if answer.NextToken == "" {
			return runs, nil
		}
		if page == maxPages || answer.NextToken == ask.NextToken {
			return nil, fmt.Errorf("list executions of %s: the answer does not end after %d pages", scheduler, page)
		}
		ask.NextToken = answer.NextToken
	}
}

func (c *Client) page(ctx context.Context, ask request) (response, error) {
	var answer response
	err := Call(ctx, c.post, "ListInferenceExecutions", ask, &answer)
	return answer, err
}

// Call asks for one operation of the API. Both in and out are as the API has them;
// members of the answer that out has not are left out.
func Call(ctx context.Context, p Poster, operation string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("write the request for %s: %w", operation, err)
	}
	header := http.Header{"Content-Type": {contentType}, "X-Amz-Target": {targets + operation}}
	raw, err := p.Post(ctx, header, body, maxAnswer)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return fmt.Errorf("read the answer: %w; check service.endpoint", err)
	}
	return nil
}

func seconds(ns int64) float64 { return math.Floor(float64(ns) / 1e9) }

// Printable makes a foreign text fit for one line on a terminal: white space
// becomes one blank, what is no printable character becomes U+FFFD, and it is
// cut after limit characters.
func Printable(s string, limit int) string {
	var b strings.Builder
	n := 0
	for _, word := range strings.Fields(s) {
		if n > 0 && n < limit {
			b.WriteByte(' ')
			n++
		}
		for _, r := range word {
			if n >= limit {
				return b.String()
			}
			if !unicode.IsPrint(r) {
				r = unicode.ReplacementChar
			}
			b.WriteRune(r)
			n++
		}
	}
	return b.String()
}
