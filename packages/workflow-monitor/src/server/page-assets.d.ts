/** The page, which the build makes. */
declare module 'page-assets' {
  const assets: import('./web').Assets;
  export default assets;
}
