import { DAY } from '../kernel/clock.ts'
import { parameter, type AnyParameter } from '../kernel/parameter.ts'
import { choice, duration, list } from '../kernel/value-type.ts'

/** Policy 2.2-a. The algorithm that fields and files are sealed with. */
export const encryptionAlgorithm = parameter({
  name: 'encryption.algorithm',
  clause: '2.2-a',
  type: choice({ 'AES-256-GCM': 'AES-256-GCM' }),
  weaker: 'any',
  obeys: 'Every field and file is sealed with it, and nothing is sealed while the engine does not offer it.',
})

/** Policy 2.2-d. Who may keep the root key, in the words of the text. */
export const keysRoot = parameter({
  name: 'keys.root',
  clause: '2.2-d',
  type: list(['AWS KMS', 'HashiCorp Vault', 'hardware security modules']),
  weaker: 'longer',
  obeys:
    'The hourly check fails unless one of these keeps the root key, and `surety keys rotate root --to` refuses every other.',
})

/** Policy 2.3-a.1. How old the key that seals may become, in seconds. */
export const keysRotation = parameter({
  name: 'keys.rotation',
  clause: '2.3-a.1',
  type: duration({ min: 30 * DAY, max: 3 * 365 * DAY }),
  weaker: 'higher',
  obeys: 'The daily job gives a tenant the next data key when the current one has nine tenths of this age.',
})

/** The values that this module obeys. */
export const encryptionParameters: readonly AnyParameter[] = [encryptionAlgorithm, keysRoot, keysRotation]
