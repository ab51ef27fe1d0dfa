import * as fs from 'fs';
import * as path from 'path';
import { parse } from 'yaml';
import { plainYaml } from './plain-yaml';
import { problem } from '../problem';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** A repository at a commit, as `WorkflowSpec.git` takes it. */
export interface GitSpec {
  /**
   * The repository: `github:owner/name` or `gitlab-cern:group/name`, which Yadage fetches file by file.
   */
  readonly repository: string;

  /**
   * The commit, a tag or a branch. A branch is somebody else's to change: the same program is another workflow tomorrow.
   */
  readonly ref: string;

  /**
   * The folder in the repository.
   *
   * @default - its root
   */
  readonly folder?: string;

  /**
   * The workflow's file in that folder.
   *
   * @default 'workflow.yml'
   */
  readonly file?: string;
}

const WORKFLOW = 'workflow.yml';

/** Where an engine finds the files of a specification. */
export const SPEC_DIRECTORY = '/workflow/spec';

/** A Yadage workflow's specification: stages, and what their steps run. */
export class WorkflowSpec {
  /**
   * One that is written in the program.
   *
   * @param workflow the specification, as Yadage's workflow schema has it, with `stages`
   */
  public static inline(workflow: { [key: string]: any }): WorkflowSpec {
    return new WorkflowSpec({ [WORKFLOW]: workflow }, WORKFLOW);
  }

  /**
   * A file of the program's machine, read at synth. What it refers to must be in it: for more files there is `directory`.
   *
   * @param file the path of a YAML file
   */
  public static file(file: string): WorkflowSpec {
    return new WorkflowSpec(loaded({ [path.basename(file)]: file }), path.basename(file));
  }

  /**
   * A folder of the program's machine with all the YAML files (`.yml`, `.yaml`) that a workflow is made of, read at synth; not those of folders in it.
   *
   * @param directory the folder
   * @param file the workflow's file in it, `workflow.yml` without
   */
  public static directory(directory: string, file?: string): WorkflowSpec {
    const names = fs.existsSync(directory) ? fs.readdirSync(directory).filter(name => /\.ya?ml$/.test(name)).sort() : [];
    return new WorkflowSpec(loaded(Object.fromEntries(names.map(name => [name, path.join(directory, name)]))), file ?? WORKFLOW);
  }

  /**
   * Files of a repository that the engine fetches when it starts. What is in it is not known at synth, and not checked.
   *
   * @param git the repository, the commit and the folder
   */
  public static git(git: GitSpec): WorkflowSpec {
    return new WorkflowSpec({}, git.file ?? WORKFLOW, git);
  }

  private constructor(
    private readonly files: { readonly [name: string]: unknown },
    private readonly workflow: string,
    private readonly repository?: GitSpec,
  ) {}

  /**
   * The files that are synthesized.
   *
   * @internal
   */
  public _files(): { [name: string]: string } {
    return Object.fromEntries(Object.entries(this.files).map(([name, content]) => [name, plainYaml(content)]));
  }

  /**
   * What `yadage-run` is told of it.
   *
   * @internal
   */
  public _run(): { readonly toplevel: string; readonly workflow: string } {
    const { repository, workflow } = this;
    if (!repository) { return { toplevel: SPEC_DIRECTORY, workflow }; }
    return { toplevel: `${repository.repository}@${repository.ref}${repository.folder ? `:${repository.folder}` : ''}`, workflow };
  }

  /**
   * The images of its steps, as far as they are known.
   *
   * @internal
   */
  public _images(): string[] {
    return [...new Set(environments(Object.values(this.files)).filter(({ image }) => typeof image === 'string').map(({ image, imagetag }) => `${image}:${imagetag ?? 'latest'}`))];
  }

  /** @internal */
  public _problems(): string[] {
    const { repository } = this;
    if (repository) {
      const problems: string[] = [];
      if (!/^(github|gitlab-cern):[\w.-]+(\/[\w.-]+)+$/.test(repository.repository)) {
        problems.push(problem('spec.repository', repository.repository, "'github:owner/name' or 'gitlab-cern:group/name'"));
      }
      if (!/^[\w./-]+$/.test(repository.ref) || repository.ref.includes('..')) { problems.push(problem('spec.ref', repository.ref, 'a commit, a tag or a branch')); }
      for (const name of ['folder', 'file'] as const) {
        const value = repository[name];
        if (value !== undefined && (!/^[\w.-]+(\/[\w.-]+)*$/.test(value) || value.split('/').includes('..'))) {
          problems.push(problem(`spec.${name}`, value, 'a relative path without ..'));
        }
      }
      return problems;
    }
    const workflow: any = this.files[this.workflow];
    if (workflow === undefined) { return [problem('spec.file', this.workflow, `a YAML file that is there; there are ${Object.keys(this.files).join(', ') || 'none'}`)]; }
    if (workflow instanceof Error) { return [problem(`spec ${this.workflow}`, workflow.message, 'YAML')]; }
    const problems: string[] = [];
    if (!Array.isArray(workflow?.stages) || workflow.stages.length === 0) {
      problems.push(problem(`spec ${this.workflow} stages`, workflow?.stages, 'a list of at least one stage'));
    }
    for (const [name, content] of Object.entries(this.files)) {
      if (content instanceof Error) { problems.push(problem(`spec ${name}`, content.message, 'YAML')); }
      for (const type of environments(content).map(({ environment_type: kind }) => kind).filter(kind => kind !== 'docker-encapsulated')) {
        problems.push(problem(`spec ${name} environment_type`, type, "'docker-encapsulated', which a Job can run"));
      }
      for (const reference of references(content)) {
        const target = reference.split('#')[0];
        if (target !== '' && !target.includes('://') && this.files[target] === undefined) {
          problems.push(problem(`spec ${name} $ref`, reference, `a file of the specification: ${Object.keys(this.files).join(', ')}`));
        }
      }
    }
    return problems;
  }
}

/** The content of files; what can't be read is the error that says why. */
function loaded(files: { readonly [name: string]: string }): { [name: string]: unknown } {
  return Object.fromEntries(Object.entries(files).filter(([, file]) => fs.existsSync(file)).map(([name, file]) => {
    try {
      return [name, parse(fs.readFileSync(file, 'utf8'))];
    } catch (error) {
      return [name, error as Error];
    }
  }));
}

/** All objects in a document that a property marks. */
function withProperty(content: unknown, property: string): any[] {
  if (typeof content !== 'object' || content === null) { return []; }
  const inside = Object.values(content).flatMap(value => withProperty(value, property));
  return property in content ? [content, ...inside] : inside;
}

const environments = (content: unknown) => withProperty(content, 'environment_type');
const references = (content: unknown): string[] => withProperty(content, '$ref').map(({ $ref }) => String($ref));
