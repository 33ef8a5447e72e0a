package ledger

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// statement is one that changes rows. It is run without what database/sql does
// for statements of several connections and drivers: a batch of drops has
// thousands, and for each that would take as long as half of the work itself.
type statement struct {
	conn *sql.Conn
	stmt driver.StmtExecContext
	args []driver.NamedValue // of the last run
}

func newStatement(ctx context.Context, conn *sql.Conn, query string) (*statement, error) {
	s := &statement{conn: conn}
	err := conn.Raw(func(c any) error {
		p, ok := c.(driver.ConnPrepareContext)
		if !ok {
			return errors.New("prepare statement: the driver is not the one it was made for")
		}
		stmt, err := p.PrepareContext(ctx, inOrder(query))
		if err != nil {
			return err
		}
		if s.stmt, ok = stmt.(driver.StmtExecContext); !ok {
			return errors.Join(errors.New("prepare statement: the driver is not the one it was made for"), stmt.Close())
		}
		return nil
	})
	return s, err
}

// exec runs the statement. The arguments are not kept.
func (s *statement) exec(ctx context.Context, args []any) (res driver.Result, err error) {
	s.args = s.args[:0]
	for i, v := range args {
		switch v.(type) {
		case int64, string, []byte, bool, nil:
		default:
			if v, err = driver.DefaultParameterConverter.ConvertValue(v); err != nil {
				return nil, fmt.Errorf("argument %d: %w", i+1, err)
			}
		}
		s.args = append(s.args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	err = s.conn.Raw(func(any) error {
		res, err = s.stmt.ExecContext(ctx, s.args)
		return err
	})
	clear(s.args)
	return res, err
}

func (s *statement) close() error {
	return s.conn.Raw(func(any) error { return s.stmt.(driver.Stmt).Close() })
}

// inOrder writes the parameters $1, $2 ... as question marks where each stands
// once and in its turn. SQLite takes the former for names, which are looked up
// at every run.
func inOrder(query string) string {
	var b strings.Builder
	rest := query
	for n := 1; ; n++ {
		at := strings.IndexByte(rest, '$')
		if at < 0 {
			b.WriteString(rest)
			return b.String()
		}
		name := strconv.Itoa(n)
		after, ok := strings.CutPrefix(rest[at+1:], name)
		if !ok || after != "" && after[0] >= '0' && after[0] <= '9' {
			return query
		}
		b.WriteString(rest[:at])
		b.WriteByte('?')
		rest = after
	}
}
