package main

import (
	"fmt"
	"reflect"
	"unsafe"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	restclient "k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	runtimeclient "sigs.k8s.io/controller-runtime/pkg/client"

	fedv1b1 "sigs.k8s.io/kubefed/pkg/apis/core/v1beta1"
	"sigs.k8s.io/kubefed/pkg/apis/core/v1beta1/validation"
	"sigs.k8s.io/kubefed/pkg/controller/sync"
	"sigs.k8s.io/kubefed/pkg/controller/util"
)

// controlPlane is the namespace of KubeFed in the host.
const controlPlane = "kube-federation-system"

// federatedType is a type that KubeFed carries, with what its sync controller
// reads federated objects by.
type federatedType struct {
	config   *fedv1b1.FederatedTypeConfig
	accessor sync.FederatedResourceAccessor

	// What the accessor's informers have seen.
	federated, namespaces, federatedNamespaces cache.Store
}

func typeConfig(document *unstructured.Unstructured) (*fedv1b1.FederatedTypeConfig, error) {
	config := &fedv1b1.FederatedTypeConfig{}
	if err := strictly(document, config); err != nil {
		return nil, err
	}
	fedv1b1.SetFederatedTypeConfigDefaults(config)
	if errs := validation.ValidateFederatedTypeConfig(config, false); len(errs) > 0 {
		return nil, errs.ToAggregate()
	}
	if !config.GetPropagationEnabled() {
		return nil, fmt.Errorf("propagation is not enabled")
	}
	return config, nil
}

func newFederatedType(config *fedv1b1.FederatedTypeConfig, namespaces *metav1.APIResource) (*federatedType, error) {
	// Nobody connects: the informers are filled by hand.
	settings := &util.ControllerConfig{
		KubeFedNamespaces: util.KubeFedNamespaces{KubeFedNamespace: controlPlane},
		KubeConfig:        &restclient.Config{Host: "https://localhost"},
	}
	accessor, err := sync.NewFederatedResourceAccessor(settings, config, namespaces, nil, func(runtimeclient.Object) {}, &record.FakeRecorder{})
	if err != nil {
		return nil, err
	}
	return &federatedType{
		config:              config,
		accessor:            accessor,
		federated:           informer(accessor, "federatedStore"),
		namespaces:          informer(accessor, "namespaceStore"),
		federatedNamespaces: informer(accessor, "fedNamespaceStore"),
	}, nil
}

// informer is a store of an accessor. KubeFed exports none, and fills them
// from an API server alone.
func informer(accessor sync.FederatedResourceAccessor, field string) cache.Store {
	held := reflect.ValueOf(accessor).Elem().FieldByName(field)
	store, _ := reflect.NewAt(held.Type(), unsafe.Pointer(held.UnsafeAddr())).Elem().Interface().(cache.Store)
	return store
}

// fill makes the informers see these objects, and no others.
func (t *federatedType) fill(federated, namespaces, federatedNamespaces []interface{}) error {
	for _, informer := range []struct {
		store   cache.Store
		objects []interface{}
	}{{t.federated, federated}, {t.namespaces, namespaces}, {t.federatedNamespaces, federatedNamespaces}} {
		if informer.store == nil {
			continue
		}
		if err := informer.store.Replace(informer.objects, ""); err != nil {
			return err
		}
	}
	return nil
}
