/** What an image's reference may look like. */
export const IMAGE = 'an image reference, such as registry.example/postgres:18.4';

/** Whether something is an image's reference. */
export function isImage(image: string): boolean {
  return /^[a-z0-9][\w.:/@-]*$/i.test(image);
}
