package main

import (
	"context"
	"fmt"
	"reflect"
	"sync"

	"github.com/google/uuid"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	workv1alpha2 "github.com/karmada-io/karmada/pkg/apis/work/v1alpha2"
	"github.com/karmada-io/karmada/pkg/util"
	"github.com/karmada-io/karmada/pkg/util/fedinformer/genericmanager"
	"github.com/karmada-io/karmada/pkg/util/indexregistry"
)

// templates are the objects to be propagated, as Karmada's API holds them.
type templates struct {
	genericmanager.SingleClusterInformerManager
	byResource map[schema.GroupVersionResource]map[types.NamespacedName]*unstructured.Unstructured
}

func newTemplates() *templates {
	return &templates{byResource: map[schema.GroupVersionResource]map[types.NamespacedName]*unstructured.Unstructured{}}
}

func nameOf(object client.Object) types.NamespacedName {
	return types.NamespacedName{Namespace: object.GetNamespace(), Name: object.GetName()}
}

// guess is the name that an API server gives a kind's collection, near enough
// for one that nobody reads.
func guess(gvk schema.GroupVersionKind) schema.GroupVersionResource {
	plural, _ := meta.UnsafeGuessKindToResource(gvk)
	return plural
}

func (t *templates) put(object *unstructured.Unstructured) {
	resource := guess(object.GroupVersionKind())
	if t.byResource[resource] == nil {
		t.byResource[resource] = map[types.NamespacedName]*unstructured.Unstructured{}
	}
	t.byResource[resource][nameOf(object)] = object.DeepCopy()
}

// Lister is what Karmada's controllers read templates with.
func (t *templates) Lister(resource schema.GroupVersionResource) cache.GenericLister {
	return lister{templates: t, resource: resource}
}

type lister struct {
	templates *templates
	resource  schema.GroupVersionResource
	namespace string
}

func (l lister) ByNamespace(namespace string) cache.GenericNamespaceLister {
	l.namespace = namespace
	return l
}

func (l lister) Get(name string) (runtime.Object, error) {
	object := l.templates.byResource[l.resource][types.NamespacedName{Namespace: l.namespace, Name: name}]
	if object == nil {
		return nil, apierrors.NewNotFound(l.resource.GroupResource(), name)
	}
	return object.DeepCopy(), nil
}

func (l lister) List(labels.Selector) ([]runtime.Object, error) {
	return nil, fmt.Errorf("%s are not listed by what is judged here", l.resource.Resource)
}

// resources is how Karmada gets from kinds to collections.
type resources struct{ meta.RESTMapper }

func (resources) RESTMapping(kind schema.GroupKind, versions ...string) (*meta.RESTMapping, error) {
	gvk := kind.WithVersion(versions[0])
	return &meta.RESTMapping{Resource: guess(gvk), GroupVersionKind: gvk, Scope: meta.RESTScopeNamespace}, nil
}

// api is Karmada's API as its controllers use it: its own kinds, and the
// templates. What they don't use panics.
type api struct {
	client.Client
	templates *templates

	lock sync.Mutex
	held map[reflect.Type]map[types.NamespacedName]client.Object
}

func newAPI(templates *templates) *api {
	return &api{templates: templates, held: map[reflect.Type]map[types.NamespacedName]client.Object{}}
}

func assign(to, from any) {
	reflect.ValueOf(to).Elem().Set(reflect.ValueOf(from).Elem())
}

func (a *api) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	a.lock.Lock()
	defer a.lock.Unlock()
	held := a.held[reflect.TypeOf(into)][key]
	if held == nil {
		return apierrors.NewNotFound(schema.GroupResource{Resource: fmt.Sprintf("%T", into)}, key.String())
	}
	assign(into, held.DeepCopyObject())
	return nil
}

func (a *api) List(_ context.Context, into client.ObjectList, options ...client.ListOption) error {
	asked := (&client.ListOptions{}).ApplyOptions(options)
	items, err := meta.GetItemsPtr(into)
	if err != nil {
		return err
	}
	slice := reflect.ValueOf(items).Elem()
	slice.SetLen(0)
	a.lock.Lock()
	defer a.lock.Unlock()
	for _, held := range a.held[reflect.PointerTo(slice.Type().Elem())] {
		if matches(held, asked) {
			item := reflect.ValueOf(held)
			if asked.UnsafeDisableDeepCopy == nil || !*asked.UnsafeDisableDeepCopy {
				item = reflect.ValueOf(held.DeepCopyObject())
			}
			slice.Set(reflect.Append(slice, item.Elem()))
		}
	}
	return nil
}

// indexed are the labels that Karmada has indexes of, by the names of those.
var indexed = map[string]string{
	indexregistry.WorkIndexByLabelResourceBindingID:        workv1alpha2.ResourceBindingPermanentIDLabel,
	indexregistry.WorkIndexByLabelClusterResourceBindingID: workv1alpha2.ClusterResourceBindingPermanentIDLabel,
}

func matches(object client.Object, asked *client.ListOptions) bool {
	if asked.Namespace != "" && asked.Namespace != object.GetNamespace() {
		return false
	}
	if asked.LabelSelector != nil && !asked.LabelSelector.Matches(labels.Set(object.GetLabels())) {
		return false
	}
	if asked.FieldSelector != nil {
		for _, wanted := range asked.FieldSelector.Requirements() {
			if label, is := indexed[wanted.Field]; !is || object.GetLabels()[label] != wanted.Value {
				return false
			}
		}
	}
	return true
}

func (a *api) Create(_ context.Context, object client.Object, _ ...client.CreateOption) error {
	a.lock.Lock()
	defer a.lock.Unlock()
	kind, key := reflect.TypeOf(object), nameOf(object)
	if a.held[kind][key] != nil {
		return apierrors.NewAlreadyExists(schema.GroupResource{Resource: kind.String()}, key.String())
	}
	a.put(kind, key, withID(object))
	return nil
}

// withID gives a binding the ID by which its Works are known, as the webhooks
// of bindings do.
func withID(object client.Object) client.Object {
	id := map[reflect.Type]string{
		reflect.TypeFor[*workv1alpha2.ResourceBinding]():        workv1alpha2.ResourceBindingPermanentIDLabel,
		reflect.TypeFor[*workv1alpha2.ClusterResourceBinding](): workv1alpha2.ClusterResourceBindingPermanentIDLabel,
	}[reflect.TypeOf(object)]
	if id != "" {
		util.MergeLabel(object, id, uuid.NewString())
	}
	return object
}

func (a *api) Update(_ context.Context, object client.Object, _ ...client.UpdateOption) error {
	a.lock.Lock()
	defer a.lock.Unlock()
	if template, is := object.(*unstructured.Unstructured); is {
		a.templates.put(template)
		return nil
	}
	a.put(reflect.TypeOf(object), nameOf(object), object)
	return nil
}

func (a *api) put(kind reflect.Type, key types.NamespacedName, object client.Object) {
	if a.held[kind] == nil {
		a.held[kind] = map[types.NamespacedName]client.Object{}
	}
	a.held[kind][key] = object.DeepCopyObject().(client.Object)
}
