import { Manifest } from '../manifest';

/* eslint-disable @typescript-eslint/no-explicit-any */

// In place of the applications, which REANA's own images alone have. They insist on the host name and on HTTPS as well.
const APPLICATION = `
import os, sys, time
def application(environ, start_response):
    trusted = environ['PATH_INFO'] != '/api/ping' or (
        environ['HTTP_HOST'] == os.environ['REANA_HOSTNAME'] and environ.get('HTTP_X_FORWARDED_PROTO') == 'https')
    seconds = float(environ['QUERY_STRING'] or 0)
    if seconds:
        print(f'asked for {seconds:.0f} s', file=sys.stderr, flush=True)
        time.sleep(seconds)
    start_response('200 OK' if trusted else '400 Bad Request', [('Content-Type', 'text/plain')])
    return [b'pong']
`;

/** The module that uWSGI is told to load, and what in it, by the Deployment. */
const MODULES: { readonly [deployment: string]: readonly [file: string, callable: string] } = {
  'reana-server': ['invenio_app/wsgi.py', 'application'],
  'reana-workflow-controller': ['reana_workflow_controller/app.py', 'app'],
};

/** The Deployments that uWSGI runs in. */
export const WEB_SERVERS = Object.keys(MODULES);

/** A Deployment whose uWSGI finds a stand-in for its application, and the ConfigMap that it finds it in. */
export interface WithApplication {
  readonly deployment: Manifest;
  /** Its name. */
  readonly configMap: string;
  readonly data: { readonly application: string };
}

/** Puts a stand-in for its application where a Deployment's uWSGI looks for it. */
export function withApplication(deployment: Manifest): WithApplication {
  const [file, callable] = MODULES[deployment.metadata.name];
  const configMap = `${deployment.metadata.name}-stand-in`;
  const manifest = structuredClone(deployment) as any;
  const { spec } = manifest.spec.template;
  spec.containers[0].env.push({ name: 'PYTHONPATH', value: '/stand-in' });
  spec.containers[0].volumeMounts.push({ name: 'stand-in', mountPath: '/stand-in' });
  spec.volumes.push({ name: 'stand-in', configMap: { name: configMap, items: [{ key: 'application', path: file }] } });
  return { deployment: manifest, configMap, data: { application: APPLICATION.replace('def application', `def ${callable}`) } };
}
