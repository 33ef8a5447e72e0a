package api

import (
	"fmt"
	"slices"
	"strings"
)

// use is what the service does with an S3 location of a request.
type use int

const (
	noPlace use = iota
	reads
	writes
)

// useOf tells by a shape's name what becomes of the location that it is. It is an
// error when the shape is a location and the name does not say: a new one must not
// pass unchecked.
func useOf(s *Shape) (use, error) {
	if s.Type != Structure || !hasMember(s, "Bucket") {
		return noPlace, nil
	}
	switch {
	case strings.HasSuffix(s.Name, "InputConfiguration"):
		return reads, nil
	case strings.HasSuffix(s.Name, "OutputConfiguration"):
		return writes, nil
	}
	return noPlace, fmt.Errorf("%s is a location that is neither read nor written", s.Name)
}

func hasMember(s *Shape, name string) bool {
	for i := range s.Members {
		if s.Members[i].Name == name {
			return true
		}
	}
	return false
}

// guard goes through what a request may hold.
type guard struct {
	shape *Shape
	use   use
	below []below
}

type below struct {
	name  string
	guard *guard
}

// guardFor finds the locations in requests of a shape; nil when it has none.
func guardFor(s *Shape) (*guard, error) {
	if s.Type != Structure {
		return nil, nil // no list of the API holds locations, which a test checks
	}
	g := &guard{shape: s}
	var err error
	if g.use, err = useOf(s); err != nil {
		return nil, err
	}
	for i := range s.Members {
		m := &s.Members[i]
		next, err := guardFor(m.Shape)
		if err != nil {
			return nil, err
		}
		if next != nil {
			g.below = append(g.below, below{m.Name, next})
		}
	}
	if g.use == noPlace && len(g.below) == 0 {
		return nil, nil
	}
	return g, nil
}

// check refuses a request with a location that the caller may not use.
func (g *guard) check(who Identity, request map[string]any, at string) error {
	if g == nil {
		return nil
	}
	bucket, _ := request["Bucket"].(string)
	prefix, _ := request["Prefix"].(string)
	if g.use != noPlace && climbs(prefix) {
		return Denied("s3://%s/%s, the location at '%s', has the parts . or .. between slashes, which some stores take for another place", bucket, prefix, memberPath(at))
	}
	if g.use == reads && !who.Access.MayRead(bucket, prefix) {
		return Denied("the key '%s' may not read s3://%s/%s, the location at '%s'", who.Name, bucket, prefix, memberPath(at))
	}
	if g.use == writes && !who.Access.MayWrite(bucket, prefix) {
		return Denied("the key '%s' may not write to s3://%s/%s, the location at '%s'", who.Name, bucket, prefix, memberPath(at))
	}
	for _, b := range g.below {
		member, ok := request[b.name].(map[string]any)
		if !ok {
			continue
		}
		if err := b.guard.check(who, member, strings.TrimPrefix(at+"."+b.name, ".")); err != nil {
			return err
		}
	}
	return nil
}

// climbs tells prefixes that, cleaned as a path, are another one: what a principal may
// do is decided by how a key begins.
func climbs(prefix string) bool {
	return slices.ContainsFunc(strings.Split(prefix, "/"), func(part string) bool { return part == "." || part == ".." })
}

// memberPath writes a member's name as messages have it: small first letters.
func memberPath(name string) string {
	parts := strings.Split(name, ".")
	for i, p := range parts {
		if p != "" {
			parts[i] = strings.ToLower(p[:1]) + p[1:]
		}
	}
	return strings.Join(parts, ".")
}
