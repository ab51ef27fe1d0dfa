package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/utils/ptr"
	controllerruntime "sigs.k8s.io/controller-runtime"

	clusterv1alpha1 "github.com/karmada-io/karmada/pkg/apis/cluster/v1alpha1"
	policyv1alpha1 "github.com/karmada-io/karmada/pkg/apis/policy/v1alpha1"
	workv1alpha1 "github.com/karmada-io/karmada/pkg/apis/work/v1alpha1"
	workv1alpha2 "github.com/karmada-io/karmada/pkg/apis/work/v1alpha2"
	"github.com/karmada-io/karmada/pkg/controllers/binding"
	"github.com/karmada-io/karmada/pkg/controllers/namespace"
	"github.com/karmada-io/karmada/pkg/detector"
	clusterlister "github.com/karmada-io/karmada/pkg/generated/listers/cluster/v1alpha1"
	"github.com/karmada-io/karmada/pkg/resourceinterpreter/default/native"
	schedulercache "github.com/karmada-io/karmada/pkg/scheduler/cache"
	"github.com/karmada-io/karmada/pkg/scheduler/core"
	"github.com/karmada-io/karmada/pkg/scheduler/framework/plugins"
	"github.com/karmada-io/karmada/pkg/util/fedinformer/keys"
	"github.com/karmada-io/karmada/pkg/util/helper"
	"github.com/karmada-io/karmada/pkg/util/names"
	"github.com/karmada-io/karmada/pkg/util/overridemanager"
)

// interpreter knows the kinds of Kubernetes itself, as Karmada does where
// nobody customized it.
type interpreter struct{ *native.DefaultInterpreter }

func (interpreter) Start(context.Context) error { return nil }

// federation is one case: Karmada's API, and the controllers that work on it.
type federation struct {
	api       *api
	templates *templates
	clusters  cache.Indexer

	detector        *detector.ResourceDetector
	scheduler       core.ScheduleAlgorithm
	bindings        *binding.ResourceBindingController
	clusterBindings *binding.ClusterResourceBindingController
	namespaces      *namespace.Controller

	problems []string
}

func newFederation() *federation {
	templates := newTemplates()
	api := newAPI(templates)
	events := &record.FakeRecorder{}
	kinds := interpreter{native.NewDefaultInterpreter()}
	overrides := overridemanager.New(api, events)
	clusters := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{})
	bindings := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{})
	scheduler, err := core.NewGenericScheduler(
		schedulercache.NewCache(clusterlister.NewClusterLister(clusters), bindings, 0), plugins.NewInTreeRegistry())
	if err != nil {
		panic(err)
	}
	return &federation{
		api: api, templates: templates, clusters: clusters, scheduler: scheduler,
		detector: &detector.ResourceDetector{
			Client: api, InformerManager: templates, RESTMapper: resources{}, EventRecorder: events, ResourceInterpreter: kinds,
		},
		bindings: &binding.ResourceBindingController{
			Client: api, InformerManager: templates, RESTMapper: resources{}, EventRecorder: events, ResourceInterpreter: kinds, OverrideManager: overrides,
		},
		clusterBindings: &binding.ClusterResourceBindingController{
			Client: api, InformerManager: templates, RESTMapper: resources{}, EventRecorder: events, ResourceInterpreter: kinds, OverrideManager: overrides,
		},
		namespaces: &namespace.Controller{Client: api, EventRecorder: events, OverrideManager: overrides},
	}
}

func (f *federation) problem(about string, err error) {
	if err != nil {
		f.problems = append(f.problems, fmt.Sprintf("%s: %v", about, err))
	}
}

// propagate is what the members hold when Karmada's API has these documents.
func propagate(documents []*unstructured.Unstructured, members []string) (map[string][]*unstructured.Unstructured, []string) {
	f := newFederation()
	var toPropagate []*unstructured.Unstructured
	for _, document := range documents {
		if template := f.apply(document); template != nil {
			toPropagate = append(toPropagate, template)
		}
	}
	f.join(members, toPropagate)
	for _, template := range toPropagate {
		f.problem(about(template), f.sync(template))
	}
	held := f.held()
	for _, member := range members {
		if held[member] == nil {
			held[member] = []*unstructured.Unstructured{}
		}
	}
	return held, f.problems
}

func about(object *unstructured.Unstructured) string {
	return object.GetKind() + " " + strings.TrimPrefix(object.GetNamespace()+"/"+object.GetName(), "/")
}

// apply creates a document in Karmada's API, and gives it back if it is one to
// be propagated.
func (f *federation) apply(document *unstructured.Unstructured) *unstructured.Unstructured {
	ctx := context.TODO()
	switch document.GroupVersionKind().Group {
	case policyv1alpha1.GroupName:
		policy, err := admitted(document)
		if err == nil {
			err = f.api.Create(ctx, policy)
		}
		f.problem(about(document), err)
		return nil
	case clusterv1alpha1.GroupName:
		raw, err := json.Marshal(document)
		cluster := &clusterv1alpha1.Cluster{}
		if err == nil {
			err = strictly(raw, cluster)
		}
		if err == nil {
			err = f.api.Create(ctx, cluster)
		}
		f.problem(about(document), err)
		return nil
	}
	template, err := stored(document)
	if err != nil {
		f.problem(about(document), err)
		return nil
	}
	template.SetUID(uidOf(template))
	template.SetResourceVersion("1")
	template.SetGeneration(1)
	f.templates.put(template)
	if template.GroupVersionKind() == corev1.SchemeGroupVersion.WithKind("Namespace") {
		typed := &corev1.Namespace{}
		f.problem(about(template), runtime.DefaultUnstructuredConverter.FromUnstructured(template.Object, typed))
		f.problem(about(template), f.api.Create(ctx, typed))
	}
	return template
}

// join makes the clusters what they are once the members are reached: each
// offers the APIs of the templates. A member without a Cluster among the
// documents is registered by its agent.
func (f *federation) join(members []string, templates []*unstructured.Unstructured) {
	ctx := context.TODO()
	for _, member := range members {
		cluster := &clusterv1alpha1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: member}}
		if f.api.Get(ctx, types.NamespacedName{Name: member}, cluster) != nil {
			f.problem(member, f.api.Create(ctx, cluster))
		}
	}
	clusters := &clusterv1alpha1.ClusterList{}
	f.problem("clusters", f.api.List(ctx, clusters))
	for i := range clusters.Items {
		cluster := &clusters.Items[i]
		for _, template := range templates {
			cluster.Status.APIEnablements = append(cluster.Status.APIEnablements, clusterv1alpha1.APIEnablement{
				GroupVersion: template.GetAPIVersion(),
				Resources:    []clusterv1alpha1.APIResource{{Kind: template.GetKind()}},
			})
		}
		f.problem(cluster.Name, f.api.Update(ctx, cluster))
		f.problem(cluster.Name, f.clusters.Add(cluster))
	}
}

// sync takes a template all the way to its Works.
func (f *federation) sync(template *unstructured.Unstructured) error {
	ctx := context.TODO()
	if template.GroupVersionKind() == corev1.SchemeGroupVersion.WithKind("Namespace") {
		if _, err := f.namespaces.Reconcile(ctx, controllerruntime.Request{NamespacedName: nameOf(template)}); err != nil {
			return err
		}
	}
	if !f.detector.EventFilter(template) {
		return nil
	}
	claimed, err := f.claim(template)
	if err != nil || !claimed {
		return err
	}
	name := types.NamespacedName{Namespace: template.GetNamespace(), Name: names.GenerateBindingName(template.GetKind(), template.GetName())}
	if template.GetNamespace() != "" {
		bound := &workv1alpha2.ResourceBinding{}
		if err := f.api.Get(ctx, name, bound); err != nil {
			return err
		}
		if err := f.schedule(&bound.Spec, &bound.Status); err != nil {
			return err
		}
		if err := f.api.Update(ctx, bound); err != nil {
			return err
		}
		_, err := f.bindings.Reconcile(ctx, controllerruntime.Request{NamespacedName: name})
		return err
	}
	bound := &workv1alpha2.ClusterResourceBinding{}
	if err := f.api.Get(ctx, name, bound); err != nil {
		return err
	}
	if err := f.schedule(&bound.Spec, &bound.Status); err != nil {
		return err
	}
	if err := f.api.Update(ctx, bound); err != nil {
		return err
	}
	_, err = f.clusterBindings.Reconcile(ctx, controllerruntime.Request{NamespacedName: name})
	return err
}

// claim finds the policy of a template, in the order in which Karmada's
// detector does, and binds the template by it.
func (f *federation) claim(template *unstructured.Unstructured) (bool, error) {
	key, err := keys.ClusterWideKeyFunc(template)
	if err != nil {
		return false, err
	}
	policy, err := f.detector.LookForMatchedPolicy(template, key)
	if err != nil {
		return false, err
	}
	if policy != nil {
		present, err := helper.IsDependentOverridesPresent(f.api, policy)
		if err == nil && !present {
			err = fmt.Errorf("PropagationPolicy %s waits for overrides that are not there", policy.Name)
		}
		if err != nil {
			return false, err
		}
		return true, f.detector.ApplyPolicy(template, key, false, policy)
	}
	clusterPolicy, err := f.detector.LookForMatchedClusterPolicy(template, key)
	if err != nil || clusterPolicy == nil {
		return false, err
	}
	present, err := helper.IsDependentClusterOverridesPresent(f.api, clusterPolicy)
	if err == nil && !present {
		err = fmt.Errorf("ClusterPropagationPolicy %s waits for overrides that are not there", clusterPolicy.Name)
	}
	if err != nil {
		return false, err
	}
	return true, f.detector.ApplyClusterPolicy(template, key, false, clusterPolicy)
}

// schedule decides which clusters a binding goes to.
func (f *federation) schedule(spec *workv1alpha2.ResourceBindingSpec, status *workv1alpha2.ResourceBindingStatus) error {
	if len(spec.Placement.ClusterAffinities) > 0 || spec.PropagateDeps {
		return fmt.Errorf("groups of clusters and dependencies are not judged here")
	}
	result, err := f.scheduler.Schedule(context.TODO(), spec, status, &core.ScheduleAlgorithmOption{})
	spec.Clusters = result.SuggestedClusters
	return err
}

// held is what is in the members when every Work that is not held back has
// been executed.
func (f *federation) held() map[string][]*unstructured.Unstructured {
	held := map[string][]*unstructured.Unstructured{}
	works := &workv1alpha1.WorkList{}
	f.problem("works", f.api.List(context.TODO(), works))
	sort.Slice(works.Items, func(i, j int) bool { return works.Items[i].Name < works.Items[j].Name })
	for i := range works.Items {
		work := &works.Items[i]
		if ptr.Deref(work.Spec.SuspendDispatching, false) {
			continue
		}
		member, err := names.GetClusterName(work.Namespace)
		f.problem(work.Name, err)
		for _, manifest := range work.Spec.Workload.Manifests {
			object := &unstructured.Unstructured{}
			if err := object.UnmarshalJSON(manifest.Raw); err != nil {
				f.problem(work.Name, err)
				continue
			}
			removeMarks(object)
			kept, err := stored(object)
			if err != nil {
				f.problem(member, err)
				continue
			}
			held[member] = append(held[member], kept)
		}
	}
	return held
}

// removeMarks takes off what Karmada puts on every object that it brings.
func removeMarks(object *unstructured.Unstructured) {
	for _, field := range []string{"labels", "annotations"} {
		texts, found, err := unstructured.NestedStringMap(object.Object, "metadata", field)
		if err != nil || !found {
			continue
		}
		for key := range texts {
			if domain, _, _ := strings.Cut(key, "/"); domain == "karmada.io" || strings.HasSuffix(domain, ".karmada.io") {
				delete(texts, key)
			}
		}
		if len(texts) == 0 {
			unstructured.RemoveNestedField(object.Object, "metadata", field)
			continue
		}
		if err := unstructured.SetNestedStringMap(object.Object, texts, "metadata", field); err != nil {
			panic(err)
		}
	}
}
