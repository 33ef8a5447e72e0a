package objstore

// Kinds is how many kinds of errors there are, to count by Kind.
const Kinds = int(KindFull) + 1

// String is the kind in one word, as metrics label it. The words do not change.
func (k Kind) String() string {
	words := [Kinds]string{
		"other", "canceled", "not_found", "forbidden", "exists", "digest", "unsupported", "no_bucket", "region", "kms", "credentials",
		"no_credentials", "clock", "dns", "refused", "unreachable", "tls", "proxy", "timeout", "broken", "busy", "full",
	}
	if k < 0 || int(k) >= Kinds {
		return words[KindOther]
	}
	return words[k]
}
