package objstore_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"

	"millwright/internal/objstore"
)

// A store that is busy for a moment costs no listing, one that stays so does.
func TestListingIsAskedForTwice(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		busy int32
		kind objstore.Kind
	}{{1, objstore.KindOther}, {2, objstore.KindBusy}} {
		var calls atomic.Int32
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if calls.Add(1) <= tc.busy {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			q := r.URL.Query()
			if r.URL.Path != "/plant" || q.Get("list-type") != "2" || q.Get("prefix") != "in/a b+c&d" {
				t.Errorf("%s", r.URL)
			}
			switch q.Get("continuation-token") {
			case "":
				fmt.Fprint(w, `<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>a+b/c=&amp;</NextContinuationToken><Contents><Key>1</Key><Size>1</Size></Contents></ListBucketResult>`)
			case "a+b/c=&":
				fmt.Fprint(w, `<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>2</Key><Size>1</Size></Contents></ListBucketResult>`)
			default:
				t.Errorf("%s", r.URL)
			}
		}))
		t.Cleanup(srv.Close)
		c := client(t, objstore.Settings{Endpoint: srv.URL, PathStyle: true})
		var keys []string
		err := c.List(t.Context(), "plant", "in/a b+c&d", "in/a", func(page []objstore.Info) (bool, error) {
			for _, o := range page {
				keys = append(keys, o.Key)
			}
			return true, nil
		})
		if objstore.KindOf(err) != tc.kind || err == nil && !slices.Equal(keys, []string{"1", "2"}) {
			t.Errorf("busy %d times: %v, %v", tc.busy, keys, err)
		}
	}
}

// A portal that answers for the store is no empty bucket.
func TestListingOfAnotherServer(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "<html><body>Log in to the guest network</body></html>")
	}))
	t.Cleanup(srv.Close)
	c := client(t, objstore.Settings{Endpoint: srv.URL})
	asked := errors.New("asked")
	err := c.List(t.Context(), "plant", "in/", "", func([]objstore.Info) (bool, error) { return true, asked })
	if err == nil || errors.Is(err, asked) {
		t.Errorf("%v", err)
	}
}
