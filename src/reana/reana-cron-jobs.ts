import { ApiObject, Duration } from 'cdk8s';
import { Construct } from 'constructs';
import { environment, EnvironmentVariable, merged, secretVariable } from './environment';
import { nested } from './reana-deployment';
import { databaseAlone, ReanaPod } from './reana-edges';
import { databaseVariables, identityVariables, secretKeyVariable } from './reana-environment';
import { administratorSecrets } from './reana-initialization';
import { notificationVariables } from './reana-notifications';
import { programPod } from './reana-pod';
import { programEnvironment } from './reana-server';
import { inactivityPeriod } from './reana-sessions';
import { ReanaSettings } from './reana-settings';
import { addNetworkPolicy } from '../workload/network-policy';

interface CronJobOptions {
  readonly schedule: string;
  readonly command: string[];
  readonly environment: EnvironmentVariable[];
  /** Whether it asks the API server or anybody outside. */
  readonly asksApiServer: boolean;
}

/** What REANA does at night. */
export function addCronJobs(scope: Construct, settings: ReanaSettings): void {
  const { names, props } = settings;
  const { quotas = {}, retention = {}, sessions = {}, notifications } = props;
  const admin = [...programEnvironment(settings), secretKeyVariable(settings), adminToken(settings)];
  if (quotas.enabled ?? true) {
    addCronJob(scope, settings, 'resource-quota-update', {
      schedule: quotas.schedule ?? '0 3 * * *',
      command: ['reana-db', 'quota', 'resource-usage-update'],
      environment: [
        ...identityVariables(settings), ...databaseVariables(settings), ...environment({ REANA_PERIODIC_RESOURCE_QUOTA_UPDATE_POLICY: true }),
      ],
      asksApiServer: false,
    });
  }
  addCronJob(scope, settings, 'retention-rules-apply', {
    schedule: retention.schedule ?? '0 2 * * *',
    command: ['flask', 'reana-admin', 'retention-rules-apply'],
    environment: admin,
    asksApiServer: false,
  });
  if (sessions.maxInactivity) {
    addCronJob(scope, settings, 'interactive-session-cleanup', {
      schedule: sessions.schedule ?? '0 3 * * *',
      command: ['flask', 'reana-admin', 'interactive-session-cleanup', '-d', `${inactivityPeriod(sessions)}`],
      environment: admin,
      asksApiServer: true,
    });
  }
  if (notifications) {
    addCronJob(scope, settings, 'system-status', {
      schedule: notifications.reportSchedule ?? '0 0 * * *',
      command: ['flask', 'reana-admin', 'status-report', '--email', notifications.receiver],
      environment: merged(admin, notificationVariables(names, notifications)),
      asksApiServer: true,
    });
  }
}

/** How long a run takes at most: the next one, a day later as a rule, begins anew. */
const LONGEST = Duration.hours(23);

function addCronJob(scope: Construct, settings: ReanaSettings, component: ReanaPod, options: CronJobOptions): void {
  const { names, images, props } = settings;
  const metadata = { name: names.component(component), namespace: names.namespace, labels: names.labels(component) };
  new ApiObject(scope, `CronJob-${component}`, {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata,
    spec: {
      schedule: options.schedule,
      timeZone: 'Etc/UTC',
      concurrencyPolicy: 'Forbid',
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 1,
      // a night that the control plane has slept through is made up for
      startingDeadlineSeconds: 3600,
      suspend: props.maintenance ?? false,
      jobTemplate: {
        spec: {
          backoffLimit: 2,
          // one that hangs would keep all that come after it from beginning
          activeDeadlineSeconds: LONGEST.toSeconds(),
          template: {
            metadata: { labels: names.labels(component) },
            spec: programPod(settings, {
              name: metadata.name,
              image: images.server,
              command: options.command,
              environment: options.environment,
              defaultResources: { cpu: '100m', memory: '256Mi', limit: '1Gi' },
              serviceAccount: options.asksApiServer ? names.serverServiceAccount : names.unprivilegedServiceAccount,
              token: options.asksApiServer,
              pod: { restartPolicy: 'Never' },
            }),
          },
        },
      },
    },
  });
  if (props.networkPolicies ?? true) {
    addNetworkPolicy(nested(scope, component), metadata, names.selector(component), {
      ingress: [], egress: options.asksApiServer ? undefined : databaseAlone(settings.database),
    });
  }
}

/** The administrator's token. */
function adminToken({ names, administrator }: ReanaSettings): EnvironmentVariable {
  const { name, key } = administratorSecrets(names, administrator).accessToken;
  return secretVariable('REANA_ADMIN_ACCESS_TOKEN', { secretName: name, key });
}
