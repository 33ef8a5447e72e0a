package backend

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// The actions that a policy may allow to other accounts.
const (
	actionImportDataset = "ImportDataset"
	actionImportVersion = "ImportModelVersion"
)

// policyDocument is what of the policy language has a meaning here. What it cannot
// hold is refused, since to forget a condition would be to allow too much.
type policyDocument struct {
	Version   string
	Id        string
	Statement oneOrMore[statement]
}

type statement struct {
	Sid       string
	Effect    string
	Principal principal
	Action    oneOrMore[string]
	Resource  oneOrMore[string]
}

// principal is * or {"AWS": accounts}.
type principal struct{ AWS oneOrMore[string] }

func (p *principal) UnmarshalJSON(text []byte) error {
	var word string
	if json.Unmarshal(text, &word) == nil {
		p.AWS = oneOrMore[string]{word}
		return nil
	}
	var object struct{ AWS oneOrMore[string] }
	if err := strictly(text, &object); err != nil {
		return err
	}
	p.AWS = object.AWS
	return nil
}

// oneOrMore is a value or a list of them.
type oneOrMore[T any] []T

func (l *oneOrMore[T]) UnmarshalJSON(text []byte) error {
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("[")) {
		return strictly(text, (*[]T)(l))
	}
	var one T
	if err := strictly(text, &one); err != nil {
		return err
	}
	*l = oneOrMore[T]{one}
	return nil
}

func strictly(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if d.More() {
		return errors.New("there is text behind it")
	}
	return nil
}

// parsePolicy reads a policy. All that it says is enforced.
func parsePolicy(text string) (policyDocument, error) {
	var p policyDocument
	if err := strictly([]byte(text), &p); err != nil {
		return p, fmt.Errorf("it is no policy of the supported form (Version, Id, Statement with Sid, Effect, Principal, Action and Resource): %w", err)
	}
	if p.Version != "" && p.Version != "2012-10-17" && p.Version != "2008-10-17" {
		return p, fmt.Errorf("version %q is not known; write 2012-10-17", p.Version)
	}
	if len(p.Statement) == 0 {
		return p, errors.New("it has no Statement")
	}
	account := regexp.MustCompile(`^(\*|\d{12}|arn:aws(-[^:]+)?:iam::\d{12}:root)$`)
	for i, s := range p.Statement {
		switch {
		case s.Effect != "Allow" && s.Effect != "Deny":
			return p, fmt.Errorf("statement %d: Effect has to be Allow or Deny", i+1)
		case len(s.Principal.AWS) == 0 || len(s.Action) == 0:
			return p, fmt.Errorf("statement %d: it needs Principal and Action", i+1)
		}
		for _, who := range s.Principal.AWS {
			if !account.MatchString(who) {
				return p, fmt.Errorf("statement %d: principal %q: write an account's 12 digits, arn:aws:iam::ACCOUNT:root, or *", i+1, who)
			}
		}
	}
	return p, nil
}

// verdict is what a policy says to an account that wants to do action with arn.
type verdict int

const (
	silent verdict = iota
	allowed
	denied
)

func (p policyDocument) says(account, action, arn string) verdict {
	v := silent
	for _, s := range p.Statement {
		if !s.applies(account, action, arn) {
			continue
		}
		if s.Effect == "Deny" {
			return denied
		}
		v = allowed
	}
	return v
}

func (s statement) applies(account, action, arn string) bool {
	who, what, where := false, false, len(s.Resource) == 0
	for _, p := range s.Principal.AWS {
		who = who || p == "*" || p == account || strings.Contains(p, ":iam::"+account+":")
	}
	for _, a := range s.Action {
		what = what || like(strings.ToLower(a), "lookoutequipment:"+strings.ToLower(action))
	}
	for _, r := range s.Resource {
		where = where || like(r, arn)
	}
	return who && what && where
}

// like tells whether text is as pattern says, in which * stands for any text and ?
// for one byte.
func like(pattern, text string) bool {
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
