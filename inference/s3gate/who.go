package s3gate

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// who is the principal whose key a request names.
func (g *Gate) who(r *http.Request) (Access, error) {
	key, err := accessKey(r)
	if err != nil {
		return nil, err
	}
	a := g.o.Find(key)
	if a == nil {
		return nil, &denial{http.StatusForbidden, "InvalidAccessKeyId", "The AWS access key ID is not known here."}
	}
	return a, nil
}

// accessKey reads it where a version 4 signature has it: in the header, or in the
// query of a presigned URL. Not both: another server could look at the other one.
func accessKey(r *http.Request) (string, error) {
	headers := r.Header.Values("Authorization")
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return "", invalid("The query cannot be read.")
	}
	signed := query["X-Amz-Credential"]
	switch {
	case len(headers)+len(signed) == 0:
		return "", denied("Requests have to be signed.")
	case len(headers)+len(signed) > 1:
		return "", invalid("A request has one signature.")
	case len(signed) == 1:
		if query.Get("X-Amz-Algorithm") != algorithm {
			return "", invalid("Signatures are of version 4, %s.", algorithm)
		}
		return keyOf(signed[0])
	}
	rest, ok := strings.CutPrefix(headers[0], algorithm)
	if !ok {
		return "", invalid("Signatures are of version 4, %s.", algorithm)
	}
	found := ""
	for _, part := range strings.Split(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if name != "Credential" {
			continue
		}
		if found != "" {
			return "", invalid("A request has one signature.")
		}
		found = value
	}
	return keyOf(found)
}

const algorithm = "AWS4-HMAC-SHA256"

// keyOf is the key of a credential such as KEY/20260105/plant-1/s3/aws4_request.
func keyOf(credential string) (string, error) {
	key, _, ok := strings.Cut(strings.TrimSpace(credential), "/")
	if !ok || key == "" {
		return "", invalid("The signature names no access key.")
	}
	return key, nil
}

type accessOf struct{} // key of the context's Access

func withAccess(ctx context.Context, a Access) context.Context {
	return context.WithValue(ctx, accessOf{}, a)
}
