package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"millwright/internal/window"
	"millwright/internal/yamlfile"
)

const hour = time.Hour

func (v *checker) schedulers(c *Config) {
	if len(c.Schedulers) == 0 {
		v.fault("schedulers", "is empty", "name the scheduler that is fed")
	}
	for i := range c.Schedulers {
		key, s := fmt.Sprintf("schedulers[%d]", i), &c.Schedulers[i]
		v.scheduler(key, c, s)
		for j := range c.Schedulers[:i] {
			v.pair(key, s, fmt.Sprintf("schedulers[%d]", j), &c.Schedulers[j])
		}
	}
}

func (v *checker) scheduler(key string, c *Config, s *Scheduler) {
	if !regexp.MustCompile(`^[0-9a-zA-Z_-]{1,200}$`).MatchString(s.Name) {
		v.fault(key+".name", "is no scheduler name", "use 1 to 200 of 0-9 a-z A-Z _ -")
	}
	v.components(key, s)
	v.cadence(key, c, s)
	v.bucket(key+".input", s.Input.Bucket, s.Input.Prefix)
	v.bucket(key+".output", s.Output.Bucket, s.Output.Prefix)
	if s.Training != (Training{}) {
		v.bucket(key+".training", s.Training.Bucket, s.Training.Prefix)
	}
	if o := s.Input.InputTimeZoneOffset.Duration(); o.Abs() > 12*hour || o%(30*time.Minute) != 0 {
		v.warn(key+".input.input_time_zone_offset", "is outside what the service documents", "use half hours from -12:00 to +12:00 unless your scheduler takes this one")
	}
	v.resample(key+".resample", s)
	if s.Late.OverdueMax.Duration() < s.DataUploadFrequency.Duration() {
		v.fault(key+".late.overdue_max", "is shorter than a window", "use the frequency or more, such as 72h")
	}
	if s.Results.Timeout.None() {
		v.fault(key+".results.timeout", "may not be none", "write a time, such as 10m: a missing result has to be noticed")
	}
	switch after := s.Results.CloseAfter; {
	case after.None():
		v.fault(key+".results.close_after", "may not be none", "write a time, such as 2h: an event has to end")
	case after.Given() && after.Duration() < s.TargetSamplingRate.Duration():
		v.warn(key+".results.close_after", "is shorter than a step: every normal row ends an event", "write a multiple of the step, or leave it out")
	}
}

func (v *checker) components(key string, s *Scheduler) {
	seen := map[string]bool{}
	for i, name := range s.Components {
		at := fmt.Sprintf("%s.components[%d]", key, i)
		if !window.ValidComponent(name) || name == "." || name == ".." { // it names folders too
			v.fault(at, "is no component name", "use 1 to 200 of 0-9 A-Z a-z . _ -, and not only dots")
		} else if seen[name] {
			v.fault(at, "is given twice", "keep one")
		}
		seen[name] = true
	}
	if len(s.Components) == 0 && s.Name != "" {
		v.fault(key+".components", "is empty", "name the components of the model")
	}
	if len(s.Components) > 300 {
		v.warn(key+".components", "are more than the 300 that the service takes", "split the model")
	}
	sensors := 0
	for _, component := range sortedKeys(s.Schema) {
		at := yamlfile.Join(key+".schema", component)
		if !seen[component] {
			v.fault(at, "is not one of components", "add it there, or correct it")
		}
		v.columns(at, s.Schema[component])
		sensors += len(s.Schema[component])
		v.weight(at, s, component)
	}
	if sensors > 300 {
		v.warn(key+".schema", fmt.Sprintf("has %d sensors, the service takes 300", sensors), "leave out sensors that say nothing")
	}
}

func (v *checker) columns(key string, columns []string) {
	if len(columns) == 0 {
		v.fault(key, "has no columns", "name them, or leave the component out: then they are learnt")
	}
	seen := map[string]bool{}
	for i, name := range columns {
		at := fmt.Sprintf("%s[%d]", key, i)
		switch {
		case !validSensor(name):
			v.fault(at, "is no sensor name", "use 1 to 200 of 0-9 A-Z a-z : # $ . _ -, as csv.rename gives them")
		case strings.EqualFold(name, "Timestamp"):
			v.fault(at, "is the first column anyway", "leave it out")
		case seen[name]:
			v.fault(at, "is given twice", "keep one")
		}
		seen[name] = true
	}
}

// weight warns of windows that are larger than the service reads.
func (v *checker) weight(key string, s *Scheduler, component string) {
	if s.DataUploadFrequency == 0 || s.TargetSamplingRate == 0 {
		return
	}
	const stamp, cell = 27, 9 // bytes, with the comma
	limit := window.LimitOf(s.DataUploadFrequency.Duration())
	rows := int64(s.DataUploadFrequency.Duration() / s.TargetSamplingRate.Duration())
	size := rows * int64(stamp+cell*len(s.Schema[component]))
	if size > limit.Bytes {
		v.warn(key, fmt.Sprintf("a window has about %d MB, the service reads %d MB", size/1e6, limit.Bytes/1e6), "use a slower target_sampling_rate or fewer columns")
	}
}

func (v *checker) cadence(key string, c *Config, s *Scheduler) {
	offset := time.Duration(s.DataDelayOffsetInMinutes) * time.Minute
	if offset < 0 || offset > hour {
		v.fault(key+".data_delay_offset_in_minutes", "is not between 0 and 60", "use whole minutes from 0 to 60")
	}
	if s.DataUploadFrequency == 0 {
		v.fault(key+".data_upload_frequency", "is missing", "use one of "+strings.Join(s.DataUploadFrequency.Values(), " "))
	}
	if s.TargetSamplingRate == 0 {
		v.fault(key+".target_sampling_rate", "is missing", "use one of "+strings.Join(s.TargetSamplingRate.Values(), " "))
	}
	if s.UploadMargin.None() {
		v.fault(key+".upload_margin", "may not be none", "write a time, such as 30s")
	}
	if s.DataUploadFrequency == 0 || s.TargetSamplingRate == 0 || v.isBroken(key+".data_delay_offset_in_minutes") {
		return
	}
	f, r := s.DataUploadFrequency, s.TargetSamplingRate
	if f.Duration()%r.Duration() != 0 {
		v.fault(key+".target_sampling_rate", "does not divide the frequency "+f.String(), "use "+dividing(f))
		return
	}
	if v.given(key+".upload_margin") && s.UploadMargin.Duration() > offset/2 && offset > 0 {
		v.warn(key+".upload_margin", fmt.Sprintf("only %s of it has effect, half the delay offset", offset/2), "raise data_delay_offset_in_minutes here and in the scheduler")
	}
	v.offset(key+".data_delay_offset_in_minutes", c, s, offset)
	if s.Resample.Label == LabelStart {
		v.labelStart(key+".resample.label", s, offset)
	}
}

// offset warns when files settle after their window is closed.
func (v *checker) offset(key string, c *Config, s *Scheduler, offset time.Duration) {
	settle := longestSettle(c, s)
	least, ok := SafeOffset(settle, s.UploadMargin.Duration())
	if !ok {
		v.warn(key, fmt.Sprintf("no offset is enough for files that settle %s after their last row", settle), "shorten complete.settle")
	} else if offset < least {
		v.warn(key, fmt.Sprintf("a file is settled %s after its last row at the earliest, too late for a run %s after the window's end", settle, offset),
			fmt.Sprintf("the smallest safe offset is %d, to be set in the scheduler too; 'millwright validate' finds it for real files", least/time.Minute))
	}
}

// SafeOffset is the least delay offset, in whole minutes, with which a file that
// ends with the window and settles after settle is in the bucket before the run.
// It is not ok when an hour is too short.
func SafeOffset(settle, margin time.Duration) (offset time.Duration, ok bool) {
	const work = time.Second // to read, seal and send
	for offset = time.Minute; offset <= hour; offset += time.Minute {
		latest := offset - min(margin, offset/2)
		if latest >= settle+work && offset >= settle+work+window.MinCutoff {
			return offset, true
		}
	}
	return 0, false
}

// longestSettle is how long files for a scheduler wait under the rule settle.
func longestSettle(c *Config, s *Scheduler) time.Duration {
	var longest time.Duration
	for _, d := range c.Drops {
		rule, err := componentRule(d.Component)
		if err != nil || rule.Name != "" && !slices.Contains(s.Components, rule.Name) {
			continue
		}
		if d.Complete.Rule == Settle && !d.Complete.Settle.None() {
			longest = max(longest, d.Complete.Settle.Duration())
		}
	}
	return longest
}

// labelStart says what start labels cost: a run reads (start, end], and the row
// stamped at its end is in the next window's object.
func (v *checker) labelStart(key string, s *Scheduler, offset time.Duration) {
	f := s.DataUploadFrequency.Duration()
	rows := int(f / s.TargetSamplingRate.Duration())
	remedy := "keep it only for a model trained on start-labelled data"
	if f < hour {
		remedy += fmt.Sprintf("; a delay offset of %d minutes or more gets the row back when drops are prompt", f/time.Minute+1)
	}
	switch {
	case offset > f:
		v.warn(key, "the row at each window's end comes from the next window's object, which has to be there before the run", remedy)
	case rows == 1:
		v.warn(key, "the only row of each run is in the next window's object, which is not there yet: every run fails", remedy)
	default:
		v.warn(key, fmt.Sprintf("the row at each window's end is in the next window's object, which is not there yet: 1 row of %d is never scored", rows), remedy)
	}
}

func (v *checker) resample(key string, s *Scheduler) {
	step := s.TargetSamplingRate.Duration()
	gap := func(at string, d Duration) {
		if v.given(at) && d.Duration() < step {
			v.warn(at, "is shorter than a step: nothing is ever held", "use fill: none if that is meant, else "+max(3*step, time.Minute).String())
		}
	}
	gap(key+".max_gap", s.Resample.MaxGap)
	known := map[string]bool{}
	for _, columns := range s.Schema {
		for _, name := range columns {
			known[name] = true
		}
	}
	for _, name := range sortedKeys(s.Resample.Sensors) {
		at := yamlfile.Join(key+".sensors", name)
		if !validSensor(name) {
			v.fault(at, "is no sensor name", "use 1 to 200 of 0-9 A-Z a-z : # $ . _ -, as csv.rename gives them")
		} else if len(s.Schema) == len(s.Components) && !known[name] {
			v.warn(at, "no component has this sensor", "correct it, or add it to schema")
		}
		gap(at+".max_gap", s.Resample.Sensors[name].MaxGap)
	}
}

func (v *checker) bucket(key, bucket, prefix string) {
	switch {
	case bucket == "":
		v.fault(key+".bucket", "is missing", "name the bucket")
	case strings.HasPrefix(bucket, "s3://") || strings.Contains(bucket, "/"):
		v.fault(key+".bucket", "is more than a bucket's name", "write the name only, and what comes after it as prefix")
	case !regexp.MustCompile(`^[a-z0-9][.\-a-z0-9]{1,61}[a-z0-9]$`).MatchString(bucket):
		v.fault(key+".bucket", "is no bucket name", "use 3 to 63 of a-z 0-9 . -, with a letter or digit at both ends")
	}
	switch {
	case prefix == "":
	case !strings.HasSuffix(prefix, "/"):
		v.fault(key+".prefix", "does not end in a slash", fmt.Sprintf("write %q, or nothing", prefix+"/"))
	case utf8.RuneCountInString(prefix) > 1024 || !regexp.MustCompile(`^[\t\n\r\x{20}-\x{FF}]*$`).MatchString(prefix):
		v.fault(key+".prefix", "is no prefix that the service takes", "use at most 1024 characters up to U+00FF")
	case strings.HasPrefix(prefix, "/"):
		v.warn(key+".prefix", "begins with a slash, which becomes part of every key", fmt.Sprintf("write %q unless the scheduler has it so", strings.TrimLeft(prefix, "/")))
	}
}

// dividing lists the rates that a frequency can have.
func dividing(f Frequency) string {
	var rates []string
	for _, r := range window.Rates() {
		if f.Duration()%r == 0 {
			rates = append(rates, window.FormatDuration(r))
		}
	}
	return strings.Join(rates, " ")
}
