/** Templates of links to where logs are kept. */
export interface LogLinks {
  /** With `{wflowid}`. */
  readonly workflow?: string;
  /** With `{wflowid}` and `{jobid}`. */
  readonly step?: string;
}

export interface Settings {
  /** Where engines of this library's run. */
  readonly namespaces: string[];
  /** Where REANA's run-batch and run-job are. */
  readonly reanaNamespaces: string[];
  readonly port: number;
  readonly logs: LogLinks;
}

/** What the pod's environment says. */
export function settingsOf(env: NodeJS.ProcessEnv): Settings {
  const names = (text = '') => text.split(',').map(name => name.trim()).filter(Boolean);
  const settings = {
    namespaces: names(env.MONITOR_NAMESPACES),
    reanaNamespaces: names(env.MONITOR_REANA_NAMESPACES),
    port: Number(env.MONITOR_PORT ?? 8080),
    logs: { workflow: env.MONITOR_WORKFLOW_LOGS || undefined, step: env.MONITOR_STEP_LOGS || undefined },
  };
  if (settings.namespaces.length + settings.reanaNamespaces.length === 0) { throw new Error('MONITOR_NAMESPACES and MONITOR_REANA_NAMESPACES are empty'); }
  return settings;
}

/** A link of which the placeholders are filled in; none without a template. */
export function linkOf(template: string | undefined, values: { readonly [placeholder: string]: string }): string | undefined {
  return template?.replace(/\{(\w+)\}/g, (placeholder, name) => name in values ? encodeURIComponent(values[name]) : placeholder);
}
