import * as fs from 'fs';
import { createOnigScanner, createOnigString, loadWASM, OnigScanner } from 'vscode-oniguruma';
import { parse } from 'yaml';

/* eslint-disable @typescript-eslint/no-explicit-any */
// eslint-disable-next-line @typescript-eslint/no-require-imports
const { lua, lauxlib, lualib, to_luastring: luaString } = require('fengari');

/** A record on its way. */
export type Line = { [key: string]: any };

/** A file of a container's log, and the labels of its pod. */
export interface LogFile {
  readonly path: string;
  readonly content: string;
  readonly labels?: { readonly [label: string]: string };
}

let oniguruma: Promise<void> | undefined;

/**
 * What an agent's configuration makes of files, without Fluent Bit, which is in no registry: the same steps over the configuration as it was
 * synthesized, its regular expressions in Oniguruma (Fluent Bit's engine, Onigmo, is a branch of it), its Lua in a Lua machine.
 */
export class FluentBitLines {
  public static async of(configuration: string, environment: { readonly [variable: string]: string }): Promise<FluentBitLines> {
    oniguruma ??= loadWASM(fs.readFileSync(require.resolve('vscode-oniguruma/release/onig.wasm')));
    await oniguruma;
    return new FluentBitLines(parse(configuration), environment);
  }

  private readonly scanners = new Map<string, OnigScanner>();
  private readonly lua: Lua;

  private constructor(private readonly configuration: any, environment: { readonly [variable: string]: string }) {
    this.lua = new Lua(configuration.pipeline.filters.find(({ name }: any) => name === 'lua').code, environment);
  }

  /** The records of a file, or nothing if no input reads it. */
  public records(file: LogFile): Line[] | undefined {
    const { inputs: [input], filters } = this.configuration.pipeline;
    const any = (patterns: string, star: string) => patterns.split(',').some(pattern =>
      new RegExp(`^${pattern.replace(/[.]/g, '[.]').replaceAll('*', star)}$`).test(file.path));
    // glob(3) stops at slashes; fnmatch(3), as the plugin calls it, doesn't
    if (!any(input.path, '[^/]*') || any(input.exclude_path, '.*')) { return undefined; }
    const tag = input.tag.replace('*', file.path.slice(1).replaceAll('/', '.'));
    let offset = 0;
    return file.content.split('\n').slice(0, -1).map(text => {
      const line = { ...this.parsed(input.parser, text), [input.offset_key]: offset };
      offset += Buffer.byteLength(text) + 1;
      return filters.reduce((record: Line, filter: any) => this.filtered(filter, tag, record, file), line);
    });
  }

  private filtered(filter: any, tag: string, line: Line, file: LogFile): Line {
    const matches = filter.match_regex === undefined ? filter.match === 'kube.*' && tag.startsWith('kube.') : this.match(filter.match_regex, tag) !== undefined;
    if (!matches) { return line; }
    switch (filter.name) {
      case 'parser': {
        const { [filter.key_name]: text, ...rest } = line;
        const found = this.parsed(filter.parser, text);
        return found ? { ...filter.reserve_data === 'on' && rest, ...found } : line;
      }
      case 'kubernetes': {
        if (!tag.startsWith(filter.kube_tag_prefix)) { throw new Error(`no tag of a container: ${tag}`); }
        const pod = this.parsed(filter.regex_parser, tag.slice(filter.kube_tag_prefix.length));
        return pod ? { ...line, kubernetes: { ...pod, labels: file.labels ?? {} } } : line;
      }
      case 'lua':
        return this.lua.call(filter.call, tag, line);
      case 'record_modifier':
        return Object.fromEntries(Object.entries(line).filter(([key]) => filter.allowlist_key.includes(key)));
      default:
        throw new Error(`a filter that isn't known: ${filter.name}`);
    }
  }

  private parsed(name: string, text: string): Line | undefined {
    const { format, regex, ...parser } = this.configuration.parsers.find((each: any) => each.name === name);
    if (format === 'json') {
      try {
        const value = JSON.parse(text);
        return typeof value === 'object' && !Array.isArray(value) ? value ?? undefined : undefined;
      } catch {
        return undefined;
      }
    }
    const found = this.match(regex, text);
    return found && Object.fromEntries(Object.entries(found).filter(([, value]) => value !== '' || parser.skip_empty_values === 'off'));
  }

  /** The named groups of a match. */
  private match(regex: string, text: string): { [name: string]: string } | undefined {
    if (!this.scanners.has(regex)) { this.scanners.set(regex, createOnigScanner([regex])); }
    const subject = createOnigString(text);
    try {
      const found = this.scanners.get(regex)!.findNextMatchSync(subject, 0);
      const names = [...regex.matchAll(/\(\?<(\w+)>/g)].map(([, name]) => name);
      return found ? Object.fromEntries(names.map((name, n) => {
        const { start, end } = found.captureIndices[n + 1];
        return [name, text.slice(start, end)];
      })) : undefined;
    } finally {
      subject.dispose();
    }
  }
}

/** A Lua machine with the filter's code in it. */
class Lua {
  private readonly state = lauxlib.luaL_newstate();

  public constructor(code: string, environment: object) {
    lualib.luaL_openlibs(this.state);
    this.push(environment);
    lua.lua_setglobal(this.state, luaString('environment'));
    const prepared = `os.getenv = function(name) return environment[name] end\n${code}`;
    if (lauxlib.luaL_dostring(this.state, luaString(prepared)) !== 0) { throw new Error(lua.lua_tojsstring(this.state, -1)); }
  }

  /** What a function returns for a record; one that fails leaves the record as it is, as the plugin does. */
  public call(name: string, tag: string, record: Line): Line {
    const { state } = this;
    lua.lua_settop(state, 0);
    lua.lua_getglobal(state, luaString(name));
    [tag, 0, record].forEach(each => this.push(each));
    if (lua.lua_pcall(state, 3, 3, 0) !== 0) { return record; }
    if (lua.lua_tonumber(state, -3) !== 2) { throw new Error('the record was to be replaced, and its time kept'); }
    return this.pop();
  }

  /** The table on top of the stack: of texts, and of tables like it. */
  private pop(): Line {
    const { state } = this;
    const made: Line = {};
    lua.lua_pushnil(state);
    while (lua.lua_next(state, -2) !== 0) {
      const key = lua.lua_tojsstring(state, -2);
      if (lua.lua_istable(state, -1)) {
        made[key] = this.pop();
      } else {
        made[key] = lua.lua_isstring(state, -1) ? lua.lua_tojsstring(state, -1) : {};
        lua.lua_pop(state, 1);
      }
    }
    lua.lua_pop(state, 1);
    return made;
  }

  private push(value: any): void {
    const { state } = this;
    if (typeof value === 'string') {
      lua.lua_pushstring(state, luaString(value));
    } else if (typeof value === 'number') {
      lua.lua_pushnumber(state, value);
    } else if (typeof value === 'boolean') {
      lua.lua_pushboolean(state, value);
    } else if (value === null) {
      lua.lua_pushnil(state);
    } else {
      lua.lua_newtable(state);
      Object.entries(value).forEach(([key, each]) => {
        this.push(key);
        this.push(each);
        lua.lua_settable(state, -3);
      });
    }
  }
}
