/** Root keys behind one small interface: a local file, AWS KMS, Vault transit or PKCS#11. */
export type { KeyRoot, RootHealth, RootProvider, RootUse, WrappedKey } from './root.ts'
export { localRoot } from './local-root.ts'
export { localFileRoot } from './local-file.ts'
export { openKeyRoot, openNamedRoot, type RootSettings } from './open.ts'
export { rootSet, type RootSet } from './root-set.ts'
export { describeWrapped } from './kept-key.ts'
