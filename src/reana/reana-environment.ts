import { EnvironmentVariable, environment, secretVariable } from './environment';
import { ReanaCredentials } from './reana-backing-services';
import { workspacePathVariable } from './reana-host-paths';
import { ReanaSettings } from './reana-settings';
import { SHARED_VOLUME_PATH } from './reana-storage';

/** What every program of REANA is told: which REANA it belongs to, and how users reach it. */
export function identityVariables({ names, props }: ReanaSettings): EnvironmentVariable[] {
  return environment({
    REANA_COMPONENT_PREFIX: names.prefix,
    REANA_INFRASTRUCTURE_KUBERNETES_NAMESPACE: names.namespace,
    REANA_RUNTIME_KUBERNETES_NAMESPACE: names.runtimeNamespace,
    REANA_HOSTNAME: props.hostname,
    REANA_HOSTPORT: props.hostPort ?? 443,
    SHARED_VOLUME_PATH,
    WORKSPACE_PATHS: workspacePathVariable(props.workspacePaths),
  });
}

/**
 * Where the database is. Kubernetes would set `REANA_DB_PORT` itself, to a URL, for a Service of that name.
 *
 * Who is given a whole URI, here and below, is asked for no user and password: a pod waits for every key of a Secret that it names.
 */
export function databaseVariables({ database }: ReanaSettings): EnvironmentVariable[] {
  return [
    ...environment({ REANA_DB_HOST: database.host, REANA_DB_PORT: database.port, REANA_DB_NAME: database.databaseName }),
    ...database.uri
      ? [secretVariable('REANA_SQLALCHEMY_DATABASE_URI', database.uri)]
      : credentials(database.credentials, 'REANA_DB_USERNAME', 'REANA_DB_PASSWORD'),
  ];
}

/** Where messages go. */
export function brokerVariables({ messageBroker }: ReanaSettings): EnvironmentVariable[] {
  return messageBroker.url ? [secretVariable('RABBIT_MQ', messageBroker.url)] : credentials(messageBroker.credentials, 'RABBIT_MQ_USER', 'RABBIT_MQ_PASS');
}

/** Where sessions of web users are. */
export function cacheVariables({ cache }: ReanaSettings): EnvironmentVariable[] {
  return cache.url
    ? [secretVariable('INVENIO_ACCOUNTS_SESSION_REDIS_URL', cache.url)]
    : credentials(cache.credentials, 'REANA_CACHE_USER', 'REANA_CACHE_PASSWORD');
}

/** The key of tokens and sessions. Whoever loses it loses all tokens. */
export function secretKeyVariable({ names, props }: ReanaSettings): EnvironmentVariable {
  return secretVariable('REANA_SECRET_KEY', { secretName: props.secretKey?.secretName ?? names.secretKeySecret, key: props.secretKey?.key });
}

/** Which images steps may run in. */
export function vettedImages({ props }: ReanaSettings): object {
  return { enabled: props.vettedImages !== undefined, allowlist: props.vettedImages ?? [] };
}

function credentials({ secretName, userKey, passwordKey }: ReanaCredentials, user: string, password: string): EnvironmentVariable[] {
  return [secretVariable(user, { secretName, key: userKey ?? 'user' }), secretVariable(password, { secretName, key: passwordKey ?? 'password' })];
}
