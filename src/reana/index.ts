export type { ReanaPgBouncerOptions } from './pgbouncer';
export * from './reana-backing-services';
export * from './reana-cache';
export * from './reana-database';
export * from './reana-database-backup';
export type { ReanaAdministrator } from './reana-initialization';
export * from './reana-message-broker';
export * from './reana-service-props';
export type { ReanaUiOptions } from './reana-ui';
