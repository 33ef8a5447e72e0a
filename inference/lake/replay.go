package lake

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
)

// replay keeps rows in a scratch file that has no name.
type replay struct {
	file  *os.File
	w     *bufio.Writer
	row   []byte
	cells []float64
	whole bool
}

func newReplay(dir string, columns int) (*replay, error) {
	f, err := os.CreateTemp(dir, "millwright-lake-*.scratch")
	if err != nil {
		return nil, fmt.Errorf("create scratch file: %w", err)
	}
	_ = os.Remove(f.Name())
	return &replay{file: f, w: bufio.NewWriterSize(f, 1<<18), row: make([]byte, 8*(1+columns)), cells: make([]float64, columns)}, nil
}

func (r *replay) add(label int64, cells []float64) error {
	binary.LittleEndian.PutUint64(r.row, uint64(label))
	for i, v := range cells {
		binary.LittleEndian.PutUint64(r.row[8*(i+1):], math.Float64bits(v))
	}
	if _, err := r.w.Write(r.row); err != nil {
		return fmt.Errorf("write scratch file: %w", err)
	}
	return nil
}

// end says that all rows are there.
func (r *replay) end() error {
	if err := r.w.Flush(); err != nil {
		return fmt.Errorf("write scratch file: %w", err)
	}
	r.whole, r.w = true, nil
	return nil
}

func (r *replay) each(ctx context.Context, fn func(label int64, cells []float64) error) error {
	if _, err := r.file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read scratch file: %w", err)
	}
	in := bufio.NewReaderSize(r.file, 1<<18)
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if _, err := io.ReadFull(in, r.row); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read scratch file: %w", err)
		}
		for i := range r.cells {
			r.cells[i] = math.Float64frombits(binary.LittleEndian.Uint64(r.row[8*(i+1):]))
		}
		if err := fn(int64(binary.LittleEndian.Uint64(r.row)), r.cells); err != nil {
			return err
		}
	}
}

func (r *replay) close() error { return r.file.Close() }
