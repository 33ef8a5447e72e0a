package jobs

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"millwright/inference/detect"
	"millwright/inference/detect/files"
	"millwright/inference/detect/frame"
	"millwright/inference/store"
	"millwright/internal/objstore"
)

// labels reads the labels of a version, all of them.
func (j *Jobs) labels(ctx context.Context, v store.ModelVersion) (files.Labels, error) {
	switch {
	case v.LabelGroupID != "":
		return j.groupLabels(ctx, v.LabelGroupID)
	case v.Labels != nil && v.Labels.S3InputConfiguration != nil:
		return j.fileLabels(ctx, *v.Labels.S3InputConfiguration)
	}
	return files.Labels{}, nil
}

// known are the labels that a training may know: what of them lies outside the
// evaluation.
func (p *plan) known() detect.Labels {
	return detect.Labels{Anomaly: p.outside(p.labels.Anomaly), Normal: p.outside(p.labels.Normal)}
}

// outside cuts what lies within the evaluation out of ranges.
func (p *plan) outside(all []frame.Range) (rest []frame.Range) {
	for _, r := range all {
		if !p.evaluated() || r.End < p.evaluation.Start || r.Start > p.evaluation.End {
			rest = append(rest, r)
			continue
		}
		if r.Start < p.evaluation.Start {
			rest = append(rest, frame.Range{Start: r.Start, End: p.evaluation.Start - 1})
		}
		if r.End > p.evaluation.End {
			rest = append(rest, frame.Range{Start: p.evaluation.End + 1, End: r.End})
		}
	}
	return rest
}

func (j *Jobs) groupLabels(ctx context.Context, group string) (l files.Labels, err error) {
	for token := ""; ; {
		page, next, err := j.store.Labels(ctx, group, store.LabelFilter{}, store.Page{Limit: 500, Token: token})
		if err != nil {
			return l, err
		}
		for _, a := range page {
			r := frame.Range{Start: a.StartTime.UnixNano(), End: a.EndTime.UnixNano()}
			switch a.Rating {
			case store.RatingAnomaly:
				l.Anomaly = append(l.Anomaly, r)
			case store.RatingNoAnomaly:
				l.Normal = append(l.Normal, r)
			}
		}
		if token = next; token == "" {
			return l, nil
		}
	}
}

const labelLimit = 16 << 20 // bytes of a file of labels

func (j *Jobs) fileLabels(ctx context.Context, at store.S3Location) (l files.Labels, err error) {
	var keys []string
	if err := j.o.S3.List(ctx, at.Bucket, at.Prefix, "", func(page []objstore.Info) (bool, error) {
		for _, o := range page {
			if strings.HasSuffix(strings.ToLower(o.Key), ".csv") {
				keys = append(keys, o.Key)
			}
		}
		return true, nil
	}); err != nil {
		return l, err
	}
	if len(keys) == 0 {
		return l, never("There is no CSV with labels under s3://%s/%s.", at.Bucket, at.Prefix)
	}
	for _, key := range keys {
		b, _, err := j.o.S3.Get(ctx, at.Bucket, key, labelLimit)
		if errors.Is(err, objstore.ErrTooLarge) {
			return l, never("The labels s3://%s/%s have more than %d bytes.", at.Bucket, key, labelLimit)
		}
		if err != nil {
			return l, err
		}
		some, err := files.ReadLabels(bytes.NewReader(b), nil)
		if err != nil {
			return l, never("s3://%s/%s: %v", at.Bucket, key, err)
		}
		l.Anomaly, l.Normal = append(l.Anomaly, some.Anomaly...), append(l.Normal, some.Normal...)
	}
	return l, nil
}
