package service

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	awsv2 "github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"millwright/e2e/harness"
)

// most is what a service that has only been talked to may have had resident.
const most = 384 << 20

// signed makes a request of a call that a principal signed at an instant.
func signed(t testing.TB, s *harness.Serve, p harness.Principal, operation, body string, at time.Time) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.API+"/", strings.NewReader(body))
	must(t, "make a request", err)
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Target", "AWSLookoutEquipmentFrontendService."+operation)
	sum := sha256.Sum256([]byte(body))
	key := awsv2.Credentials{AccessKeyID: p.Key, SecretAccessKey: p.Secret}
	must(t, "sign a request", v4.NewSigner().SignHTTP(t.Context(), key, r, hex.EncodeToString(sum[:]), "lookoutequipment", harness.Region, at))
	return r
}

// answer is what a request came to.
func answer(r *http.Response) (status int, errorType, message string, err error) {
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return 0, "", "", err
	}
	var e struct {
		Type    string `json:"__type"`
		Message string
	}
	if r.StatusCode != http.StatusOK {
		err = json.Unmarshal(text, &e)
	}
	if r.Header.Get("X-Amzn-Requestid") == "" {
		err = fmt.Errorf("an answer without a request id: %v", r.Header)
	}
	return r.StatusCode, e.Type, e.Message, err
}

// TestHostileClients is about clients that are set up wrongly or mean no good. Each
// gets the error that it has earned, and the service stays up, and small.
func TestHostileClients(t *testing.T) {
	t.Parallel()
	s := harness.NewServe(t, builder.Binary(t), nil, nil, engineer, gateway, partner)
	s.Start()
	stranger, forger := engineer, engineer
	stranger.Key, forger.Secret = "STRANGER01", "not-the-engineers-key"
	now := time.Now()
	const list = `{"MaxResults": 5}`
	with := func(r *http.Request, change func(*http.Request)) *http.Request { change(r); return r }
	for _, tt := range []struct {
		name    string
		request *http.Request
		status  int
		want    string
		words   string
	}{
		{"as it should be", signed(t, s, engineer, "ListDatasets", list, now), 200, "", ""},
		{"an unknown key", signed(t, s, stranger, "ListDatasets", list, now), 403, "UnrecognizedClientException", "access key"},
		{"a wrong secret", signed(t, s, forger, "ListDatasets", list, now), 403, "InvalidSignatureException", "does not match"},
		{"a clock that is slow", signed(t, s, engineer, "ListDatasets", list, now.Add(-time.Hour)), 403, "InvalidSignatureException", "Signature expired"},
		{"a clock that is fast", signed(t, s, engineer, "ListDatasets", list, now.Add(time.Hour)), 403, "InvalidSignatureException", "not yet current"},
		{"another body than was signed", with(signed(t, s, engineer, "ListDatasets", list, now), func(r *http.Request) {
			r.Body = io.NopCloser(strings.NewReader(`{"MaxResults": 6}`))
		}), 403, "InvalidSignatureException", "body"},
		{"another operation than was signed", with(signed(t, s, engineer, "ListDatasets", list, now), func(r *http.Request) {
			r.Header.Set("X-Amz-Target", "AWSLookoutEquipmentFrontendService.ListModels")
		}), 403, "InvalidSignatureException", "does not match"},
		{"no signature", with(signed(t, s, engineer, "ListDatasets", list, now), func(r *http.Request) { r.Header.Del("Authorization") }), 403, "MissingAuthenticationTokenException", "not signed"},
		{"half a signature", with(signed(t, s, engineer, "ListDatasets", list, now), func(r *http.Request) {
			r.Header.Set("Authorization", r.Header.Get("Authorization")[:60])
		}), 400, "IncompleteSignatureException", ""},
		{"no JSON", signed(t, s, engineer, "ListDatasets", `{"MaxResults": `, now), 400, "SerializationException", ""},
		{"a list in place of an object", signed(t, s, engineer, "ListDatasets", `[1, 2]`, now), 400, "SerializationException", ""},
		{"a depth that no shape has", signed(t, s, engineer, "ListDatasets", `{"X": `+strings.Repeat("[", 100_000), now), 400, "SerializationException", ""},
		{"no operation of the API", signed(t, s, engineer, "DropTables", list, now), 400, "UnknownOperationException", "DropTables"},
		{"the service's own bucket", signed(t, s, engineer, "StartDataIngestionJob", `{"DatasetName": "d", "RoleArn": "`+role+`", "ClientToken": "t", "IngestionInputConfiguration": {"S3InputConfiguration": {"Bucket": "millwright"}}}`, now), 403, "AccessDeniedException", "millwright"},
		{"somebody else's bucket", signed(t, s, partner, "StartDataIngestionJob", `{"DatasetName": "d", "RoleArn": "`+role+`", "ClientToken": "t", "IngestionInputConfiguration": {"S3InputConfiguration": {"Bucket": "plant"}}}`, now), 403, "AccessDeniedException", "plant"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := http.DefaultClient.Do(tt.request)
			must(t, "send a request", err)
			status, got, message, err := answer(r)
			if err != nil || status != tt.status || got != tt.want || !strings.Contains(message, tt.words) {
				t.Errorf("%d %s %s %v", status, got, message, err)
			}
		})
	}
	t.Run("a torn body", func(t *testing.T) { torn(t, s) })
	t.Run("a gigabyte", func(t *testing.T) { gigabyte(t, s, false) })
	t.Run("a gigabyte of no length", func(t *testing.T) { gigabyte(t, s, true) })
	t.Run("a thousand at a time", func(t *testing.T) { thousand(t, s) })
	t.Run("the same with large bodies", func(t *testing.T) { large(t, s) })
	peak := s.Memory("VmHWM")
	t.Logf("%d MiB resident, %d MiB at the most", s.Memory("VmRSS")>>20, peak>>20)
	if peak > most && os.Getenv("MILLWRIGHT_BUILD") != "-race" { // the race detector has as much again, and more
		t.Errorf("it had %d MiB resident, more than %d", peak>>20, most>>20)
	}
	_, err := client(s, engineer, new(tally)).ListDatasets(nil)
	wants(t, "a call after all that", success, err)
	if s.Starts != 1 {
		t.Errorf("it was started %d times", s.Starts)
	}
	s.Stop()
}

// speak sends a request's head and then what body writes, and reads the answer
// meanwhile: that may come before the body is through.
func speak(t *testing.T, s *harness.Serve, r *http.Request, length string, body func(*net.TCPConn) error) (status int, errorType string) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.API, "http://"))
	must(t, "reach the service", err)
	defer conn.Close()
	must(t, "set a deadline", conn.SetDeadline(time.Now().Add(harness.Patience)))
	var head bytes.Buffer
	fmt.Fprintf(&head, "POST / HTTP/1.1\r\nHost: %s\r\n%s\r\n", r.Host, length)
	must(t, "write a head", r.Header.Write(&head))
	head.WriteString("\r\n")
	_, err = conn.Write(head.Bytes())
	must(t, "send a head", err)
	var writing sync.WaitGroup
	writing.Go(func() { _ = body(conn.(*net.TCPConn)) }) // it may be cut off
	got, err := http.ReadResponse(bufio.NewReader(conn), r)
	must(t, "read the answer", err)
	status, errorType, _, err = answer(got)
	must(t, "read the answer", err)
	conn.Close()
	writing.Wait()
	return status, errorType
}

// torn ends in the middle of its body.
func torn(t *testing.T, s *harness.Serve) {
	r := signed(t, s, engineer, "ListDatasets", `{"MaxResults": 5}`, time.Now())
	status, kind := speak(t, s, r, "Content-Length: 17", func(c *net.TCPConn) error {
		if _, err := c.Write([]byte(`{"MaxRes`)); err != nil {
			return err
		}
		return c.CloseWrite()
	})
	if status != 400 || kind != "SerializationException" {
		t.Errorf("%d %s", status, kind)
	}
}

// gigabyte sends a body of a gigabyte, in chunks of which the number is not told or
// as one.
func gigabyte(t *testing.T, s *harness.Serve, chunked bool) {
	const size = 1 << 30
	r := signed(t, s, engineer, "ListDatasets", `{"MaxResults": 5}`, time.Now())
	length, piece := fmt.Sprintf("Content-Length: %d", size), make([]byte, 1<<20)
	if chunked {
		length, piece = "Transfer-Encoding: chunked", append(append([]byte("100000\r\n"), piece...), "\r\n"...)
	}
	status, kind := speak(t, s, r, length, func(c *net.TCPConn) error {
		for range size >> 20 {
			if _, err := c.Write(piece); err != nil {
				return err
			}
		}
		return nil
	})
	if status != 413 || kind != "RequestEntityTooLargeException" {
		t.Errorf("%d %s", status, kind)
	}
}

// together sends n requests at a time and counts the answers by their type.
func together(t *testing.T, n int, request func(i int) *http.Request) map[string]int {
	t.Helper()
	c := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 0, DisableKeepAlives: true}, Timeout: 2 * harness.Patience}
	requests := make([]*http.Request, n)
	for i := range n {
		requests[i] = request(i)
	}
	var mu sync.Mutex
	answers := map[string]int{}
	var all sync.WaitGroup
	for _, r := range requests {
		all.Go(func() {
			kind := "no answer"
			if got, err := c.Do(r); err != nil {
				kind = err.Error()
			} else if _, kind, _, err = answer(got); err != nil {
				kind = err.Error()
			}
			mu.Lock()
			defer mu.Unlock()
			answers[kind]++
		})
	}
	all.Wait()
	return answers
}

// thousand calls at a time are answered, or asked to come again.
func thousand(t *testing.T, s *harness.Serve) {
	const n = 1000
	got := together(t, n, func(i int) *http.Request {
		if i%5 == 0 {
			return signed(t, s, engineer, "CreateLabelGroup", fmt.Sprintf(`{"LabelGroupName": "g", "ClientToken": "%d"}`, i), time.Now())
		}
		return signed(t, s, engineer, "ListLabelGroups", `{}`, time.Now())
	})
	t.Log(got)
	if sum := got[success] + got[conflict] + got["ThrottlingException"]; sum != n || got[success] == 0 {
		t.Errorf("%v", got)
	}
	groups, err := client(s, engineer, new(tally)).ListLabelGroups(nil)
	if err != nil || len(groups.LabelGroupSummaries) != 1 {
		t.Errorf("groups: %v %v", groups, err)
	}
}

// large calls at a time are held against the same limits.
func large(t *testing.T, s *harness.Serve) {
	const n = 200
	body := `{"MaxResults": 5, "X": "` + strings.Repeat("x", 1<<20) + `"}`
	got := together(t, n, func(int) *http.Request { return signed(t, s, engineer, "ListDatasets", body, time.Now()) })
	t.Log(got)
	if got[success]+got["ThrottlingException"] != n || got[success] == 0 {
		t.Errorf("%v", got)
	}
}
