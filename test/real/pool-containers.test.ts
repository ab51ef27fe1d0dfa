import { cpSync } from 'fs';
import { containerPool, FLEET_NAMES, IMAGES, PLACES } from './container-pool';
import { cyclesSince } from './fair-share-pool';
import { jobImages, jobImagesArchive, JOB_RELEASE, JOB_SANDBOX, JOB_SIF } from './job-images';
import { Pool } from './pool';
import { describeReal } from './requirements';
import { until } from './until';

/** The release of Debian in the execution points' image. */
const POOL_RELEASE = 'trixie';

/** What a job says of where it is, and gives back. */
const LOOK = `#!/bin/sh
. /etc/os-release
echo "$VERSION_CODENAME"
cat given
echo "made in $VERSION_CODENAME" >made
[ -e "$1" ] && echo "sees $1"
exit 7
`;

describeReal('jobs in containers of their own', () => {
  let pool: Pool;

  /** Submits a job for one fleet; all that it brings back has its name. */
  const submit = async (name: string, fleet: string, image?: string, argument = '') => {
    await pool.asUser(['sh', '-c', 'cat >job.sub && condor_submit -terse job.sub'], `
${image === undefined ? '' : `universe = container\ncontainer_image = ${image}`}
executable = look
arguments = ${argument}
transfer_input_files = given
transfer_output_files = made
transfer_output_remaps = "made = ${name}.made"
output = ${name}.out
error = ${name}.err
requirements = Fleet == "${fleet}"
batch_name = ${name}
request_memory = 100
request_disk = 30000
leave_in_queue = true
queue
`);
  };
  const job = async (name: string): Promise<{ readonly [attribute: string]: unknown }> => JSON.parse(await pool.asUser([
    'condor_q', '-json', '-const', `JobBatchName == "${name}"`, '-attributes', 'JobStatus,ExitCode,HoldReason,NumJobStarts',
  ]))[0];
  const done = async (name: string) => {
    await until(`the job ${name} is done`, async () => {
      const { JobStatus, HoldReason } = await job(name);
      if (HoldReason) { throw new Error(`${HoldReason}`); }
      return JobStatus === 4;
    });
    return {
      code: (await job(name)).ExitCode, said: (await pool.asUser(['cat', `${name}.out`])).trim().split('\n'), made: (await pool.asUser(['cat', `${name}.made`])).trim(),
    };
  };

  /** What a job in the images gives back. */
  const inImage = (...more: string[]) => ({ code: 7, said: [JOB_RELEASE, 'given by the user', ...more], made: `made in ${JOB_RELEASE}` });

  beforeAll(async () => {
    jobImages();
    pool = await Pool.start(containerPool, PLACES);
    cpSync(jobImages(), pool.clusters.tsystems.hostPath(pool.sites.tsystems.nodes[0], IMAGES), { recursive: true });
    await until('all machines are in the pool', async () => (await pool.machines()).length === FLEET_NAMES.length);
    await pool.asUser(['sh', '-c', 'base64 -d | tar -xz'], jobImagesArchive());
    await pool.asUser(['sh', '-c', 'cat >look && chmod 755 look && echo "given by the user" >given'], LOOK);
    for (const fleet of ['plain', 'closed']) {
      await submit(`${fleet}-sandbox`, fleet, JOB_SANDBOX);
      await submit(`${fleet}-file`, fleet, JOB_SIF);
    }
    for (const fleet of ['open', 'rootless']) {
      await submit(`${fleet}-none`, fleet);
      await submit(`${fleet}-sandbox`, fleet, JOB_SANDBOX);
      await submit(`${fleet}-file`, fleet, JOB_SIF);
    }
    await submit('default-none', 'default', undefined, '/seen/image.sif');
    await submit('default-file', 'default', JOB_SIF, IMAGES);
  });
  afterAll(() => pool?.close());

  test('machines say that they run containers where they can, and only there', async () => {
    const said: { readonly [attribute: string]: unknown }[] = JSON.parse(await pool.status(
      '-json', '-const', 'PartitionableSlot', '-attributes', 'Fleet,HasContainer,HasSingularity,HasSandboxImage,HasSIF,SingularityVersion'));
    const version = expect.stringMatching(/^apptainer version \d/);
    const yes = { HasContainer: true, HasSingularity: true, HasSandboxImage: true, HasSIF: true, SingularityVersion: version };
    process.stdout.write(`${said.find(({ Fleet }) => Fleet === 'open')?.SingularityVersion}\n`);
    const machines = Object.fromEntries(said.map(({ Fleet, ...can }) => [Fleet, can]));
    expect(machines).toEqual({ plain: {}, closed: {}, open: yes, default: yes, rootless: yes });
  });

  test.each([['open'], ['rootless']])('jobs run in an unpacked image and in an image file of another release, at %s', async fleet => {
    expect(await done(`${fleet}-sandbox`)).toEqual(inImage());
    expect(await done(`${fleet}-file`)).toEqual(inImage());
    // the same job in the execution point's own container
    expect(await done(`${fleet}-none`)).toEqual({ code: 7, said: [POOL_RELEASE, 'given by the user'], made: `made in ${POOL_RELEASE}` });
  });

  test('jobs that name no image run in that of the fleet, the others in theirs, and see what the fleet shows', async () => {
    expect(await done('default-none')).toEqual(inImage('sees /seen/image.sif'));
    // where the execution point has it
    expect(await done('default-file')).toEqual(inImage());
  });

  test('jobs of the container universe do not come to machines that run no containers', async () => {
    const now = Date.now() / 1000;
    await until('they were negotiated for', async () => await cyclesSince(pool, now) >= 3);
    for (const fleet of ['plain', 'closed']) {
      for (const image of ['sandbox', 'file']) { expect(await job(`${fleet}-${image}`)).toEqual({ JobStatus: 1, NumJobStarts: 0 }); }
    }
  });
});
