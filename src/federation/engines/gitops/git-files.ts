import { App } from 'cdk8s';
import type { GitOpsEngineProps } from './gitops-engine-props';
import { problem } from '../../../problem';
import { FederatedCluster, JoinMode } from '../../federated-cluster';
import type { FederationModel } from '../../model';

const REPOSITORY = /^(https:\/\/|ssh:\/\/([\w.-]+@)?)([\w.-]+|\[[0-9a-fA-F:]+\])(:[0-9]{1,5})?(\/[\w.~-]+)+\/?$/;

/** The name that the controller's objects for a member have. */
export function controllerName(member: FederatedCluster): string {
  return `${member.federation.node.id}-${member.node.id}`;
}

/** How the names of synthesized files end. */
export function fileExtension(model: FederationModel): string {
  return App.of(model.federation).outputFileExtension;
}

/**
 * Why the members' files can't be taken from the repository, or not by the controllers of members that pull.
 *
 * @param suspend the command by which a controller leaves what a name stands for alone
 */
export function gitOpsProblems(model: FederationModel, { repoUrl, path }: GitOpsEngineProps, suspend: (name: string) => string): string[] {
  const problems: string[] = [];
  if (!REPOSITORY.test(repoUrl)) {
    const shown = repoUrl.replace(/^(\w+:\/\/)?.*@/, '$1...@');
    problems.push(problem('engine.repoUrl', shown, 'https://host/path or ssh://git@host/path, without credentials'));
  }
  if (path !== '.' && !path.split('/').every(folder => /^[\w.-]+$/.test(folder) && !/^\.+$/.test(folder))) {
    problems.push(problem('engine.path', path, "'.' or a folder below it, as in deploy/dist, of letters, digits, '_', '-' and '.'"));
  }
  if (!/^[\w.-]*\.ya?ml$/.test(fileExtension(model))) {
    problems.push(problem('App.outputFileExtension', fileExtension(model), 'one that ends in .yaml or .yml: other files are not looked at'));
  }
  for (const member of model.federation.members.filter(({ paused, joinMode }) => paused && joinMode === JoinMode.PULL)) {
    // its controller would read the pause in the commit that it is to be held back from
    problems.push(problem(`${member.node.path} paused`, true,
      `false for a member that pulls: hold it back there, with ${suspend(controllerName(member))}; Karmada can pause it from the host`));
  }
  return problems;
}
