package sigv4

import (
	"slices"
	"strings"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// Role is what a principal may do with the API.
type Role string

// The roles; each of the first three may do what the one before it may.
const (
	Read    Role = "read"    // look at everything
	Operate Role = "operate" // make, change, start and stop things; delete labels and tags
	Admin   Role = "admin"   // everything
	Gateway Role = "gateway" // nothing: only the embedded S3 server's buckets
)

// Values are the roles, for files.
func (Role) Values() []string { return []string{"read", "operate", "admin", "gateway"} }

// Principal is somebody with a key.
type Principal struct {
	Name      string
	AccessKey string
	Account   string // 12 digits
	Role      Role
	Read      []Place // S3 locations that may be read
	Write     []Place // S3 locations that may be written

	secret func() string // a function, so that printing a Principal does not show it
	hidden []string      // buckets that are nobody's
	// A signer keeps the keys that it derived by access key, not by secret: each
	// principal has its own, so that a new secret is a new signer.
	signer *v4.Signer
}

// New makes a principal that may read and write the places.
func New(name, accessKey, secretKey, account string, role Role, read, write []Place) *Principal {
	return &Principal{
		Name: name, AccessKey: accessKey, Account: account, Role: role, Read: read, Write: write,
		secret: func() string { return secretKey }, signer: v4.NewSigner(),
	}
}

// Secret is the key's secret half, for the embedded S3 server.
func (p *Principal) Secret() string { return p.secret() }

// Allowed tells whether the principal may call an operation.
func (p *Principal) Allowed(operation string) bool {
	begins := func(verbs ...string) bool {
		return slices.ContainsFunc(verbs, func(v string) bool { return strings.HasPrefix(operation, v) })
	}
	reads := begins("Describe", "List")
	switch p.Role {
	case Admin:
		return true
	case Operate:
		return reads || begins("Create", "Start", "Stop", "Update", "TagResource", "UntagResource") || operation == "DeleteLabel"
	case Read:
		return reads
	default:
		return false
	}
}

// MayRead tells whether every object of the bucket whose key begins with the prefix
// may be read.
func (p *Principal) MayRead(bucket, prefix string) bool { return p.may(p.Read, bucket, prefix) }

// MayWrite tells it of writing.
func (p *Principal) MayWrite(bucket, prefix string) bool { return p.may(p.Write, bucket, prefix) }

// MaySee tells whether something in the bucket may be read or written.
func (p *Principal) MaySee(bucket string) bool {
	return !slices.Contains(p.hidden, bucket) && slices.ContainsFunc(slices.Concat(p.Read, p.Write), func(at Place) bool {
		own, _, _ := strings.Cut(string(at), "/")
		return at == Everywhere || own == bucket
	})
}

func (p *Principal) may(places []Place, bucket, prefix string) bool {
	return !slices.Contains(p.hidden, bucket) && slices.ContainsFunc(places, func(at Place) bool { return at.holds(bucket, prefix) })
}

// Place is an S3 location: a bucket, a bucket and a folder in it, with or without the
// slash at its end, or * for everything.
type Place string

// Everywhere is all buckets.
const Everywhere Place = "*"

func (at Place) holds(bucket, prefix string) bool {
	if at == Everywhere {
		return true
	}
	own, below, _ := strings.Cut(string(at), "/")
	if below != "" && !strings.HasSuffix(below, "/") {
		below += "/" // plant/in is not plant/input
	}
	return own == bucket && strings.HasPrefix(prefix, below)
}
