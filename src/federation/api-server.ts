const ADDRESS = /^https:\/\/([\w.-]+|\[[0-9a-fA-F:]+\])(:[0-9]{1,5})?$/;
const CERTIFICATES = /^\s*(-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+$/;

/** Whether a text is the address of an API server: `https://host` or `https://host:port`. */
export function isApiServer(text: string): boolean {
  return ADDRESS.test(text);
}

/** Whether a text is certificates of authorities, in PEM. */
export function areCertificates(text: string): boolean {
  return CERTIFICATES.test(text);
}
