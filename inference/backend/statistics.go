package backend

import (
	"context"
	"strings"

	"millwright/inference/api"
	"millwright/inference/api/wire"
	"millwright/inference/store"
)

// ListSensorStatistics lists what an ingestion found of each sensor, by component
// and sensor: the one that is named, or the one whose outcome the dataset shows.
func (b *Backend) ListSensorStatistics(ctx context.Context, c api.Caller, in *wire.ListSensorStatisticsRequest) (*wire.ListSensorStatisticsResponse, error) {
	d, err := b.store.Dataset(ctx, c.Account, in.DatasetName)
	if err != nil {
		return nil, refused(err)
	}
	job := d.IngestionID
	if in.IngestionJobId != "" {
		j, err := b.store.Ingestion(ctx, strings.ToLower(in.IngestionJobId))
		if err == nil && j.DatasetID != d.ID || missing(err) {
			return nil, api.NotFound("ingestion job %s of dataset %s is not there", in.IngestionJobId, d.Name)
		}
		if err != nil {
			return nil, err
		}
		job = j.ID
	}
	list, next, err := b.store.SensorStatistics(ctx, job, page(in.MaxResults, in.NextToken))
	if err != nil {
		return nil, refused(err)
	}
	return &wire.ListSensorStatisticsResponse{NextToken: next, SensorStatisticsSummaries: all(list, statistics)}, nil
}

func statistics(s store.SensorStatistics) wire.SensorStatisticsSummary {
	out := wire.SensorStatisticsSummary{
		ComponentName: s.ComponentName, SensorName: s.SensorName, DataExists: s.DataExists,
		MissingValues: count(s.MissingValues), InvalidValues: count(s.InvalidValues),
		InvalidDateEntries: count(s.InvalidDateEntries), DuplicateTimestamps: count(s.DuplicateTimestamps),
		DataStartTime: wire.At(s.DataStartTime), DataEndTime: wire.At(s.DataEndTime),
	}
	if v := s.CategoricalValues; v != nil {
		out.CategoricalValues = &wire.CategoricalValues{Status: v.Status, NumberOfCategory: some(v.NumberOfCategory)}
	}
	if v := s.MultipleOperatingModes; v != nil {
		out.MultipleOperatingModes = &wire.MultipleOperatingModes{Status: v.Status}
	}
	if v := s.LargeTimestampGaps; v != nil {
		out.LargeTimestampGaps = &wire.LargeTimestampGaps{
			Status: v.Status, NumberOfLargeTimestampGaps: some(v.NumberOfLargeTimestampGaps), MaxTimestampGapInDays: some(v.MaxTimestampGapInDays),
		}
	}
	if v := s.MonotonicValues; v != nil {
		out.MonotonicValues = &wire.MonotonicValues{Status: v.Status, Monotonicity: v.Monotonicity}
	}
	return out
}

// some is a number that is not said when it is 0.
func some(n int64) *int {
	if n == 0 {
		return nil
	}
	v := int(n)
	return &v
}

func count(c *store.CountPercent) *wire.CountPercent {
	if c == nil {
		return nil
	}
	return &wire.CountPercent{Count: int(c.Count), Percentage: c.Percentage}
}

func quality(q *store.DataQuality) *wire.DataQualitySummary {
	if q == nil {
		return nil
	}
	out := new(wire.DataQualitySummary)
	out.InsufficientSensorData.MissingCompleteSensorData.AffectedSensorCount = int(q.InsufficientSensorData.MissingCompleteSensorData.AffectedSensorCount)
	out.InsufficientSensorData.SensorsWithShortDateRange.AffectedSensorCount = int(q.InsufficientSensorData.SensorsWithShortDateRange.AffectedSensorCount)
	out.MissingSensorData.AffectedSensorCount = int(q.MissingSensorData.AffectedSensorCount)
	out.MissingSensorData.TotalNumberOfMissingValues = int(q.MissingSensorData.TotalNumberOfMissingValues)
	out.InvalidSensorData.AffectedSensorCount = int(q.InvalidSensorData.AffectedSensorCount)
	out.InvalidSensorData.TotalNumberOfInvalidValues = int(q.InvalidSensorData.TotalNumberOfInvalidValues)
	out.UnsupportedTimestamps.TotalNumberOfUnsupportedTimestamps = int(q.UnsupportedTimestamps.TotalNumberOfUnsupportedTimestamps)
	out.DuplicateTimestamps.TotalNumberOfDuplicateTimestamps = int(q.DuplicateTimestamps.TotalNumberOfDuplicateTimestamps)
	return out
}

func files(f *store.FilesSummary) *wire.IngestedFilesSummary {
	if f == nil {
		return nil
	}
	return &wire.IngestedFilesSummary{
		TotalNumberOfFiles: int(f.TotalNumberOfFiles), IngestedNumberOfFiles: int(f.IngestedNumberOfFiles),
		DiscardedFiles: all(f.DiscardedFiles, func(o store.S3Object) wire.S3Object { return wire.S3Object(o) }),
	}
}
