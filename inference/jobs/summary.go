package jobs

import (
	"context"
	"fmt"
	"time"

	"millwright/inference/lake"
	"millwright/inference/store"
	"millwright/internal/sensorstat"
)

const summaryMemory = 128 << 20

// ofIngestion is what ends an ingestion or import.
func (j *Jobs) ofIngestion(k *task, a longArgs) {
	k.memory = summaryMemory
	k.over = func(ctx context.Context) (bool, error) {
		_, _, ok, err := j.ingestion(ctx, a.ID)
		return !ok, err
	}
	k.do = func(ctx context.Context, lease store.Fence) error {
		in, d, ok, err := j.ingestion(ctx, a.ID)
		if err != nil || !ok {
			return err
		}
		var r *ingested
		if a.What == importDataset {
			r, err = j.copyDataset(ctx, in, d)
		} else {
			r, err = j.sumUp(ctx, in, d)
		}
		if reason, final := whyNot(err, false); final {
			return never("%s", reason)
		}
		if err != nil {
			return err
		}
		return j.endIngestion(ctx, lease, in, r)
	}
	k.fail = func(ctx context.Context, lease store.Fence, reason string) error {
		return j.failIngestion(ctx, &lease, a.ID, reason)
	}
}

// ingested is what an ingestion came to.
type ingested struct {
	schema     string
	start, end time.Time
	size       int64
	quality    *store.DataQuality
	files      *store.FilesSummary
	statistics []store.SensorStatistics
	objects    []lake.Object
}

// sumUp gathers what the files of an ingestion became.
func (j *Jobs) sumUp(ctx context.Context, in store.Ingestion, d store.Dataset) (*ingested, error) {
	r := &ingested{files: &store.FilesSummary{}}
	var sum lake.Summary
	var headers []lake.Header
	first := ""
	for from := int64(0); ; {
		files, err := j.store.IngestionFiles(ctx, in.ID, "", from, 500)
		if err != nil {
			return nil, err
		}
		if len(files) == 0 {
			break
		}
		for _, f := range files {
			from = f.Seq + 1
			r.size += f.Size
			r.files.TotalNumberOfFiles++
			if f.Status != store.FileIngested {
				if first == "" {
					first = f.Key + ": " + f.Reason
				}
				r.files.DiscardedFiles = append(r.files.DiscardedFiles, store.S3Object{Bucket: f.Bucket, Key: f.Key})
				continue
			}
			r.files.IngestedNumberOfFiles++
			lf, err := fileOf(f, d)
			if err != nil {
				return nil, err
			}
			m, ok, err := j.lake.Manifest(ctx, lf)
			if err == nil && !ok {
				err = fmt.Errorf("read the manifest of %s: it is not in the work bucket", f.Key)
			}
			if err != nil {
				return nil, err
			}
			sum.Add(m)
			r.objects, headers = append(r.objects, m.Objects...), append(headers, m.Header)
		}
	}
	if r.files.IngestedNumberOfFiles == 0 {
		return nil, never("None of the %d files could be used: %s", r.files.TotalNumberOfFiles, first)
	}
	schema, err := schemaOf(d)
	if err != nil {
		return nil, err
	}
	if schema == nil {
		found := lake.Detect(headers)
		schema = &found
	}
	if err := j.o.Quotas.Schema(*schema); err != nil {
		return nil, never("%v", err)
	}
	for _, o := range lake.Overlaps(r.objects) {
		c, _ := schema.Component(o.Component)
		more, err := j.lake.Repeats(ctx, o, c.Sensors)
		if err != nil {
			return nil, err
		}
		sum.Repeat(o.Component, more)
	}
	sum.Expect(schema.Sensors())
	q := store.DataQuality(sum.Quality())
	r.schema, r.quality = schema.JSON(), &q
	r.start, r.end = time.Unix(0, sum.Start).UTC(), time.Unix(0, sum.End).UTC()
	for _, s := range sum.Sensors() {
		r.statistics = append(r.statistics, statisticsOf(s))
	}
	return r, nil
}

// endIngestion records a success: the dataset has the new data and no other.
func (j *Jobs) endIngestion(ctx context.Context, lease store.Fence, in store.Ingestion, r *ingested) error {
	return j.store.Tx(ctx, func(t *store.Tx) error {
		if err := t.Release(ctx, lease); err != nil {
			return err
		}
		d, err := t.DatasetByID(ctx, in.DatasetID)
		if err != nil {
			return err
		}
		now := j.now()
		if err := t.ReplaceObjects(ctx, store.ObjectDataset, d.ID, stored(store.ObjectDataset, d.ID, r.objects, now)); err != nil {
			return err
		}
		if err := t.PutSensorStatistics(ctx, in.ID, r.statistics); err != nil {
			return err
		}
		if _, err := t.MoveIngestion(ctx, in.ID, store.IngestionSuccess, now, func(in *store.Ingestion) {
			in.DataStart, in.DataEnd, in.Size, in.Quality, in.Files = r.start, r.end, r.size, r.quality, r.files
		}); err != nil {
			return err
		}
		if _, err := t.MoveDataset(ctx, d.ID, store.DatasetActive, now, func(d *store.Dataset) {
			d.IngestionID, d.Schema, d.Size = in.ID, r.schema, r.size
		}); err != nil {
			return err
		}
		if d.IngestionID == "" || d.IngestionID == in.ID {
			return nil
		}
		return j.removeLater(ctx, t, removeArgs{Dataset: d.ID, Ingestion: d.IngestionID}, removeAfter)
	})
}

// statisticsOf are a sensor's statistics in the API's words.
func statisticsOf(s lake.SensorStatistics) store.SensorStatistics {
	out := store.SensorStatistics{ComponentName: s.Component, SensorName: s.Sensor, DataExists: s.DataExists, DataStartTime: s.Start, DataEndTime: s.End}
	if !s.DataExists {
		return out
	}
	count := func(v sensorstat.Share) *store.CountPercent {
		return &store.CountPercent{Count: v.Count, Percentage: v.Percentage}
	}
	issue := func(is bool) string {
		if is {
			return "POTENTIAL_ISSUE_DETECTED"
		}
		return "NO_ISSUE_DETECTED"
	}
	out.MissingValues, out.InvalidValues, out.InvalidDateEntries, out.DuplicateTimestamps = count(s.Missing), count(s.Invalid), count(s.InvalidDates), count(s.Duplicates)
	out.CategoricalValues = &store.Categories{Status: issue(s.Categories > 0), NumberOfCategory: int64(s.Categories)}
	out.MultipleOperatingModes = &store.Modes{Status: issue(s.SeveralModes)}
	out.LargeTimestampGaps = &store.Gaps{Status: issue(s.LargeGaps > 0), NumberOfLargeTimestampGaps: int64(s.LargeGaps), MaxTimestampGapInDays: int64(s.LargestGap)}
	out.MonotonicValues = &store.Monotonic{Status: issue(s.Monotonic != ""), Monotonicity: string(s.Monotonic)}
	return out
}
