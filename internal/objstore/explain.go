package objstore

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// Explain says in words for people at a plant what went wrong, and what to do
// about it. Neither holds a secret.
func Explain(err error) (what, remedy string) {
	if err == nil {
		return "", ""
	}
	what, remedy = words(err)
	return redact(what), redact(remedy)
}

func words(err error) (what, remedy string) {
	var st *StatusError
	if !errors.As(err, &st) {
		st = &StatusError{}
	}
	detail := plain(err)
	switch KindOf(err) {
	case KindCanceled:
		return "the upload was stopped before it was done", "nothing to do: it is taken up again at the next start"
	case KindNotFound:
		return "there is no such object in the bucket", "check bucket and prefix, and that nobody deletes objects there"
	case KindForbidden:
		return "the store denies access (403" + comma(st.Code) + ")",
			"give these credentials s3:PutObject and s3:GetObject on the prefix and s3:ListBucket on the bucket; check the bucket policy, and that the policy's prefix is the configured one"
	case KindExists:
		return "the object was written by somebody else at the same moment", "nothing to do unless it repeats: then look for a second gateway that writes the same keys"
	case KindDigest:
		return "what arrived at the store is not what was sent (" + orElse(st.Code, "wrong digest") + ")",
			"look for a proxy that alters requests; if only one window is affected, its file in the spool is damaged and will be made again"
	case KindUnsupported:
		return "the store does not support the request" + paren(st.Message), "check that s3.endpoint is an S3 API and update the store"
	case KindNoBucket:
		return "the bucket does not exist", "create it, or correct the bucket's name in the configuration (names are global: it may belong to another account)"
	case KindRegion:
		where, is := "s3.region", "the bucket is in another region than the requests are signed for"
		if st.Region != "" {
			is, where = fmt.Sprintf("the bucket is in region %s", st.Region), "s3.region to "+st.Region
		}
		return is + paren(st.Message), "set " + where + "; for a store that is not AWS check s3.endpoint and s3.path_style too"
	case KindKMS:
		return "the encryption key may not be used" + paren(orElse(st.Message, st.Code)),
			"allow these credentials kms:GenerateDataKey and kms:Decrypt on the key, and check s3.kms_key_id, and that the key is enabled and in the bucket's region"
	case KindCredentials:
		if strings.Contains(st.Code, "Expired") || st.Code == "TokenRefreshRequired" {
			return "the credentials have expired (" + st.Code + ")", "renew them; a shared credentials file is read again as soon as it changes, credential_process is asked again by itself"
		}
		return "the store does not accept the credentials (" + orElse(st.Code, "401") + ")", "check that access key and secret are right: they may be unknown to the store, disabled or not belong together"
	case KindNoCredentials:
		return "no credentials were found" + paren(detail),
			"put them where the AWS tools look: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a shared credentials file (AWS_SHARED_CREDENTIALS_FILE) that this user may read, or credential_process"
	case KindClock:
		return clockWords(st), "set the clock: run an NTP client (timedatectl set-ntp true) and check that its server can be reached"
	case KindDNS:
		name := "the store's name"
		var dns *net.DNSError
		if errors.As(err, &dns) {
			name = dns.Name
		}
		return "the name " + name + " cannot be resolved", "check s3.endpoint and s3.region for typing errors, the gateway's DNS server, and whether a proxy is needed (s3.proxy)"
	case KindRefused:
		return "nobody answers at the store's address (connection refused)" + at(err), "check that the store runs, and address and port in s3.endpoint"
	case KindUnreachable:
		return "there is no route to the store" + at(err), "check the uplink, and whether a proxy is needed (s3.proxy)"
	case KindTLS:
		return "the secure connection failed: " + detail,
			"if the store or a proxy has a certificate of the company's own, name its authority in s3.ca_file; check that the host in s3.endpoint is the certificate's, that its scheme (https or http) is right, and this machine's clock"
	case KindProxy:
		return "the proxy refused the connection: " + detail, "check s3.proxy or HTTPS_PROXY, its user and password, and that it lets this gateway reach the store"
	case KindTimeout:
		return "the store did not answer in time" + at(err), "check the uplink: it is retried until it works; if it happens only with large objects, the link is too slow or something drops long connections"
	case KindBroken:
		return "the connection broke: " + detail, "check the uplink; it is retried until it works"
	case KindBusy:
		return fmt.Sprintf("the store is overloaded or ill (%d%s)", st.Status, comma(st.Code)), "nothing to do here: it is retried with growing pauses; if it lasts, ask the store's operator"
	case KindFull:
		return "the store has no room left" + paren(orElse(st.Message, st.Code)), "make room in the store or raise the bucket's quota"
	}
	if st.Status == http.StatusBadRequest && (st.Message == "" || st.Message == http.StatusText(st.Status)) {
		return "the store refuses the request and does not say why (400)", "check s3.region, s3.endpoint and s3.path_style, and that a session token has not expired"
	}
	return detail, "see the log for the whole error; it is retried until it works"
}

func clockWords(st *StatusError) string {
	if st.ServerTime.IsZero() {
		return "this machine's clock differs too much from the store's"
	}
	const layout = "2006-01-02 15:04:05Z"
	off := st.LocalTime.Sub(st.ServerTime).Round(time.Second)
	side := "ahead of"
	if off < 0 {
		side = "behind"
	}
	return fmt.Sprintf("this machine's clock (%s) is %s %s the store's (%s)",
		st.LocalTime.UTC().Format(layout), off.Abs(), side, st.ServerTime.UTC().Format(layout))
}

// plain is the innermost message that still tells something.
func plain(err error) string {
	var (
		st    *StatusError
		creds *credentialsError
	)
	switch {
	case errors.As(err, &st):
		return st.Error()
	case errors.As(err, &creds):
		err = creds.err
	}
	s := err.Error()
	if len(s) > 400 {
		s = s[:400] + "..."
	}
	return s
}

func at(err error) string {
	var op *net.OpError
	if errors.As(err, &op) && op.Addr != nil {
		return " at " + op.Addr.String()
	}
	return ""
}

func comma(s string) string {
	if s == "" {
		return ""
	}
	return ", " + s
}

func paren(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}

var (
	printed  = regexp.MustCompile(`(?s)(process output: ).*(, error: )`) // of a credential_process, and no JSON
	userInfo = regexp.MustCompile(`(://)[^/@\s"]+@`)
	keyID    = regexp.MustCompile(`(AKIA|ASIA|AROA|AIDA)[A-Z0-9]{8,}`) // whatever it is stuck to
	signed   = regexp.MustCompile(`(?i)((?:x-amz-(?:credential|signature|security-token)|signature|authorization|secret\w*|token)["']?\s*[=:]\s*["']?)[^\s&"',<>]+`)
)

// redact takes out what could be a secret: passwords in URLs, key ids, and the
// values of signatures and tokens.
func redact(s string) string {
	s = printed.ReplaceAllString(s, "${1}***${2}")
	s = userInfo.ReplaceAllString(s, "${1}***@")
	s = keyID.ReplaceAllString(s, "${1}***")
	return signed.ReplaceAllString(s, "${1}***")
}
