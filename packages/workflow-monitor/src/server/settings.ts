/** Templates of links to where logs are kept. */
export interface LogLinks {
  /** With `{wflowid}`. */
  readonly workflow?: string;
  /** With `{wflowid}` and `{jobid}`. */
  readonly step?: string;
}

/** The workflow server whose requests are shown that wait. */
export interface ServerSettings {
  readonly url: string;
  /** The file with the token of a reader. */
  readonly tokenFile: string;
  /** Where its engines run. */
  readonly namespace: string;
}

export interface Settings {
  /** Where engines of this library's run. */
  readonly namespaces: string[];
  /** Where REANA's run-batch and run-job are. */
  readonly reanaNamespaces: string[];
  readonly port: number;
  readonly logs: LogLinks;
  readonly server?: ServerSettings;
}

/** What the pod's environment says. */
export function settingsOf(env: NodeJS.ProcessEnv): Settings {
  const names = (text = '') => text.split(',').map(name => name.trim()).filter(Boolean);
  const { MONITOR_SERVER_URL: url, MONITOR_SERVER_TOKEN: tokenFile = '', MONITOR_SERVER_NAMESPACE: namespace = '' } = env;
  const settings = {
    namespaces: names(env.MONITOR_NAMESPACES),
    reanaNamespaces: names(env.MONITOR_REANA_NAMESPACES),
    port: Number(env.MONITOR_PORT ?? 8080),
    logs: { workflow: env.MONITOR_WORKFLOW_LOGS || undefined, step: env.MONITOR_STEP_LOGS || undefined },
    ...url && { server: { url, tokenFile, namespace } },
  };
  if (settings.namespaces.length + settings.reanaNamespaces.length === 0) { throw new Error('MONITOR_NAMESPACES and MONITOR_REANA_NAMESPACES are empty'); }
  if (url && !settings.namespaces.includes(namespace)) { throw new Error(`MONITOR_SERVER_NAMESPACE: ${namespace} isn't among MONITOR_NAMESPACES`); }
  return settings;
}

/** A link of which the placeholders are filled in; none without a template. */
export function linkOf(template: string | undefined, values: { readonly [placeholder: string]: string }): string | undefined {
  return template?.replace(/\{(\w+)\}/g, (placeholder, name) => name in values ? encodeURIComponent(values[name]) : placeholder);
}
