import { createCipheriv, createDecipheriv, generateKeySync, randomBytes, type KeyObject } from 'node:crypto'
import { KeeperError, type Keeper, type KeeperCall, type KeeperRefusal } from './keeper.ts'
import { labelContext } from './kept-key.ts'

/** A keeper in this process for tests: AES-256-GCM under versions of a key, and every way not to answer. */
export interface TestKeeper extends Keeper {
  /** What it refuses with, until told otherwise; `silent`: it never answers. */
  refuse(how: KeeperRefusal | 'silent' | null): void
  /** Is out of reach for the next call, and for that one only. */
  stumble(): void
  /** How often it was asked. */
  calls(): number
}

/** Makes one. */
export function testKeeper(): TestKeeper {
  const keys = [generateKeySync('aes', { length: 256 })]
  let refusing: KeeperRefusal | 'silent' | null = null
  let stumbling = false
  let calls = 0
  const asked = async (call: KeeperCall): Promise<void> => {
    calls += 1
    const how = refusing
    if (how === 'silent') return new Promise(() => {})
    if (stumbling) [stumbling, refusing] = [false, null]
    if (how !== null) throw new KeeperError(how, `It is ${how}.`)
    call.served(`request-${calls}`)
  }
  const keeper: TestKeeper = {
    provider: 'pkcs11',
    id: 'test/keeper',
    ...sealing(keys, asked),
    reseal: async (all, call) => {
      const again: Buffer[] = []
      for (const { label, sealed } of all)
        again.push(await keeper.seal(label, await keeper.open(label, sealed, call), call))
      return again
    },
    describe: async (call) => {
      await asked(call)
      const now = { rotatedAt: null, versions: keys.length, policyHash: null, audited: null }
      return { state: 'enabled', problem: null, notes: [], exportable: false, ...now }
    },
    rotate: async (call) => {
      await asked(call)
      keys.push(generateKeySync('aes', { length: 256 }))
    },
    close: async () => {},
    refuse: (how) => {
      refusing = how
    },
    stumble: () => {
      ;[stumbling, refusing] = [true, 'unreachable']
    },
    calls: () => calls,
  }
  return keeper
}

function sealing(
  keys: readonly KeyObject[],
  asked: (call: KeeperCall) => Promise<void>,
): Pick<Keeper, 'seal' | 'open'> {
  return {
    seal: async (label, plain, call) => {
      await asked(call)
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', keys.at(-1) ?? fail(), nonce)
      cipher.setAAD(labelContext(label))
      const sealed = Buffer.concat([cipher.update(plain), cipher.final()])
      return Buffer.concat([Uint8Array.of(keys.length), nonce, cipher.getAuthTag(), sealed])
    },
    open: async (label, sealed, call) => {
      await asked(call)
      const key = keys[(sealed[0] ?? 0) - 1]
      if (key === undefined || sealed.length < 29) throw new KeeperError('unreadable', 'No such version.')
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, 13))
      decipher.setAAD(labelContext(label))
      decipher.setAuthTag(sealed.subarray(13, 29))
      try {
        return Buffer.concat([decipher.update(sealed.subarray(29)), decipher.final()])
      } catch (error) {
        throw new KeeperError('unreadable', 'It was changed.', error)
      }
    },
  }
}

function fail(): never {
  throw new Error('a test keeper has no key')
}
