package main

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
	runtimeclient "sigs.k8s.io/controller-runtime/pkg/client"

	fedv1b1 "sigs.k8s.io/kubefed/pkg/apis/core/v1beta1"
	"sigs.k8s.io/kubefed/pkg/apis/core/v1beta1/validation"
	"sigs.k8s.io/kubefed/pkg/client/generic"
	"sigs.k8s.io/kubefed/pkg/controller/sync/dispatch"
	"sigs.k8s.io/kubefed/pkg/controller/sync/status"
	"sigs.k8s.io/kubefed/pkg/controller/util"
)

const (
	federatedGroup = "types.kubefed.io"
	coreGroup      = "core.kubefed.io"
)

// controllers are KubeFed's, one for each type: made once, used for case after
// case.
type controllers struct {
	definitions map[string]*definition
	types       map[string]*federatedType
}

func newControllers() *controllers {
	return &controllers{definitions: map[string]*definition{}, types: map[string]*federatedType{}}
}

// host is one case: the API of the host cluster.
type host struct {
	*controllers
	definitions []*definition
	configs     []*fedv1b1.FederatedTypeConfig
	clusters    []*fedv1b1.KubeFedCluster
	namespaces  []interface{}
	federated   map[schema.GroupVersionKind][]interface{}

	problems []string
}

func about(object *unstructured.Unstructured) string {
	return object.GetKind() + " " + strings.TrimPrefix(object.GetNamespace()+"/"+object.GetName(), "/")
}

func (h *host) problem(about string, err error) {
	if err != nil {
		h.problems = append(h.problems, fmt.Sprintf("%s: %v", about, err))
	}
}

// propagate is what the members hold when the host's API has these documents.
func (c *controllers) propagate(documents []*unstructured.Unstructured, members []string) (map[string][]*unstructured.Unstructured, []string) {
	h := &host{controllers: c, federated: map[schema.GroupVersionKind][]interface{}{}}
	for _, name := range []string{"default", "kube-public", "kube-system", controlPlane} {
		h.namespaces = append(h.namespaces, namespace(name))
	}
	for _, document := range documents {
		h.problem(about(document), h.apply(document))
	}
	held := map[string][]*unstructured.Unstructured{}
	for _, member := range members {
		held[member] = []*unstructured.Unstructured{}
	}
	for _, config := range h.configs {
		h.problem(config.Name, h.sync(config, held))
	}
	for kind := range h.federated {
		if !h.configured(kind) {
			h.problem(kind.Kind, fmt.Errorf("no FederatedTypeConfig"))
		}
	}
	return held, h.problems
}

func namespace(name string) *unstructured.Unstructured {
	made := &unstructured.Unstructured{}
	made.SetAPIVersion("v1")
	made.SetKind("Namespace")
	made.SetName(name)
	return made
}

// apply creates a document in the host's API.
func (h *host) apply(document *unstructured.Unstructured) error {
	if name := document.GetNamespace(); name != "" && !h.hasNamespace(name) {
		return fmt.Errorf("the host has no namespace %s", name)
	}
	kind := document.GroupVersionKind()
	switch {
	case kind.Group == "" && kind.Kind == "Namespace":
		h.namespaces = append(h.namespaces, document)
	case kind.Group == "apiextensions.k8s.io" && kind.Kind == "CustomResourceDefinition":
		made, err := h.definition(document)
		if err != nil {
			return err
		}
		h.definitions = append(h.definitions, made)
	case kind.Group == coreGroup && kind.Kind == "FederatedTypeConfig":
		config, err := typeConfig(document)
		if err != nil {
			return err
		}
		h.configs = append(h.configs, config)
	case kind.Group == coreGroup && kind.Kind == "KubeFedCluster":
		cluster := &fedv1b1.KubeFedCluster{}
		if err := strictly(document, cluster); err != nil {
			return err
		}
		if errs := validation.ValidateKubeFedCluster(cluster, false); len(errs) > 0 {
			return errs.ToAggregate()
		}
		h.clusters = append(h.clusters, cluster)
	case kind.Group == federatedGroup:
		for _, definition := range h.definitions {
			if definition.group == kind.Group && definition.kind == kind.Kind {
				kept, err := definition.take(document)
				if err != nil {
					return err
				}
				h.federated[kind] = append(h.federated[kind], kept)
				return nil
			}
		}
		return fmt.Errorf("no CustomResourceDefinition")
	}
	return nil
}

func (h *host) hasNamespace(name string) bool {
	for _, namespace := range h.namespaces {
		if namespace.(*unstructured.Unstructured).GetName() == name {
			return true
		}
	}
	return false
}

func (h *host) definition(document *unstructured.Unstructured) (*definition, error) {
	raw, err := document.MarshalJSON()
	if err != nil {
		return nil, err
	}
	if known := h.controllers.definitions[string(raw)]; known != nil {
		return known, nil
	}
	made, err := newDefinition(document)
	if err == nil {
		h.controllers.definitions[string(raw)] = made
	}
	return made, err
}

func kindOf(resource metav1.APIResource) schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: resource.Group, Version: resource.Version, Kind: resource.Kind}
}

func (h *host) configured(kind schema.GroupVersionKind) bool {
	for _, config := range h.configs {
		if kindOf(config.GetFederatedType()) == kind {
			return true
		}
	}
	return false
}

// federatedNamespaces are what the placements of namespaced objects are cut by.
func (h *host) federatedNamespaces() (*metav1.APIResource, []interface{}) {
	for _, config := range h.configs {
		if config.IsNamespace() {
			resource := config.GetFederatedType()
			return &resource, h.federated[kindOf(resource)]
		}
	}
	return nil, nil
}

// sync does for each object of a type what its sync controller does: once to
// create it, and once more as on the next change of anything.
func (h *host) sync(config *fedv1b1.FederatedTypeConfig, held map[string][]*unstructured.Unstructured) error {
	resource, federatedNamespaces := h.federatedNamespaces()
	if resource == nil && config.GetNamespaced() {
		return fmt.Errorf("namespaces are not federated")
	}
	key := fmt.Sprintf("%v %v", config, resource)
	synced := h.types[key]
	if synced == nil {
		made, err := newFederatedType(config, resource)
		if err != nil {
			return err
		}
		synced = made
		h.types[key] = made
	}
	objects := h.federated[kindOf(config.GetFederatedType())]
	if err := synced.fill(objects, h.namespaces, federatedNamespaces); err != nil {
		return err
	}
	for _, object := range objects {
		document := object.(*unstructured.Unstructured)
		if err := h.syncToClusters(synced, document, held); err != nil {
			h.problem(about(document), err)
		}
	}
	return nil
}

func (h *host) syncToClusters(synced *federatedType, document *unstructured.Unstructured, held map[string][]*unstructured.Unstructured) error {
	federated, _, err := synced.accessor.FederatedResource(util.NewQualifiedName(document))
	if err != nil {
		return err
	}
	if federated == nil {
		// A system namespace; KubeFed leaves it alone.
		return nil
	}
	selected, err := federated.ComputePlacement(h.clusters)
	if err != nil {
		return err
	}
	members := &members{objects: map[string]*unstructured.Unstructured{}}
	for pass := 0; pass < 2; pass++ {
		dispatcher := dispatch.NewManagedDispatcher(members.client, federated, false, false)
		before := maps.Clone(members.objects)
		for _, member := range selected.List() {
			if object := before[member]; object == nil {
				dispatcher.Create(member)
			} else {
				observed, err := stored(object)
				if err != nil {
					return err
				}
				dispatcher.Update(member, observed)
			}
		}
		if _, err := dispatcher.Wait(); err != nil {
			return err
		}
		propagation, _ := dispatcher.CollectedStatus()
		for member, state := range propagation.StatusMap {
			if state != status.ClusterPropagationOK {
				return fmt.Errorf("%s in %s", state, member)
			}
		}
	}
	for _, member := range selected.List() {
		object := members.objects[member]
		removeMarks(object)
		held[member] = append(held[member], object)
	}
	return nil
}

// stored is an object as a member's API server gives it back: what says
// nothing does not survive in the kinds of Kubernetes itself.
func stored(object *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	kind := object.GroupVersionKind()
	if !scheme.Scheme.Recognizes(kind) {
		return object.DeepCopy(), nil
	}
	typed, err := scheme.Scheme.New(kind)
	if err != nil {
		return nil, err
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, typed); err != nil {
		return nil, err
	}
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(typed)
	return &unstructured.Unstructured{Object: fields}, err
}

// members keep one object each: that which is being synced.
type members struct {
	lock    sync.Mutex
	objects map[string]*unstructured.Unstructured
}

func (m *members) client(name string) (generic.Client, error) {
	return &member{members: m, name: name}, nil
}

// member is the API of a member as KubeFed uses it. What it doesn't use panics.
type member struct {
	generic.Client
	members *members
	name    string
}

func (m *member) put(object runtimeclient.Object) error {
	m.members.lock.Lock()
	defer m.members.lock.Unlock()
	m.members.objects[m.name] = object.(*unstructured.Unstructured).DeepCopy()
	return nil
}

func (m *member) Create(_ context.Context, object runtimeclient.Object) error { return m.put(object) }

func (m *member) Update(_ context.Context, object runtimeclient.Object) error { return m.put(object) }

// removeMarks takes off what KubeFed puts on every object that it brings.
func removeMarks(object *unstructured.Unstructured) {
	labels := object.GetLabels()
	delete(labels, util.ManagedByKubeFedLabelKey)
	if len(labels) == 0 {
		labels = nil
	}
	object.SetLabels(labels)
}
