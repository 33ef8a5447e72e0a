package objstore_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"millwright/internal/objstore"
)

func TestCloseLeavesNoConnection(t *testing.T) {
	t.Parallel()
	var open sync.Map
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(time.Millisecond) // so that several are under way
		w.WriteHeader(http.StatusOK)
	}))
	srv.Config.ConnState = func(c net.Conn, s http.ConnState) {
		if s == http.StateClosed {
			open.Delete(c)
		} else {
			open.Store(c, s)
		}
	}
	srv.Start()
	t.Cleanup(srv.Close)
	c := client(t, objstore.Settings{Endpoint: srv.URL})
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for range 4 {
				if err := c.HeadBucket(t.Context(), "plant"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	c.Close()
	left := func() (n int) {
		open.Range(func(any, any) bool { n++; return true })
		return n
	}
	for end := time.Now().Add(10 * time.Second); left() > 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d connections are open after Close", left())
		}
	}
	if err := c.HeadBucket(t.Context(), "plant"); err != nil {
		t.Error("requests may follow:", err)
	}
}
