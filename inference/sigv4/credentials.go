package sigv4

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"millwright/internal/atomicfile"
)

// firstName is what the principals are called that no file names.
const (
	firstName       = "first"
	environmentName = "environment"
)

// First gives the principal of a credentials file in the form that SDKs and the
// AWS CLI share, which may do everything. Where there is no such file it makes one
// that only this user can read, and says so.
func First(file, account string) (p *Principal, made bool, err error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		key, secretKey := newKey()
		text = fmt.Appendf(nil, "[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n", key, secretKey)
		if err := atomicfile.Write(file, text, 0o600); err != nil {
			return nil, false, fmt.Errorf("make credentials: %w", err)
		}
		return everything(firstName, key, secretKey, account), true, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("read credentials: %w", err)
	}
	key, secretKey := defaultProfile(text)
	if key == "" || len(secretKey) < leastSecret {
		return nil, false, fmt.Errorf("read credentials %s: its profile default has no aws_access_key_id, or no aws_secret_access_key of %d characters or more; correct it, or remove it to have a new key made", file, leastSecret)
	}
	return everything(firstName, key, secretKey, account), false, nil
}

// FromEnvironment gives the principal of MILLWRIGHT_ACCESS_KEY_ID and
// MILLWRIGHT_SECRET_ACCESS_KEY, which may do everything, or nil when neither is set.
func FromEnvironment(getenv func(string) string, account string) (*Principal, error) {
	key, secretKey := getenv("MILLWRIGHT_ACCESS_KEY_ID"), getenv("MILLWRIGHT_SECRET_ACCESS_KEY")
	switch {
	case key == "" && secretKey == "":
		return nil, nil
	case key == "" || len(secretKey) < leastSecret:
		return nil, fmt.Errorf("read the key of the environment: set both MILLWRIGHT_ACCESS_KEY_ID and MILLWRIGHT_SECRET_ACCESS_KEY, the latter of %d characters or more", leastSecret)
	}
	return everything(environmentName, key, secretKey, account), nil
}

func everything(name, key, secretKey, account string) *Principal {
	return New(name, key, secretKey, account, Admin, []Place{Everywhere}, []Place{Everywhere})
}

// newKey makes a key of 100 random bits and a secret of 240.
func newKey() (key, secretKey string) {
	b := make([]byte, 30)
	_, _ = rand.Read(b) // never fails
	return "MW" + rand.Text()[:20], base64.RawURLEncoding.EncodeToString(b)
}

// defaultProfile finds the key pair of the section default.
func defaultProfile(text []byte) (key, secretKey string) {
	section := ""
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(line, "[") {
			section = strings.TrimSpace(strings.Trim(line, "[]"))
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok || section != "default" {
			continue
		}
		switch value = strings.TrimSpace(value); strings.TrimSpace(name) {
		case "aws_access_key_id":
			key = value
		case "aws_secret_access_key":
			secretKey = value
		}
	}
	return key, secretKey
}
