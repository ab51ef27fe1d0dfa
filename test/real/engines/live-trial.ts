import * as fc from 'fast-check';
import { asDeclared } from './as-declared';
import { Difference, differences } from './differences';
import type { Files, Held } from './judged-engines';
import { LiveEngine, LiveEngines, text } from './live-engines';
import { beside, filesOf, isMarked, LIVE_MEMBERS, withFewerOverrides } from './live-programs';
import { NodelessCluster } from './nodeless-cluster';
import { Program, randomProgramsFor } from './random-federations';
import { identity, Manifest } from '../../../src/federation/manifest';
import { PATIENCE, until } from '../until';

/** So many programs are drawn, and applied, at once. */
const BATCH = 20;

/** Milliseconds between two looks at all that members hold, which costs API servers about as much as the controllers do. */
const LOOKS = 5000;

/** How kubectl says that an API server takes no such object. */
const REFUSAL = /^(The \S+ "[^"]+" is invalid: |Error from server \((BadRequest|Forbidden|Invalid)\))/;

/** A program as it is at a time. */
interface Stage {
  /** What the engine writes. */
  readonly files: Files;
  /** What is written without an engine. */
  readonly without: Files;
}

/** A program before and after some of its overrides come, or go. */
interface Change {
  readonly before: Stage;
  readonly after: Stage;
}

/** What becomes of programs whose overrides come and go. */
export interface ChangedPrograms {
  /** What the engine writes of those that change. */
  readonly files: Files[];
  /** Their objects that do, each in its member. */
  readonly objects: string[];
  /** How many programs stay as they are. */
  readonly unchanged: number;
  /** How many a user would have to delete first: API servers don't change all that is declared. */
  readonly refused: number;
}

/** Random programs that one engine brings to members, and what the members should hold. */
export class LiveTrial {
  public readonly programs: Change[] = [];
  public readonly drawn = { programs: 0, refusedByEngine: 0, refusedByApiServer: 0 };
  /** What API servers said against programs, and how often. */
  public readonly refusals = new Map<string, number>();
  /** What members should hold now, as an API server makes it of the files that are written without an engine. */
  private readonly wanted = new Map(LIVE_MEMBERS.map(({ name }) => [name, new Map<string, Manifest>()]));

  public constructor(private readonly live: LiveEngines, private readonly engine: LiveEngine) {}

  /** How many objects the members should hold, together. */
  public get objects(): number {
    return [...this.wanted.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** Draws programs, and gives the engine those that it carries and that an API server takes. */
  public async draw(seed: number): Promise<void> {
    const changes = fc.sample(randomProgramsFor(LIVE_MEMBERS), { seed, numRuns: BATCH }).flatMap(program => {
      const number = this.drawn.programs++;
      const whole = beside(program, `${this.engine.mark}${number}`);
      const [all, fewer] = [whole, withFewerOverrides(whole)].map(stage => this.stageOf(stage));
      if (!all || !fewer) {
        this.drawn.refusedByEngine++;
        return [];
      }
      return [number % 2 === 0 ? { before: all, after: fewer } : { before: fewer, after: all }];
    });
    // an object whose namespace is not there is refused
    const namespaces = changes.flatMap(({ before }) => ofMembers(before)).filter(({ kind }) => kind === 'Namespace').map(({ metadata: { name } }) => name);
    await this.live.host.run(['apply', '--server-side', '-f', '-'], {
      input: text([...new Set(namespaces)].map(name => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }))),
    });
    const taken = await this.taken(changes);
    this.programs.push(...taken);
    await this.apply(taken.map(({ before }) => before.files));
  }

  /** A program with what is written of it; nothing if the engine must refuse it, and does. */
  private stageOf(program: Program): Stage | undefined {
    const without = filesOf(program);
    if (!this.engine.refuses(program, without)) { return { without, files: filesOf(program, this.engine) }; }
    expect(() => filesOf(program, this.engine)).toThrow('Validation failed');
    return undefined;
  }

  /** The programs of which an API server takes all, before and after; what it makes of it is wanted from then on. */
  private async taken(changes: readonly Change[]): Promise<Change[]> {
    if (changes.length === 0) { return []; }
    const declared = changes.flatMap(({ before, after }) => [before, after]).flatMap(ofMembers);
    const distinct = [...new Set(declared.map(manifest => JSON.stringify(manifest)))];
    const input = text(distinct.map(manifest => JSON.parse(manifest)));
    const { status, stdout, stderr } = await this.live.host.kubectl(['apply', '--server-side', '--dry-run=server', '-o', 'json', '-f', '-'], { input });
    if (status !== 0) {
      if (changes.length > 1) { return inHalves(changes, half => this.taken(half)); }
      this.drawn.refusedByApiServer++;
      this.refused(stderr);
      return [];
    }
    const answer = JSON.parse(stdout);
    const made = new Map((answer.items ?? [answer]).map((item: Manifest, index: number) => [distinct[index], item]));
    for (const { before } of changes) {
      for (const [member, objects] of this.wanted) {
        before.without[member]?.forEach(manifest => objects.set(identity(manifest), made.get(JSON.stringify(manifest)) as Manifest));
      }
    }
    return [...changes];
  }

  /** Counts what an API server said against objects; whatever else goes wrong is no refusal. */
  private refused(complaints: string): void {
    const causes = complaints.split('\n').filter(line => REFUSAL.test(line));
    if (causes.length === 0) { throw new Error(complaints); }
    for (const cause of new Set(causes.map(line => line.replace(/"[^"]*"/g, '...').slice(0, 160)))) {
      this.refusals.set(cause, (this.refusals.get(cause) ?? 0) + 1);
    }
  }

  /** Changes the programs of which each member takes the change in place: it is wanted from then on, and to be applied. */
  public async change(): Promise<ChangedPrograms> {
    const changed = { files: [] as Files[], objects: [] as string[], unchanged: 0, refused: 0 };
    for (let at = 0; at < this.programs.length; at += BATCH) {
      const batch = this.programs.slice(at, at + BATCH);
      const ofMember = new Map(await Promise.all(this.live.members.map(async member => [member.name, await this.inPlace(member, batch)] as const)));
      for (const [index, change] of batch.entries()) {
        const answers = [...ofMember].map(([name, programs]) => ({ name, objects: programs[index] }));
        if (answers.some(({ objects }) => !objects)) {
          changed.refused++;
        } else if (answers.every(({ objects }) => objects!.length === 0)) {
          changed.unchanged++;
        } else {
          changed.files.push(change.after.files);
          for (const { name, objects } of answers) {
            const wanted = this.wanted.get(name)!;
            for (const object of objects!) {
              wanted.set(identity(object), this.engine.leaves?.(wanted.get(identity(object))!, object) ?? object);
            }
            changed.objects.push(...objects!.map(object => `${name}: ${identity(object)}`));
          }
        }
      }
    }
    return changed;
  }

  /** What a member's API server would make of each program's changed objects in the place of those that it has; nothing if it refuses any. */
  private async inPlace(member: NodelessCluster, changes: readonly Change[]): Promise<(Manifest[] | undefined)[]> {
    const changed = changes.map(({ before, after }) => {
      const old = new Set((before.without[member.name] ?? []).map(manifest => JSON.stringify(manifest)));
      return (after.without[member.name] ?? []).filter(manifest => !old.has(JSON.stringify(manifest)));
    });
    const all = changed.flat();
    if (all.length === 0) { return changed; }
    const { status, stdout, stderr } = await member.kubectl(['replace', '--dry-run=server', '-o', 'json', '-f', '-'], { input: text(all) });
    if (status !== 0) {
      if (changes.length > 1) { return inHalves(changes, half => this.inPlace(member, half)); }
      this.refused(stderr);
      return [undefined];
    }
    // one after the other
    const answers: Manifest[] = stdout.split(/(?<=^\})\n/m).filter(object => object !== '').map(object => JSON.parse(object));
    return changed.map(({ length }) => answers.splice(0, length));
  }

  /** Gives the engine what was written of programs. */
  public async apply(files: readonly Files[]): Promise<void> {
    for (let at = 0; at < files.length; at += BATCH) { await this.engine.apply(files.slice(at, at + BATCH)); }
  }

  /** Waits until members hold what they should. */
  public async arrival(): Promise<void> {
    let wrong: Difference[] = [];
    const arrived = until('the members hold what they should', async () => (wrong = await this.differences()).length === 0, PATIENCE, LOOKS);
    await arrived.catch(error => { throw new Error(`${error.message}: ${wrong.length} objects\n${JSON.stringify(wrong.slice(0, 20), undefined, 1)}`); });
  }

  /** What members hold otherwise than they should, of the programs of this engine; or should not hold at all. */
  public async differences(): Promise<Difference[]> {
    const { mark, notes } = this.engine;
    const compared = (objects: Iterable<Manifest>) => [...objects].map(object => asDeclared(object, notes));
    const held = await Promise.all(this.live.members.map(async member =>
      [member.name, compared((await this.live.held(member)).filter(object => isMarked(object, mark)))]));
    const wanted = [...this.wanted].map(([member, objects]) => [member, compared(objects.values())]);
    return differences(Object.fromEntries(wanted) as Held, Object.fromEntries(held) as Held);
  }
}

/** Asks of one half, then of the other: who refuses some of many doesn't say whose. */
async function inHalves<T>(changes: readonly Change[], ask: (half: readonly Change[]) => Promise<T[]>): Promise<T[]> {
  const middle = Math.ceil(changes.length / 2);
  return [...await ask(changes.slice(0, middle)), ...await ask(changes.slice(middle))];
}

const ofMembers = ({ without }: Stage) => LIVE_MEMBERS.flatMap(({ name }) => without[name] ?? []);
