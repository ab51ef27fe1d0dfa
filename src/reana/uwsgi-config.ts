/** Where uWSGI reads its settings. */
export const UWSGI_DIRECTORY = '/var/reana/uwsgi';
export const UWSGI_FILE = 'uwsgi.ini';

/** How many requests a program of REANA serves at a time: processes times threads. */
export interface UwsgiSize {
  /** Processes. */
  readonly processes: number;

  /** Threads of each. */
  readonly threads: number;
}

interface UwsgiOptions extends UwsgiSize {
  /** The WSGI application: `module:name`. */
  readonly module: string;
  /** Processes that hold more memory, in mebibytes, begin anew. */
  readonly reloadOnRss: number;
}

/** The server's settings of uWSGI. */
export const serverUwsgi = (size: UwsgiSize) =>
  uwsgiIni({ ...size, module: 'invenio_app.wsgi:application', reloadOnRss: 250 });

/** The workflow controller's. */
export const workflowControllerUwsgi = (size: UwsgiSize) =>
  uwsgiIni({ ...size, module: 'reana_workflow_controller.app:app', reloadOnRss: 1024 });

/**
 * The job controller's, in the pod of each workflow. It keeps its jobs in memory: one process. Besides its engine, in the same pod, the kubelet calls it
 * when the pod ends; a NetworkPolicy closes it for others.
 */
export const jobControllerUwsgi = () =>
  uwsgiIni({ processes: 1, threads: 4, module: 'reana_job_controller.app:app', reloadOnRss: 1024 });

function uwsgiIni({ module, processes, threads, reloadOnRss }: UwsgiOptions): string {
  const settings: [string, string | number][] = [
    ['http', '0.0.0.0:5000'],
    ['module', module],
    ['master', 'true'],
    ['processes', processes],
    ['threads', threads],
    ['enable-threads', 'true'],
    ['single-interpreter', 'true'],
    // it ends when the application can't be loaded, and the kubelet sees that
    ['need-app', 'true'],
    ['lazy-apps', 'true'],
    ['vacuum', 'true'],
    ['wsgi-disable-file-wrapper', 'true'],
    ['buffer-size', 10240],
    ['post-buffering', 4096],
    // the kubelet's SIGTERM ends it once requests are answered
    ['die-on-term', 'true'],
    ['hook-master-start', 'unix_signal:2 gracefully_kill_them_all'],
    ['hook-master-start', 'unix_signal:15 gracefully_kill_them_all'],
    ['http-keepalive', 1],
    ['max-requests', 1999],
    ['max-requests-delta', 149],
    ['reload-on-rss', reloadOnRss],
    // where a runtime allows a thousand million files, uWSGI would make a table of as many
    ['max-fd', 1048576],
    ['stats', '/tmp/stats.socket'],
  ];
  return ['[uwsgi]', ...settings.map(([name, value]) => `${name} = ${value}`), ''].join('\n');
}
