import { IReanaCache, IReanaDatabase, IReanaMessageBroker } from './reana-backing-services';
import { ReanaImages } from './reana-images';
import { ReanaAdministrator } from './reana-initialization';
import { ReanaNames } from './reana-names';
import { ReanaPlatformProps } from './reana-platform-props';
import { ReanaStorage } from './reana-storage';

/** What a platform was given, with what the files of its components would otherwise each have to work out. */
export interface ReanaSettings {
  readonly names: ReanaNames;
  readonly images: Required<ReanaImages>;
  readonly storage: ReanaStorage;
  readonly database: IReanaDatabase;
  readonly messageBroker: IReanaMessageBroker;
  readonly cache: IReanaCache;
  readonly administrator: ReanaAdministrator;
  /** Whether the list of nodes may be asked for. */
  readonly readsNodes: boolean;
  readonly props: ReanaPlatformProps;
}
