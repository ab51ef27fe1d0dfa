// eslint-disable-next-line import/no-unresolved
import assets from 'page-assets';
import { ClusterApi } from './cluster-api';
import { settingsOf } from './settings';
import { Web } from './web';
import { Workflows } from './workflows';

async function main(): Promise<void> {
  const settings = settingsOf(process.env);
  const api = ClusterApi.ofPod(process.env, process.env.MONITOR_ACCOUNT);
  const workflows = new Workflows(api, settings);
  const web = new Web(workflows, api, assets);
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.on(signal, () => {
      web.close();
      workflows.stop();
      // nothing here has to be written down
      process.exit(0);
    });
  }
  const running = workflows.run();
  process.stdout.write(`listening on port ${await web.listen(settings.port)}\n`);
  await running;
}

main().catch(error => {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
});
