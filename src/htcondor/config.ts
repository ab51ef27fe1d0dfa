import { problem } from '../problem';
import { KnobText, KnobValue, knobText } from './config-text';
import { CondorVersion } from './version';

export { Macro } from './config-text';
export type { KnobValue } from './config-text';

/** What a knob's name is; a prefix such as `STARTD.` limits it to one daemon. */
const KNOB_NAME = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/;

/** A problem of a knob that the construct sets, by the knob's name. */
const OWN_KNOB = /^[A-Z][A-Z0-9_.]*(\[\d+\])?: /;

/** Words that begin a statement, and the macro that stands for a dollar. */
const STATEMENTS = new Set(['use', 'include', 'if', 'elif', 'else', 'endif', 'warning', 'error', 'dollar']);

/** Whether a problem is of what the user gave, not of a knob that the construct sets from it. */
export const isGiven = (text: string): boolean => !OWN_KNOB.test(text);

interface Knob {
  readonly name: string;
  readonly text: string;
}

interface Section {
  readonly title?: string;
  readonly entries: (Knob | string)[];
}

/** The name without the daemon's prefix: `STARTD.MEMORY` overrides MEMORY. */
const withoutDaemon = (name: string): string => {
  const dot = name.indexOf('.');
  // The names of subgroups hold dots of their own.
  return dot < 0 || /^group_/.test(name) ? name : name.slice(dot + 1);
};

/**
 * The configuration of one role: knobs in the order in which they are set.
 *
 * Nothing throws while it is filled. `problems()` says what is wrong with it, and
 * only a set without problems can be written.
 */
export class KnobSet {
  private readonly sections: Section[] = [{ entries: [] }];
  private readonly names = new Set<string>();
  private readonly found: string[] = [];

  /**
   * @param version refuses knobs that this version doesn't know
   */
  public constructor(private readonly version?: CondorVersion) {}

  /** Begins a section under a heading. */
  public section(title: string): void {
    // eslint-disable-next-line no-control-regex
    if (title === '' || /[\u0000-\u001f]|\\$/.test(title)) {
      this.found.push(problem('section', title, 'a heading on one line'));
    }
    this.sections.push({ title, entries: [] });
  }

  /**
   * Sets a knob.
   *
   * @param property what the user calls it, for problems; by default the knob's name
   */
  public set(name: string, value: KnobValue, property: string = name): void {
    if (this.nameFits(property, name)) {
      this.write(name, knobText(property, value));
    }
  }

  /** Adds to a knob that is a list of names, whether it is set already or not. */
  public add(name: string, element: string): void {
    if (!/^\w+$/.test(element)) { this.found.push(problem(name, element, 'a name: letters, digits and "_"')); }
    if (this.has(name) || this.nameFits(name, name)) { this.write(name, { text: `$(${name}) ${element}`, problems: [] }); }
  }

  /** Sets a knob whose value has several lines, each of them a statement of its own language. */
  public setLines(name: string, lines: readonly string[]): void {
    const unfit = lines.filter(line => /[\n\r]|^\s*@/.test(line) || line === '');
    if (unfit.length > 0) { this.found.push(problem(name, unfit[0], 'lines that are not empty and don\'t begin with "@"')); }
    if (this.nameFits(name, name)) {
      this.names.add(name.toLowerCase());
      this.current().entries.push([`${name} @=end`, ...lines.map(line => `  ${line}`), '@end'].join('\n'));
    }
  }

  /** Uses one of HTCondor's templates: `use security:recommended`. */
  public use(category: string, template: string): void {
    if (!/^[A-Za-z]+$/.test(category) || !/^[A-Za-z0-9_]+$/.test(template)) {
      this.found.push(problem('use', `${category}:${template}`, 'a category and a template, each one word'));
      return;
    }
    this.current().entries.push(`use ${category}:${template}`);
  }

  /**
   * Sets knobs that the user gives by name. Those that are set already are the
   * construct's own, so this comes last.
   *
   * @param property where the user gives them
   * @param knobs names and values
   * @param alsoOwned more names that are the construct's own
   */
  public extra(property: string, knobs: { readonly [name: string]: KnobValue } = {}, alsoOwned: readonly string[] = []): void {
    if (Object.keys(knobs).length === 0) {
      return;
    }
    const owned = new Set([...this.names, ...alsoOwned.map((name) => name.toLowerCase())]);
    this.section(property);
    for (const [name, value] of Object.entries(knobs)) {
      const where = `${property}.${name}`;
      const key = name.toLowerCase();
      if (owned.has(key) || owned.has(withoutDaemon(key))) {
        this.found.push(problem(where, name, 'knobs that the construct does not set itself'));
      } else if (this.nameFits(where, name)) {
        this.write(name, knobText(where, value));
      }
    }
  }

  /** Whether a knob is set; case does not matter. */
  public has(name: string): boolean {
    return this.names.has(name.toLowerCase());
  }

  /** Adds problems that a writer of knobs found. */
  public report(...problems: readonly string[]): void {
    this.found.push(...problems);
  }

  /** What is wrong, in the order in which it was met. */
  public problems(): string[] {
    return [...this.found];
  }

  /** The text, or none where there are problems: they stop the synth before anything is written. */
  public draft(): string {
    return this.found.length === 0 ? this.toString() : '';
  }

  /** The lines of the knobs of which something holds by their name, and of the templates, sorted. */
  public lines(holds: (knob: string) => boolean): string[] {
    return this.sections.flatMap(({ entries }) => entries)
      .flatMap(entry => typeof entry === 'string' ? [entry] : holds(entry.name) ? [`${entry.name} = ${entry.text}`] : []).sort();
  }

  /**
   * What is wrong with what the user gave. What is wrong with the construct's own knobs follows from that, and
   * is told only where nothing else is wrong.
   */
  public causes(): string[] {
    const given = this.found.filter(isGiven);
    return given.length > 0 ? given : [...this.found];
  }

  /** The file's text. Throws if there are problems. */
  public toString(): string {
    if (this.found.length > 0) {
      throw new Error(`the configuration can't be written:\n${this.found.join('\n')}`);
    }
    return this.sections
      .filter(({ entries }) => entries.length > 0)
      .map(({ title, entries }) => {
        const width = Math.max(0, ...entries.map((entry) => typeof entry === 'string' ? 0 : entry.name.length));
        const lines = entries.map((entry) => typeof entry === 'string' ? entry : `${entry.name.padEnd(width)} =${entry.text && ` ${entry.text}`}`);
        return [...(title === undefined ? [] : [`# ${title}`]), ...lines].join('\n') + '\n';
      })
      .join('\n');
  }

  private current(): Section {
    return this.sections[this.sections.length - 1];
  }

  private write(name: string, { text, problems }: KnobText): void {
    this.names.add(name.toLowerCase());
    this.found.push(...problems);
    this.current().entries.push({ name, text });
  }

  private nameFits(where: string, name: string): boolean {
    const key = name.toLowerCase();
    if (!KNOB_NAME.test(name)) {
      this.found.push(problem(where, name, 'the name of a knob: letters, digits and "_", no digit first, "." behind the name of a daemon'));
    } else if (STATEMENTS.has(key)) {
      this.found.push(problem(where, name, 'the name of a knob, not a statement'));
    } else if (this.names.has(key)) {
      this.found.push(problem(where, name, 'a knob that is not set yet (case does not matter)'));
    } else {
      const lifetime = this.version?._lifetime(withoutDaemon(key).toUpperCase());
      if (!lifetime) {
        return true;
      }
      this.found.push(problem(where, name, `knobs of HTCondor ${this.version} (it exists ${lifetime})`));
    }
    return false;
  }
}
