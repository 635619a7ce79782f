/** Authenticated envelopes for fields, files and keys: sealed bytes open with the right key, in the right place, unchanged, or not at all. */
export { EnvelopeError, type EnvelopeErrorCode } from './envelope-error.ts'
export { canonicalContext } from './canonical-context.ts'
export { generateDataKey, keyFingerprint, rootKey } from './keys.ts'
export {
  describeWrappedKey,
  rewrapKey,
  unwrapKey,
  wrapKey,
  type KeyLabel,
  type WrappedKeyDescription,
} from './wrapped-key.ts'
export { dataKeyring, fieldKeyId, type DataKeyring } from './keyring.ts'
export {
  describeField,
  fieldBytesMax,
  fieldHeaderBytes,
  fieldOverheadBytes,
  isCurrent,
  openBytes,
  openText,
  sealBytes,
  sealText,
  type FieldContext,
  type FieldDescription,
} from './field.ts'
export {
  blindIndex,
  indexVersion,
  versionedIndex,
  type BlindIndex,
  type IndexVersion,
  type LookUp,
  type VersionedIndex,
} from './blind-index.ts'
export { normalForms, type NormalForm } from './normal-form.ts'
export { openFile, openStream, sealedFileBytes, sealFile, sealFileInto, sealStream } from './stream.ts'
export { conformEnvelope, type Conformance } from './conform.ts'
