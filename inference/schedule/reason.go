package schedule

import (
	"fmt"
	"strings"
	"time"

	"millwright/internal/objstore"
	"millwright/internal/window"
)

// failure is why an execution ends FAILED. It is final, so it is made only of what
// another attempt would find the same.
type failure struct{ reason string }

func (f *failure) Error() string { return f.reason }

func fail(format string, args ...any) error { return &failure{fmt.Sprintf(format, args...)} }

// absent is the service's own text for a component without rows in the window. The
// prefix stands where the bucket should: people's scripts know the text so, and a
// note says where it really is.
func (e Execution) absent(component string, notes *[]string) error {
	n := e.Input.Naming
	first, last := e.keys(component)
	*notes = append(*notes, fmt.Sprintf("rows of %s were looked for in the files from s3://%s/%s on and before %s", component, e.Input.Bucket, first, last))
	return fail("Could not find data file for sensor %s within expected range of (%s, %s]. "+
		"Please ensure data is present for all sensors of the machine under prefix 's3://%s%s' ~ 's3://%s%s'",
		component, instant(e.Start), instant(e.End()), n.Prefix, first, n.Prefix, last)
}

// keys are the bounds of the names that a run looks at: one period before the
// window's start to one after its end, which itself is out. They have no ".csv".
func (e Execution) keys(component string) (first, last string) {
	n := e.Input.Naming
	from, to := e.stamps(e.Start)
	return stem(n.Key(component, from)), stem(n.Key(component, to))
}

// stamps are the bounds from <= stamp < to of the names of files that may have rows
// of the window at start.
func (e Execution) stamps(start int64) (from, to int64) {
	return start - int64(e.Frequency), start + 2*int64(e.Frequency)
}

func stem(key string) string { return strings.TrimSuffix(key, ".csv") }

func (e Execution) crowded(component string, files int) error {
	first, last := e.keys(component)
	return fail("Too many data files for sensor %s within expected range of (%s, %s]: %d between s3://%s/%s and s3://%s/%s. An execution takes %d files per component.",
		component, instant(e.Start), instant(e.End()), files, e.Input.Bucket, first, e.Input.Bucket, last, window.MaxFiles)
}

func (e Execution) heavy(component string, size, limit int64) error {
	return fail("The data files for sensor %s within expected range of (%s, %s] have %d bytes, more than the %d that an execution takes at a data upload frequency of %s.",
		component, instant(e.Start), instant(e.End()), size, limit, window.FormatDuration(e.Frequency))
}

func (e Execution) strange(component string, wanted []string) error {
	return fail("The data files for sensor %s within expected range of (%s, %s] have none of the columns that the model was trained with: %s.",
		component, instant(e.Start), instant(e.End()), few(wanted))
}

func (e Execution) empty() error {
	return fail("The data files within expected range of (%s, %s] have no value of any sensor of the model, and none before is recent enough to stand for them.",
		instant(e.Start), instant(e.End()))
}

func (e Execution) changed(f File) error {
	return fail("The data file s3://%s/%s was replaced or removed while the execution was under way. It is not read again, so that no result is made of two versions.", e.Input.Bucket, f.Key)
}

func (e Execution) taken() error {
	return fail("There is another object at s3://%s/%s already, with other content. It was left as it is.", e.Output.Bucket, e.resultKey())
}

func (e Execution) resultKey() string { return window.ResultKey(e.Output.Prefix, e.Start) }

// refused gives a failure for what no attempt can change, else err.
func refused(verb string, p Place, err error) error {
	switch objstore.KindOf(err) {
	case objstore.KindNoBucket, objstore.KindForbidden, objstore.KindRegion, objstore.KindKMS:
		what, remedy := objstore.Explain(err)
		return fail("Could not %s s3://%s/%s: %s. To do: %s.", verb, p.Bucket, p.Prefix, what, remedy)
	}
	return err
}

func instant(ns int64) string { return time.Unix(0, ns).UTC().Format("2006-01-02T15:04:05Z") }
