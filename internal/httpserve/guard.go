package httpserve

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
)

// Nothing is what a page may load unless its handler says more: nothing at all.
const Nothing = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// headers sets what holds for every answer; handlers may replace the policy.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", Nothing)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// guard refuses requests that call the server by a name it does not have. A
// page of a stranger whose name was made to point here (DNS rebinding) would
// otherwise read what this machine alone may read. An address is no such name:
// any is accepted.
func guard(next http.Handler, known map[string]bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := bare(r.Host)
		if _, err := netip.ParseAddr(host); err != nil && !known[host] {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.WriteHeader(http.StatusMisdirectedRequest)
			fmt.Fprintf(w, "this server is not known as %q: open it by its address, or give it that name in its configuration\n", shown(host))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// names are those that requests may use: localhost, this machine's own name,
// that of the address it listens on, and more.
func names(address string, more []string) map[string]bool {
	known := map[string]bool{"localhost": true}
	if name, err := os.Hostname(); err == nil {
		known[bare(name)] = true
		known[bare(name)+".local"] = true
	}
	for _, name := range append([]string{address}, more...) {
		known[bare(name)] = true
	}
	delete(known, "")
	return known
}

// bare is a host in small letters, without port, brackets and final dot.
func bare(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// shown cuts a name that is too long to be repeated.
func shown(name string) string {
	if len(name) > 80 {
		return name[:80] + "..."
	}
	return name
}
