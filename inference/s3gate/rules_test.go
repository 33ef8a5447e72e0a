package s3gate

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// person may read and write places such as plant/in.
type person struct{ read, write []string }

func may(places []string, bucket, prefix string) bool {
	for _, p := range places {
		own, below, _ := strings.Cut(p, "/")
		if own == bucket && strings.HasPrefix(prefix, below) {
			return true
		}
	}
	return false
}

func (p person) MayRead(bucket, prefix string) bool  { return may(p.read, bucket, prefix) }
func (p person) MayWrite(bucket, prefix string) bool { return may(p.write, bucket, prefix) }
func (p person) MaySee(bucket string) bool {
	for _, at := range append(append([]string{}, p.read...), p.write...) {
		if own, _, _ := strings.Cut(at, "/"); own == bucket {
			return true
		}
	}
	return false
}

var (
	gateway = person{read: []string{"plant/out/"}, write: []string{"plant/in/"}}
	owner   = person{read: []string{"plant"}, write: []string{"plant"}}
)

func TestRules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		request string
		gateway bool
		owner   bool
	}{
		{"GET /", true, true},
		{"PUT /", false, false},
		{"HEAD /plant", true, true},
		{"HEAD /other", false, false},
		{"GET /plant?location", true, true},
		{"GET /plant?list-type=2", false, true},
		{"GET /plant/?list-type=2&prefix=out/", true, true},
		{"GET /plant?list-type=2&prefix=out", false, true},
		{"GET /plant?list-type=2&prefix=in/", false, true},
		{"GET /plant?list-type=2&prefix=out/&prefix=", false, false},
		{"GET /plant?versions&prefix=in/", false, true},
		{"GET /plant?policy", false, true},
		{"PUT /plant", false, true},
		{"PUT /plant?policy", false, true},
		{"DELETE /plant", false, true},
		{"PUT /plant/in/a.csv", true, true},
		{"PUT /plant/in", false, true},
		{"PUT /plant/out/a", false, true},
		{"PUT /plant/inner/a", false, true},
		{"GET /plant/out/a", true, true},
		{"GET /plant/in/a", false, true},
		{"GET /plant/in/a?uploadId=1", true, true},
		{"POST /plant/in/a?uploads", true, true},
		{"POST /plant/out/a?uploads", false, true},
		{"POST /plant/out/a?select&select-type=2", true, true},
		{"POST /plant/out/a?select", false, true},
		{"POST /plant/out/a?select&uploads", false, true},
		{"POST /plant/out/a?select&select-type=1&uploadId=1", false, true},
		{"POST /plant/out/a?select&select-type=2&restore", false, true},
		{"DELETE /plant/out/a?select&select-type=2", false, true},
		{"DELETE /plant/in/a", true, true},
		{"PATCH /create-user", false, false},
		{"OPTIONS /plant/in/a", false, false},
		{"GET /plant/out/../in/a", false, false},
		{"GET /plant/out/%2e%2e/in/a", false, false},
		{"GET /plant/out/%252e%252e/in/a", false, false},
		{"GET /plant/out//a", false, false},
		{"GET /plant/out\\..\\in", false, false},
		{"GET /../work/a", false, false},
		{"GET /./work/a", false, false},
		{"GET //work/a", false, false},
		{"GET /work%2fa/b", false, false},
	} {
		method, target, _ := strings.Cut(c.request, " ")
		u, err := url.ParseRequestURI(target)
		if err != nil {
			t.Fatal(err)
		}
		for name, who := range map[string]struct {
			person
			want bool
		}{"gateway": {gateway, c.gateway}, "owner": {owner, c.owner}} {
			r := &http.Request{Method: method, URL: u, Header: http.Header{}}
			if err := allowed(r, who.person); (err == nil) != who.want {
				t.Errorf("%s by the %s: %v", c.request, name, err)
			}
		}
	}
}

func TestCopiesAskForTheirSourceToo(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]bool{
		"plant/out/a": true, "/plant/out/a": true, "plant%2Fout%2Fa": true, "plant/out/a?versionId=7": true,
		"plant/in/a": false, "work/models/a": false, "plant/out/../../work/a": false, "plant/out/%2e%2e/a": false, "plant/out/%252e%252e/a": false,
		"plant/out/a?x=1": false, "plant": false, "": false, "plant/out/a+b": false, "plant/out/a%2Bb": true, "%zz": false,
	} {
		r := httptest.NewRequest(http.MethodPut, "/plant/in/b", nil)
		r.Header.Set("X-Amz-Copy-Source", source)
		if err := allowed(r, gateway); (err == nil) != want {
			t.Errorf("%q: %v", source, err)
		}
	}
	r := httptest.NewRequest(http.MethodPut, "/plant/in/b", nil)
	r.Header["X-Amz-Copy-Source"] = []string{"plant/out/a", "work/a"}
	if allowed(r, gateway) == nil {
		t.Error("two sources")
	}
}

func TestManyKeysAtOnce(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]bool{
		`<Delete><Object><Key>in/a</Key></Object><Object><Key>in/b</Key></Object></Delete>`:  true,
		`<Delete><Object><Key>in/a</Key></Object><Object><Key>out/b</Key></Object></Delete>`: false,
		`<Delete><Object><Key>in/../out/b</Key></Object></Delete>`:                           false,
		`<Delete><Object><Key></Key></Object></Delete>`:                                      false,
		`<Delete><Object>`: false,
		`<Delete>` + strings.Repeat(`<Object><Key>in/a</Key></Object>`, maxKeys+1) + `</Delete>`: false,
	} {
		r := httptest.NewRequest(http.MethodPost, "/plant?delete", strings.NewReader(body))
		if err := allowed(r, gateway); (err == nil) != want {
			t.Errorf("%.80s: %v", body, err)
		}
	}
}

func TestAccessKey(t *testing.T) {
	t.Parallel()
	const query = "/plant?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=KEY%2F20260105%2Fplant-1%2Fs3%2Faws4_request"
	for _, c := range []struct{ target, header, want string }{
		{"/plant", "AWS4-HMAC-SHA256 Credential=KEY/20260105/plant-1/s3/aws4_request, SignedHeaders=host, Signature=00", "KEY"},
		{"/plant", "AWS4-HMAC-SHA256 SignedHeaders=host,Credential=KEY/20260105/x", "KEY"},
		{"/plant", "AWS4-HMAC-SHA256 Credential=KEY/1, Credential=OTHER/1", ""},
		{"/plant", "AWS KEY:signature", ""},
		{"/plant", "", ""},
		{query, "", "KEY"},
		{query, "AWS4-HMAC-SHA256 Credential=OTHER/1", ""},
		{query + "&X-Amz-Credential=OTHER%2F1", "", ""},
		{"/plant?X-Amz-Credential=KEY%2F1", "", ""},
	} {
		r := httptest.NewRequest(http.MethodGet, c.target, nil)
		if c.header != "" {
			r.Header.Set("Authorization", c.header)
		}
		if got, err := accessKey(r); got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s %s: %q %v", c.target, c.header, got, err)
		}
	}
}

// FuzzPlace holds that a path is taken only where cleaning or decoding it once more
// leads to the same place.
func FuzzPlace(f *testing.F) {
	for _, path := range []string{"/plant/in/a.csv", "/", "/plant", "/plant/../work/x", "/plant//x", "/plant/%2e%2e/x", "/plant/a b+c/"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		bucket, key, err := place(path)
		if err != nil {
			return
		}
		if again, err := url.PathUnescape(path); err != nil || again != path {
			t.Errorf("%q decodes to %q", path, again)
		}
		clean := (&url.URL{Path: "/"}).JoinPath(bucket, key).Path
		if want := "/" + bucket; bucket != "" && key != "" && clean != want+"/"+key || clean == "" {
			t.Errorf("%q cleans to %q", path, clean)
		}
		if strings.Contains(bucket, "/") {
			t.Errorf("%q: bucket %q", path, bucket)
		}
	})
}
