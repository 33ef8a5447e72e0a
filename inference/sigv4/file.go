package sigv4

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"millwright/internal/yamlfile"
)

// principalsFile is the file's form.
type principalsFile struct {
	// Everybody who has a key.
	Principals []principalText `yaml:"principals" jsonschema:"required"`
}

type principalText struct {
	// What logs and messages call it.
	Name string `yaml:"name" jsonschema:"required"`
	// The key's public half.
	AccessKey string `yaml:"access_key" jsonschema:"required"`
	// The key's secret half, or the file that holds it and nothing else.
	Secret     string `yaml:"secret"`
	SecretFile string `yaml:"secret_file"`
	// The account that resources belong to. Default: the service's account_id.
	Account string `yaml:"account"`
	Role    Role   `yaml:"role" jsonschema:"required"`
	// S3 locations as bucket, bucket/prefix or *. Default: none.
	Read  []string `yaml:"read"`
	Write []string `yaml:"write"`
}

// leastSecret is the length below which a secret can be guessed.
const leastSecret = 16

// checker holds a principals file against its rules.
type checker struct {
	doc    *yamlfile.Document
	secret func(file string) (string, error)
	dir    string // that secret files are relative to
	names  map[string]string
	keys   map[string]string
}

// Check reads a principals file as Open does, and gives what would be logged of it.
func Check(file string, o Options) ([]yamlfile.Fault, error) {
	r := &reader{file: file, o: o}
	_, err := r.read()
	return r.warnings, err
}

// parsePrincipals reads a file's text; secret reads the files that it names.
func parsePrincipals(file string, text []byte, o Options, secret func(file string) (string, error)) ([]*Principal, []yamlfile.Fault, error) {
	var f principalsFile
	doc, err := yamlfile.Decode(file, text, &f, yamlfile.Options{Empty: "write principals: and a list under it", Shown: shown})
	if err != nil {
		return nil, nil, err
	}
	c := &checker{doc: doc, secret: secret, dir: filepath.Dir(file), names: map[string]string{}, keys: map[string]string{}}
	for _, p := range o.Always {
		c.names[p.Name], c.keys[p.AccessKey] = "the principal "+p.Name, "the principal "+p.Name
	}
	list := make([]*Principal, 0, len(f.Principals))
	for i := range f.Principals {
		list = append(list, c.principal(fmt.Sprintf("principals[%d]", i), f.Principals[i], o))
	}
	if len(f.Principals) == 0 {
		doc.Fault("principals", "is empty: nobody could call the service", "write one at least")
	}
	if err := doc.Err(); err != nil {
		return nil, doc.Warnings(), err
	}
	return list, doc.Warnings(), nil
}

func (c *checker) principal(at string, t principalText, o Options) *Principal {
	c.once(at+".name", t.Name, `^[0-9A-Za-z._@-]{1,64}$`, "use 1 to 64 of 0-9 A-Z a-z . _ @ -", c.names)
	c.once(at+".access_key", t.AccessKey, `^[0-9A-Za-z._-]{3,128}$`, "use 3 to 128 of 0-9 A-Z a-z . _ -", c.keys)
	if t.Account == "" {
		t.Account = o.Account
	} else if !regexp.MustCompile(`^[0-9]{12}$`).MatchString(t.Account) {
		c.doc.Fault(at+".account", "is no account", "write 12 digits in quotes")
	}
	if t.Role == Gateway && len(t.Read)+len(t.Write) == 0 {
		c.doc.Warn(at+".role", "is gateway, with no location to read or write: the key opens nothing", "add read or write")
	}
	return New(t.Name, t.AccessKey, c.secretOf(at, t), t.Account, t.Role, c.places(at+".read", t.Read), c.places(at+".write", t.Write))
}

// once checks a word that no two principals may share.
func (c *checker) once(key, value, pattern, remedy string, seen map[string]string) {
	if !c.doc.Given(key) {
		return // said already
	}
	if !regexp.MustCompile(pattern).MatchString(value) {
		c.doc.Fault(key, "cannot be used", remedy)
	} else if first, twice := seen[value]; twice {
		c.doc.Fault(key, "is that of "+first+" too", "give each principal its own")
	}
	if _, twice := seen[value]; !twice {
		seen[value] = key
	}
}

func (c *checker) secretOf(at string, t principalText) string {
	key, value := at+".secret", t.Secret
	switch {
	case t.Secret != "" && t.SecretFile != "":
		c.doc.Fault(at+".secret_file", "is given beside secret", "keep one of them")
		return ""
	case t.SecretFile != "":
		key = at + ".secret_file"
		if !filepath.IsAbs(t.SecretFile) {
			t.SecretFile = filepath.Join(c.dir, t.SecretFile)
		}
		var err error
		if value, err = c.secret(t.SecretFile); err != nil {
			c.doc.Fault(key, "cannot be read: "+err.Error(), "let the service's user read it")
			return ""
		}
	case t.Secret == "":
		c.doc.Fault(key, "is missing", "add secret, or secret_file")
		return ""
	}
	if len(value) < leastSecret {
		c.doc.Fault(key, fmt.Sprintf("is shorter than %d characters and could be guessed", leastSecret), "make one with: openssl rand -base64 30")
	} else if strings.ContainsAny(value, " \t\r\n") {
		c.doc.Fault(key, "holds blanks or lines", "write the secret alone")
	}
	return value
}

func (c *checker) places(key string, texts []string) []Place {
	form := regexp.MustCompile(`^[a-z0-9][.\-a-z0-9]{1,61}[a-z0-9](/.*)?$`)
	places := make([]Place, len(texts))
	for i, text := range texts {
		if text != string(Everywhere) && !form.MatchString(text) {
			c.doc.Fault(fmt.Sprintf("%s[%d]", key, i), "is no location", "write bucket, bucket/prefix or *")
		}
		places[i] = Place(text)
	}
	return places
}

// shown keeps secrets out of messages.
func shown(key, text string) string {
	if strings.HasSuffix(key, ".secret") {
		return ""
	}
	return text
}
