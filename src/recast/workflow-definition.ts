import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';

const anything = { 'type': 'object', 'x-kubernetes-preserve-unknown-fields': true };

/** The kind of the objects that `recast submit` makes: those of yadage-crd (2019), with a schema, as an API server wants one today. */
export function addWorkflowDefinition(scope: Construct, labels: { [label: string]: string }): ApiObject {
  return new ApiObject(scope, 'WorkflowDefinition', {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'workflows.yadage.github.io', labels },
    spec: {
      group: 'yadage.github.io',
      scope: 'Namespaced',
      names: { kind: 'Workflow', listKind: 'WorkflowList', plural: 'workflows', singular: 'workflow', shortNames: ['wf'] },
      versions: [{
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: [
          { name: 'State', type: 'string', jsonPath: '.status.state' },
          { name: 'Reason', type: 'string', jsonPath: '.status.reason' },
          { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
        ],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            required: ['spec'],
            properties: {
              spec: {
                // the document of `yadage-run -f`: the server judges the parts that it takes
                ...anything,
                required: ['workflow'],
                properties: {
                  workflow: { 'description': 'a path below toplevel, or a workflow', 'x-kubernetes-preserve-unknown-fields': true },
                  toplevel: { type: 'string' },
                  dataarg: { type: 'string' },
                  initdata: anything,
                  dataopts: anything,
                },
              },
              status: {
                type: 'object',
                properties: {
                  workflow: {
                    type: 'object', properties: Object.fromEntries(['active', 'succeeded', 'failed'].map(condition => [condition, { type: 'integer', nullable: true }])),
                  },
                  state: { type: 'string' },
                  reason: { type: 'string', nullable: true },
                  wflowid: { type: 'string' },
                },
              },
            },
          },
        },
      }],
    },
  });
}
