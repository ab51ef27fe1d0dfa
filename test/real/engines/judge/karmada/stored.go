package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	_ "k8s.io/kubernetes/pkg/apis/batch/install"
	"k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	_ "k8s.io/kubernetes/pkg/apis/rbac/install"
	_ "k8s.io/kubernetes/pkg/apis/scheduling/install"
	"k8s.io/kubernetes/pkg/registry/apps/daemonset"
	"k8s.io/kubernetes/pkg/registry/apps/deployment"
	"k8s.io/kubernetes/pkg/registry/apps/statefulset"
	"k8s.io/kubernetes/pkg/registry/batch/cronjob"
	"k8s.io/kubernetes/pkg/registry/batch/job"
	"k8s.io/kubernetes/pkg/registry/core/configmap"
	"k8s.io/kubernetes/pkg/registry/core/namespace"
	"k8s.io/kubernetes/pkg/registry/core/service"
	"k8s.io/kubernetes/pkg/registry/core/serviceaccount"
	"k8s.io/kubernetes/pkg/registry/networking/networkpolicy"
	"k8s.io/kubernetes/pkg/registry/rbac/clusterrole"
	"k8s.io/kubernetes/pkg/registry/rbac/role"
	"k8s.io/kubernetes/pkg/registry/rbac/rolebinding"
	"k8s.io/kubernetes/pkg/registry/scheduling/priorityclass"
	"k8s.io/utils/ptr"
	kjson "sigs.k8s.io/json"
)

// strategies are how an API server of Kubernetes takes its own kinds, besides
// their defaults: what it fills in and what it refuses.
var strategies = map[string]rest.RESTCreateStrategy{
	"apps/v1 DaemonSet":                        daemonset.Strategy,
	"apps/v1 Deployment":                       deployment.Strategy,
	"apps/v1 StatefulSet":                      statefulset.Strategy,
	"batch/v1 CronJob":                         cronjob.Strategy,
	"batch/v1 Job":                             job.Strategy,
	"networking.k8s.io/v1 NetworkPolicy":       networkpolicy.Strategy,
	"rbac.authorization.k8s.io/v1 ClusterRole": clusterrole.Strategy,
	"rbac.authorization.k8s.io/v1 Role":        role.Strategy,
	"rbac.authorization.k8s.io/v1 RoleBinding": rolebinding.Strategy,
	"scheduling.k8s.io/v1 PriorityClass":       priorityclass.Strategy,
	"v1 ConfigMap":                             configmap.Strategy,
	"v1 Namespace":                             namespace.Strategy,
	"v1 Service":                               service.Strategy,
	"v1 ServiceAccount":                        serviceaccount.Strategy,
}

// kinds are those that an API server knows of itself.
var kinds = func() *runtime.Scheme {
	if err := apiextensionsv1.AddToScheme(legacyscheme.Scheme); err != nil {
		panic(err)
	}
	return legacyscheme.Scheme
}()

// protobuf is how API servers write their own kinds to etcd.
type protobuf interface {
	Marshal() ([]byte, error)
	Unmarshal([]byte) error
}

// stored is an object as an API server of Kubernetes gives it back: with the
// defaults, without what says nothing. What the server refuses is an error, an
// unknown field included. Custom resources are kept as they are.
//
// What a server gives out is the same everywhere, so that it can be compared:
// UIDs, addresses and ports.
func stored(object *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	gvk := object.GroupVersionKind()
	if !kinds.Recognizes(gvk) {
		return object, nil
	}
	kept, err := taken(object)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", about(object), err)
	}
	bytes, err := kept.(protobuf).Marshal()
	if err != nil {
		return nil, err
	}
	if kept, err = kinds.New(gvk); err != nil {
		return nil, err
	}
	if err := kept.(protobuf).Unmarshal(bytes); err != nil {
		return nil, err
	}
	kept.GetObjectKind().SetGroupVersionKind(gvk)
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(kept)
	if err != nil {
		return nil, err
	}
	return &unstructured.Unstructured{Object: fields}, nil
}

// taken is an object when the API server has admitted it.
func taken(object *unstructured.Unstructured) (runtime.Object, error) {
	gvk := object.GroupVersionKind()
	read, err := kinds.New(gvk)
	if err != nil {
		return nil, err
	}
	written, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	strict, err := kjson.UnmarshalStrict(written, read)
	if err == nil && len(strict) > 0 {
		err = strict[0]
	}
	if err != nil {
		return nil, err
	}
	kinds.Default(read)
	strategy, known := strategies[gvk.GroupVersion().String()+" "+gvk.Kind]
	if !known {
		return read, nil
	}
	internal, err := kinds.UnsafeConvertToVersion(read, runtime.InternalGroupVersioner)
	if err != nil {
		return nil, err
	}
	accessor, err := meta.Accessor(internal)
	if err != nil {
		return nil, err
	}
	accessor.SetUID(uidOf(object))
	if service, is := internal.(*core.Service); is {
		giveOut(service)
	}
	ctx := genericapirequest.WithNamespace(context.TODO(), object.GetNamespace())
	strategy.PrepareForCreate(ctx, internal)
	if errs := strategy.Validate(ctx, internal); len(errs) > 0 {
		return nil, errs.ToAggregate()
	}
	strategy.Canonicalize(internal)
	return kinds.UnsafeConvertToVersion(internal, gvk.GroupVersion())
}

func uidOf(object *unstructured.Unstructured) types.UID {
	return types.UID(uuid.NewSHA1(uuid.NameSpaceURL, []byte(about(object))).String())
}

// giveOut fills in what the allocators of an API server do.
func giveOut(service *core.Service) {
	spec := &service.Spec
	if spec.Type == core.ServiceTypeExternalName {
		return
	}
	if spec.ClusterIP == "" && len(spec.ClusterIPs) == 0 {
		spec.ClusterIP = "10.96.0.10"
	}
	if len(spec.ClusterIPs) == 0 {
		spec.ClusterIPs = []string{spec.ClusterIP}
	}
	if len(spec.IPFamilies) == 0 {
		spec.IPFamilies = []core.IPFamily{core.IPv4Protocol}
		spec.IPFamilyPolicy = ptr.To(core.IPFamilyPolicySingleStack)
	}
	if spec.Type == core.ServiceTypeClusterIP {
		return
	}
	for i := range spec.Ports {
		if spec.Ports[i].NodePort == 0 {
			spec.Ports[i].NodePort = 30000 + int32(i)
		}
	}
}
