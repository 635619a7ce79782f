/** Root keys behind one small interface: a local file, AWS KMS, Vault transit or PKCS#11. */
export type { KeyRoot, RootHealth, RootProvider, WrappedKey } from './root.ts'
export { localRoot } from './local-root.ts'
