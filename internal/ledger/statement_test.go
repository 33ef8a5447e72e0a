package ledger

import "testing"

func TestParametersInTheirTurnNeedNoNames(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"SELECT 1":                           "SELECT 1",
		"INSERT INTO t VALUES ($1, $2, $3)":  "INSERT INTO t VALUES (?, ?, ?)",
		"UPDATE t SET a = $2 WHERE id = $1":  "UPDATE t SET a = $2 WHERE id = $1",
		"a = $1 OR b = $1":                   "a = $1 OR b = $1",
		"a = $12":                            "a = $12",
		"$1 $2 $3 $4 $5 $6 $7 $8 $9 $10 $11": "? ? ? ? ? ? ? ? ? ? ?",
		"a = $1 AND b = $":                   "a = $1 AND b = $",
	} {
		if got := inOrder(query); got != want {
			t.Errorf("%s is made %s, want %s", query, got, want)
		}
	}
}
