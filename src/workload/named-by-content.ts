import { createHash } from 'crypto';
import { ApiObject } from 'cdk8s';
import { Federation } from '../federation/federation';

/**
 * A Job whose name tells what it is, patches included: with another content it is another Job. Overrides of single members change
 * the content too, and members have the name in common.
 */
export class NamedByContent extends ApiObject {
  public toJson(): any {
    const json = super.toJson();
    return { ...json, metadata: { ...json.metadata, name: `${json.metadata.name}-${digest([json.spec, this.overrides()])}` } };
  }

  private overrides(): object[] {
    const federation = Federation.tryOf(this);
    return (federation?._variations ?? []).filter(({ target }) => target === this || target === this.node.scope).map(({ clusters, operations }) =>
      federation!.members.filter(member => clusters?.selects(member) ?? true).map(member => [member.node.id, operations(member)]));
  }
}

/** Tells contents apart, in eight characters that a name may have. */
export function digest(content: unknown): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 8);
}
