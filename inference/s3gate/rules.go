package s3gate

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// allowed decides on a request. What it does not know it refuses.
func allowed(r *http.Request, who Access) error {
	if !slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodPost, http.MethodDelete}, r.Method) {
		return &denial{http.StatusMethodNotAllowed, "MethodNotAllowed", "The method is not allowed."}
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return invalid("The query cannot be read.")
	}
	for name, values := range query {
		if len(values) > 1 {
			return invalid("The query has %s twice.", name)
		}
	}
	bucket, key, err := place(r.URL.Path)
	switch {
	case err != nil:
		return err
	case bucket == "":
		if r.Method != http.MethodGet {
			return denied("Only buckets can be listed here.")
		}
		if query.Has("max-buckets") || query.Has("continuation-token") { // the next page's token would name the last bucket, whoever's it is
			return invalid("Buckets are listed all at once: ask without max-buckets.")
		}
		return nil // onlyOwn takes the others out of the answer
	case key == "":
		return bucketAllowed(r, who, bucket, query)
	}
	return objectAllowed(r, who, bucket, key, query)
}

// place splits a path. Paths that another server could take for another place, by
// cleaning or by decoding them once more, are refused.
func place(path string) (bucket, key string, err error) {
	rest, ok := strings.CutPrefix(path, "/")
	if !ok {
		return "", "", invalid("The path is none of a bucket.")
	}
	bucket, key, _ = strings.Cut(rest, "/")
	if err := plain(key); err != nil {
		return "", "", err
	}
	if bucket == "" && key != "" || strings.ContainsFunc(bucket, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-'
	}) || strings.Trim(bucket, ".") != bucket {
		return "", "", &denial{http.StatusBadRequest, "InvalidBucketName", "The bucket's name is not valid."}
	}
	return bucket, key, nil
}

// plain tells keys that mean the same however they are read.
func plain(key string) error {
	parts := strings.Split(key, "/")
	for i, part := range parts {
		if part == "." || part == ".." || part == "" && i < len(parts)-1 {
			return invalid("Keys with the parts ., .. or nothing between slashes are not taken.")
		}
	}
	if strings.ContainsFunc(key, func(c rune) bool { return c < ' ' || c == 0x7f || c == '\\' || c == '%' }) {
		return invalid("Keys with control characters, backslashes or percent signs are not taken.")
	}
	return nil
}

func bucketAllowed(r *http.Request, who Access, bucket string, query url.Values) error {
	all := who.MayWrite(bucket, "")
	switch {
	case r.Method == http.MethodHead, r.Method == http.MethodGet && query.Has("location"):
		if !who.MaySee(bucket) {
			return denied("%s is not among the places of this key.", bucket)
		}
	case r.Method == http.MethodGet:
		if prefix := query.Get("prefix"); !who.MayRead(bucket, prefix) {
			return denied("Objects that begin with %s/%.200s are not among those that this key may read.", bucket, prefix)
		}
	case r.Method == http.MethodPost && query.Has("delete"):
		if !all {
			return keysAllowed(r, who, bucket)
		}
	case !all:
		return denied("%s as a whole is not a place that this key may write.", bucket)
	}
	return nil
}

func objectAllowed(r *http.Request, who Access, bucket, key string, query url.Values) error {
	reads := r.Method == http.MethodHead || r.Method == http.MethodGet || ownSelect(r, query)
	switch {
	case ownParts(r, query) && who.MayWrite(bucket, key):
	case reads && !who.MayRead(bucket, key):
		return denied("%s/%.200s is not among the places that this key may read.", bucket, key)
	case !reads && !who.MayWrite(bucket, key):
		return denied("%s/%.200s is not among the places that this key may write.", bucket, key)
	}
	return sourceAllowed(r, who)
}

// ownParts tells whether what a request reads is the list of an upload's parts: a
// further word in the query could make it ask for something else of the object.
func ownParts(r *http.Request, query url.Values) bool {
	return r.Method == http.MethodGet && query.Get("uploadId") != "" && nothingBut(query, "uploadId", "max-parts", "part-number-marker", "x-id")
}

// ownSelect tells whether a request, though it is posted, only reads rows of an object.
// With a further word, or another type, it could begin or end an upload.
func ownSelect(r *http.Request, query url.Values) bool {
	return r.Method == http.MethodPost && query.Has("select") && query.Get("select-type") == "2" && nothingBut(query, "select", "select-type", "x-id")
}

// nothingBut tells whether a query has only these names, and those of a presigned URL.
func nothingBut(query url.Values, names ...string) bool {
	for name := range query {
		if !slices.Contains(names, name) && !strings.HasPrefix(name, "X-Amz-") {
			return false
		}
	}
	return true
}

// sourceAllowed decides on the object that another one is to be a copy of.
func sourceAllowed(r *http.Request, who Access) error {
	sources := r.Header.Values("X-Amz-Copy-Source")
	if len(sources) == 0 {
		return nil
	}
	source, version, _ := strings.Cut(sources[0], "?")
	decoded, err := url.PathUnescape(source)
	if len(sources) > 1 || err != nil || version != "" && !strings.HasPrefix(version, "versionId=") {
		return invalid("The copy's source cannot be read.")
	}
	if again, err := url.QueryUnescape(source); err != nil || again != decoded {
		return invalid("Sources of copies with a plus sign have to be written with %%2B.")
	}
	bucket, key, err := place("/" + strings.TrimPrefix(decoded, "/"))
	if err != nil {
		return err
	}
	if key == "" || !who.MayRead(bucket, key) {
		return denied("%s/%.200s is not among the places that this key may read.", bucket, key)
	}
	return nil
}
