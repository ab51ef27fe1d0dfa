export * from './reana-backing-services';
