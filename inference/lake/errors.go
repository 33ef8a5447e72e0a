package lake

// DiscardError says why nothing of a file can be used. The ingestion goes on
// without it; when it is the only file, the ingestion fails for this reason.
type DiscardError struct{ Reason string }

func (e *DiscardError) Error() string { return e.Reason }

// RefuseError says what of a file makes the whole ingestion fail.
type RefuseError struct{ Reason string }

func (e *RefuseError) Error() string { return e.Reason }

// ChangedError says that a file is not the one any more that was listed.
type ChangedError struct{ Key string }

func (e *ChangedError) Error() string {
	return e.Key + " was replaced or removed after the ingestion had begun: start another one"
}
