// What tools/build.js makes of the import of a .wasm file: its bytes as hexadecimal digits.
declare module '*.wasm' {
  const base64: string;
  export default base64;
}
