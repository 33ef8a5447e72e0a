package upload

import (
	"crypto/md5"
	"encoding/hex"

	"millwright/internal/objstore"
	"millwright/internal/window"
)

// verdict is what an object at a window's key is to the window.
type verdict uint8

const (
	unclear verdict = iota // a listing does not tell: ask for the metadata
	equal                  // it holds the window's bytes
	ours                   // this instance wrote it, with other bytes
	foreign                // another instance or program wrote it
)

// judge compares an object with a window. listed says that the metadata is not
// known.
func judge(s *window.Sealed, instance string, in objstore.Info, listed bool) verdict {
	sum := hex.EncodeToString(s.SHA256[:])
	switch {
	case in.Size == s.Size && tagged(s, in):
		return equal
	case listed:
		return unclear
	case in.Size == s.Size && in.SHA256 == sum && !in.MD5Tag():
		return equal
	case in.Instance == instance:
		return ours
	case in.Instance == "" && in.SHA256 == "" && s.Uploaded > 0:
		return ours // a store that drops metadata, and a key that we are known to have written
	}
	return foreign
}

// tagged reports whether an object's ETag is the MD5 of the window, as far as
// that is known.
func tagged(s *window.Sealed, in objstore.Info) bool {
	return !in.KMS && s.MD5 != [md5.Size]byte{} && in.ETag == hex.EncodeToString(s.MD5[:])
}

// checked compares an object with what was just put there. put is what the PUT
// answered: what the store vouched for then is there as long as its ETag is. odd
// is how many times the store answered with an ETag that is not the MD5 of what
// was sent: then either bytes were damaged on the way or its ETags mean something
// else, and after the third time the latter is assumed.
func checked(s *window.Sealed, in objstore.Info, listed bool, put objstore.Info, odd int) verdict {
	same := in.Size == s.Size && in.SHA256 == hex.EncodeToString(s.SHA256[:])
	switch {
	case in.Size == s.Size && (tagged(s, in) || put.Vouched && in.ETag == put.ETag):
		return equal
	case listed:
		return unclear
	case same && !in.MD5Tag():
		return equal
	case same && odd >= maxOdd && in.ETag == put.ETag:
		return unclear
	case same:
		return ours
	}
	return foreign
}

const maxOdd = 3
