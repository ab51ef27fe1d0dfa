package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	crdvalidation "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// definition is a CustomResourceDefinition as an API server works with it.
type definition struct {
	group, kind, scope string
	versions           map[string]versionOf
}

type versionOf struct {
	structural *schema.Structural
	validate   func(object map[string]interface{}) error
}

func newDefinition(document *unstructured.Unstructured) (*definition, error) {
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := strictly(document, crd); err != nil {
		return nil, err
	}
	apiextensionsv1.SetDefaults_CustomResourceDefinitionSpec(&crd.Spec)
	internal := &apiextensions.CustomResourceDefinition{}
	if err := apiextensionsv1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(crd, internal, nil); err != nil {
		return nil, err
	}
	// The API server fills these when it takes the object.
	for _, version := range internal.Spec.Versions {
		if version.Storage {
			internal.Status.StoredVersions = []string{version.Name}
		}
	}
	if errs := crdvalidation.ValidateCustomResourceDefinition(internal, apiextensionsv1.SchemeGroupVersion); len(errs) > 0 {
		return nil, errs.ToAggregate()
	}
	made := &definition{group: crd.Spec.Group, kind: crd.Spec.Names.Kind, scope: string(crd.Spec.Scope), versions: map[string]versionOf{}}
	for _, version := range crd.Spec.Versions {
		props := &apiextensions.JSONSchemaProps{}
		if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(version.Schema.OpenAPIV3Schema, props, nil); err != nil {
			return nil, err
		}
		structural, err := schema.NewStructural(props)
		if err != nil {
			return nil, err
		}
		validator, _, err := validation.NewSchemaValidator(&apiextensions.CustomResourceValidation{OpenAPIV3Schema: props})
		if err != nil {
			return nil, err
		}
		made.versions[version.Name] = versionOf{structural, func(object map[string]interface{}) error {
			if errs := validation.ValidateCustomResource(nil, object, validator); len(errs) > 0 {
				return errs.ToAggregate()
			}
			return nil
		}}
	}
	return made, nil
}

// take is the custom resource as the API server keeps it: nulls that say
// nothing are dropped; a field that would be dropped is an error.
func (d *definition) take(document *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	version, served := d.versions[document.GroupVersionKind().Version]
	if !served {
		return nil, fmt.Errorf("%s is not served", document.GetAPIVersion())
	}
	if namespaced := d.scope == "Namespaced"; namespaced != (document.GetNamespace() != "") {
		return nil, fmt.Errorf("the scope of %s is %s", d.kind, d.scope)
	}
	kept := document.DeepCopy()
	defaulting.PruneNonNullableNullsWithoutDefaults(kept.Object, version.structural)
	whole := kept.DeepCopy()
	pruning.Prune(kept.Object, version.structural, true)
	if !reflect.DeepEqual(whole.Object, kept.Object) {
		return nil, fmt.Errorf("the CustomResourceDefinition doesn't know all of its fields")
	}
	return kept, version.validate(kept.Object)
}

// strictly reads an object as an API server with strict validation does: an
// unknown field is an error.
func strictly(document *unstructured.Unstructured, into interface{}) error {
	raw, err := json.Marshal(document)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}
