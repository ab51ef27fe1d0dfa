package main

import (
	"context"
	"encoding/json"
	"fmt"

	jsonpatch "github.com/evanphx/json-patch/v5"
	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
	kjson "sigs.k8s.io/json"

	policyv1alpha1 "github.com/karmada-io/karmada/pkg/apis/policy/v1alpha1"
	"github.com/karmada-io/karmada/pkg/util/gclient"
	"github.com/karmada-io/karmada/pkg/webhook/clusteroverridepolicy"
	"github.com/karmada-io/karmada/pkg/webhook/clusterpropagationpolicy"
	"github.com/karmada-io/karmada/pkg/webhook/overridepolicy"
	"github.com/karmada-io/karmada/pkg/webhook/propagationpolicy"
)

// policyKind is a kind of policy, and the webhooks that it passes.
type policyKind struct {
	empty    func() client.Object
	webhooks []admission.Handler
}

// policyKinds are what Karmada's own configuration sends to its webhooks
// before the API takes it; defaults are set first.
var policyKinds = func() map[string]policyKind {
	decoder := admission.NewDecoder(gclient.NewSchema())
	return map[string]policyKind{
		"PropagationPolicy": {
			func() client.Object { return &policyv1alpha1.PropagationPolicy{} },
			[]admission.Handler{propagationpolicy.NewMutatingHandler(decoder), &propagationpolicy.ValidatingAdmission{Decoder: decoder}},
		},
		"ClusterPropagationPolicy": {
			func() client.Object { return &policyv1alpha1.ClusterPropagationPolicy{} },
			[]admission.Handler{clusterpropagationpolicy.NewMutatingHandler(decoder), &clusterpropagationpolicy.ValidatingAdmission{Decoder: decoder}},
		},
		"OverridePolicy": {
			func() client.Object { return &policyv1alpha1.OverridePolicy{} },
			[]admission.Handler{&overridepolicy.MutatingAdmission{Decoder: decoder}, &overridepolicy.ValidatingAdmission{Decoder: decoder}},
		},
		"ClusterOverridePolicy": {
			func() client.Object { return &policyv1alpha1.ClusterOverridePolicy{} },
			[]admission.Handler{&clusteroverridepolicy.ValidatingAdmission{Decoder: decoder}},
		},
	}
}()

// strictly reads an object as an API server with strict validation does: an
// unknown field is an error.
func strictly(raw []byte, into client.Object) error {
	strict, err := kjson.UnmarshalStrict(raw, into)
	if err == nil && len(strict) > 0 {
		err = strict[0]
	}
	return err
}

// admitted is a policy as Karmada's API takes it.
func admitted(document *unstructured.Unstructured) (client.Object, error) {
	kind, known := policyKinds[document.GetKind()]
	if !known || document.GetAPIVersion() != policyv1alpha1.GroupVersion.String() {
		return nil, fmt.Errorf("%s %s: no policy that is judged here", document.GetAPIVersion(), document.GetKind())
	}
	raw, err := json.Marshal(document)
	if err != nil {
		return nil, err
	}
	if err := strictly(raw, kind.empty()); err != nil {
		return nil, err
	}
	for _, webhook := range kind.webhooks {
		request := admission.Request{AdmissionRequest: admissionv1.AdmissionRequest{
			Operation: admissionv1.Create,
			Namespace: document.GetNamespace(),
			Name:      document.GetName(),
			Object:    runtime.RawExtension{Raw: raw},
		}}
		response := webhook.Handle(context.TODO(), request)
		if err := response.Complete(request); err != nil {
			return nil, err
		}
		if !response.Allowed {
			return nil, fmt.Errorf("refused: %s", response.Result.Message)
		}
		if len(response.Patch) > 0 {
			patch, err := jsonpatch.DecodePatch(response.Patch)
			if err != nil {
				return nil, err
			}
			if raw, err = patch.Apply(raw); err != nil {
				return nil, err
			}
		}
	}
	policy := kind.empty()
	return policy, strictly(raw, policy)
}
