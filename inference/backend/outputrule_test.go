package backend_test

import (
	"testing"

	"millwright/inference/store"
)

func TestSchedulersWriteToPlacesOfTheirOwn(t *testing.T) {
	t.Parallel()
	r := newRig(t, store.Quotas{})
	r.filled("pumps")
	to := func(prefix string) object {
		return object{"S3OutputConfiguration": object{"Bucket": "plant", "Prefix": prefix}}
	}
	for _, name := range []string{"a", "b", "c"} {
		r.trained(name, "pumps")
	}
	created := func(name, prefix string) object {
		return with(scheduler(name, name), object{"DataOutputConfiguration": to(prefix), "ClientToken": nil})
	}
	at := func(name string) object { return object{"InferenceSchedulerName": name} }
	r.do("CreateInferenceScheduler", created("a", "out/"))
	r.refused("CreateInferenceScheduler", created("b", "out/"), "ConflictException", "inference scheduler a", "s3://plant/out/")
	if _, kind, _ := r.try("DescribeInferenceScheduler", at("b")); kind != "ResourceNotFoundException" {
		t.Error("b was made:", kind)
	}
	r.do("CreateInferenceScheduler", created("b", "out/b/"))
	r.refused("UpdateInferenceScheduler", with(at("b"), object{"DataOutputConfiguration": to("out/")}), "ConflictException", "inference scheduler a")
	r.do("UpdateInferenceScheduler", with(at("a"), object{"DataOutputConfiguration": to("out/"), "DataDelayOffsetInMinutes": 1}))

	// One that was stopped gives its place to another.
	r.do("StopInferenceScheduler", at("a"))
	r.do("UpdateInferenceScheduler", with(at("b"), object{"DataOutputConfiguration": to("out/")}))
	r.refused("StartInferenceScheduler", at("a"), "ConflictException", "inference scheduler b")
	r.do("UpdateInferenceScheduler", with(at("a"), object{"DataOutputConfiguration": to("out/")}))
	r.refused("StartInferenceScheduler", at("a"), "ConflictException", "inference scheduler b")
	r.do("UpdateInferenceScheduler", with(at("a"), object{"DataOutputConfiguration": to("out/a/")}))
	r.do("StartInferenceScheduler", at("a"))

	// Names of other accounts are not told.
	r.account = other
	r.filled("pumps")
	r.trained("c", "pumps")
	_, kind, message := r.try("CreateInferenceScheduler", created("c", "out/a/"))
	if kind != "ConflictException" || message != "an inference scheduler of another account writes its results to s3://plant/out/a/: stop it, or set another prefix for those of c" {
		t.Error(kind, message)
	}
}
