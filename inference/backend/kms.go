package backend

import (
	"regexp"
	"strings"

	"millwright/inference/api"
)

// keyARN is the name of a key as answers have it: clients may give a name only and
// are answered with an ARN. There is no such key here: it is kept and returned, and
// nothing is encrypted with it.
func (b *Backend) keyARN(c api.Caller, key string) (string, error) {
	if key == "" {
		return "", nil
	}
	if !strings.HasPrefix(key, "arn:") {
		if !strings.Contains(key, "/") {
			key = "key/" + key
		}
		key = "arn:aws:kms:" + b.o.Region + ":" + c.Account + ":" + key
	}
	if ok, err := regexp.MatchString(`^arn:aws[a-z\-]*:kms:[a-z0-9\-]*:\d{12}:[\w\-/]{1,900}$`, key); err != nil || !ok {
		return "", api.Invalid("ServerSideKmsKeyId", "Member must be the ARN, the id or the alias of a key")
	}
	return key, nil
}
