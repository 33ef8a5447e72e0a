package backend

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"millwright/inference/api"
	"millwright/inference/api/wire"
	"millwright/inference/lake"
	"millwright/inference/store"
)

// plainTags checks tags of what is no model.
func plainTags(tags []wire.Tag) error {
	for _, tag := range tags {
		if strings.HasPrefix(tag.Key, reserved) {
			return api.Invalid("Tags", "Member must not have %s: tags that begin with %s are for models", tag.Key, reserved)
		}
	}
	return distinct(tags)
}

func distinct(tags []wire.Tag) error {
	seen := make(map[string]bool, len(tags))
	for _, tag := range tags {
		if seen[tag.Key] {
			return api.Invalid("Tags", "Member must have each key once; %s is in it twice", tag.Key)
		}
		seen[tag.Key] = true
	}
	return nil
}

// modelTags checks tags of a model; schema is "" when it is not known.
func (b *Backend) modelTags(tags []wire.Tag, schema string) error {
	if err := distinct(tags); err != nil {
		return err
	}
	known, err := schemaOf(schema)
	if err != nil {
		return err
	}
	if _, err := b.o.Detector.with(all(tags, func(w wire.Tag) store.Tag { return store.Tag(w) }), known); err != nil {
		return api.Invalid("Tags", "%v", err)
	}
	return nil
}

// schemaOf reads a schema that was checked before it was kept; "" is none.
func schemaOf(text string) (lake.Schema, error) {
	if text == "" {
		return lake.Schema{}, nil
	}
	s, err := lake.ParseSchema(text)
	if err != nil {
		return s, fmt.Errorf("read a schema that was kept: %w", err)
	}
	return s, nil
}

// resource finds what an ARN names among what the caller's account has.
func resource(ctx context.Context, r store.Reader, c api.Caller, arn string) (store.Resource, error) {
	found, err := r.Resource(ctx, arn)
	if err == nil && found.Account != c.Account {
		return found, api.NotFound("resource %s is not there", arn)
	}
	return found, err
}

// TagResource gives a resource tags, or those it has other values.
func (b *Backend) TagResource(ctx context.Context, c api.Caller, in *wire.TagResourceRequest) (*wire.TagResourceResponse, error) {
	return nil, b.change(ctx, func(t *store.Tx) error {
		found, err := resource(ctx, t.Reader, c, in.ResourceArn)
		if err != nil {
			return err
		}
		if found.Kind == "model" {
			var m store.Model
			if m, err = t.ModelByID(ctx, found.ID); err == nil {
				err = b.modelTags(in.Tags, m.Schema)
			}
		} else {
			err = plainTags(in.Tags)
		}
		if err != nil {
			return err
		}
		return put(ctx, t, in.ResourceArn, in.Tags)
	})
}

// UntagResource takes tags from a resource; those it does not have do not matter.
func (b *Backend) UntagResource(ctx context.Context, c api.Caller, in *wire.UntagResourceRequest) (*wire.UntagResourceResponse, error) {
	return nil, b.change(ctx, func(t *store.Tx) error {
		if _, err := resource(ctx, t.Reader, c, in.ResourceArn); err != nil {
			return err
		}
		return t.DeleteTags(ctx, in.ResourceArn, in.TagKeys)
	})
}

// ListTagsForResource lists a resource's tags by key. Those of a model version tell
// the settings too that it was made with.
func (b *Backend) ListTagsForResource(ctx context.Context, c api.Caller, in *wire.ListTagsForResourceRequest) (*wire.ListTagsForResourceResponse, error) {
	found, err := resource(ctx, b.store.Reader, c, in.ResourceArn)
	if err != nil {
		return nil, refused(err)
	}
	tags, err := b.store.Tags(ctx, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	if found.Kind == "model-version" {
		v, err := b.store.ModelVersionByARN(ctx, in.ResourceArn)
		if err != nil {
			return nil, refused(err)
		}
		if len(v.Settings) > 0 {
			s := b.o.Detector
			if err := json.Unmarshal(v.Settings, &s); err != nil {
				return nil, fmt.Errorf("read the settings of %s: %w", v.ARN, err)
			}
			tags = append(tags, s.tags()...)
		}
	}
	return &wire.ListTagsForResourceResponse{Tags: all(tags, func(tag store.Tag) wire.Tag { return wire.Tag(tag) })}, nil
}
