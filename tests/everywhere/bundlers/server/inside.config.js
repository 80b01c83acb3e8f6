// Vite, with the npm packages inside of the bundle.
export default { ssr: { noExternal: true } };
