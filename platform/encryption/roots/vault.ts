import { createHash } from 'node:crypto'
import type { KeyLabel } from '#envelope'
import { z } from '../../kernel/schema.ts'
import { KeeperError, type Keeper, type KeeperCall, type KeeperState } from './keeper.ts'
import { labelContext } from './kept-key.ts'
import { vaultClient, type VaultClient, type VaultSettings } from './vault-client.ts'

/** A key of a transit engine. */
export interface TransitKey extends VaultSettings {
  /** Where the engine is mounted, such as `transit`. */
  readonly mount: string
  readonly name: string
}

/** Said wherever this root is shown. */
export const VAULT_UNVERIFIED =
  'The connection follows the published API of OpenBao and Vault and was never run against a real server.'

/** Kinds of key that bind what they seal to further data; others are refused. */
const BINDING = ['aes128-gcm96', 'aes256-gcm96', 'chacha20-poly1305', 'xchacha20-poly1305']

const keyShape = z.object({
  type: z.string(),
  derived: z.boolean().default(false),
  exportable: z.boolean(),
  allow_plaintext_backup: z.boolean().default(false),
  deletion_allowed: z.boolean(),
  soft_deleted: z.boolean().default(false),
  keys: z.record(z.string().regex(/^\d+$/), z.unknown()),
  latest_version: z.number().int().optional(),
  min_decryption_version: z.number().int(),
  min_encryption_version: z.number().int().default(0),
})
type TransitState = z.output<typeof keyShape>

const batchShape = z.object({
  batch_results: z.array(
    z.object({
      ciphertext: z.string().optional(),
      plaintext: z.string().optional(),
      error: z.string().optional(),
    }),
  ),
})

/**
 * A root key in the transit engine of Vault or OpenBao. What is sealed is bound to its label: by derivation where the key
 * was made with it, so that the server seals anew without showing anything, and as associated data otherwise.
 */
export async function vaultTransit(settings: TransitKey, first: KeeperCall): Promise<Keeper> {
  const client = await vaultClient(settings)
  const { mount, name } = settings
  const at = (action: string): string => `${mount}/${action}/${name}`
  const read = async (call: KeeperCall): Promise<TransitState> =>
    parsed(keyShape, await client.ask(at('keys'), call))
  const { derived, type } = await read(first)
  if (!BINDING.includes(type))
    throw new KeeperError('denied', 'The key in Vault is of a kind that does not bind what it seals.')
  const bound = (label: KeyLabel) => {
    const base64 = labelContext(label).toString('base64')
    return derived ? { context: base64 } : { associated_data: base64 }
  }
  const many = async (action: string, items: readonly object[], call: KeeperCall) => {
    const answer = parsed(batchShape, await client.ask(at(action), call, { batch_input: items }))
    if (answer.batch_results.some(({ error = '' }) => error !== ''))
      throw new KeeperError('unreadable', 'The bytes or their context were changed.')
    return answer.batch_results
  }
  const seals = { client, at, bound, many }
  return {
    provider: 'vault',
    id: [settings.address.replace(/\/+$/, ''), settings.namespace, mount, name]
      .filter((part) => part !== '')
      .join('/'),
    ...sealing(seals),
    reseal: async (all, call) => {
      const sealed = all.map((one) => ({ ciphertext: one.sealed.toString('utf8'), ...bound(one.label) }))
      if (derived) return (await many('rewrap', sealed, call)).map(ciphertextOf)
      // The server's own way does not take associated data (path_rewrap.go of OpenBao 2 and Vault 1.15).
      const open = await many('decrypt', sealed, call)
      const plain = all.map(({ label }, index) => ({
        plaintext: open[index]?.plaintext ?? '',
        ...bound(label),
      }))
      return (await many('encrypt', plain, call)).map(ciphertextOf)
    },
    describe: async (call) => keyState(settings, await read(call), await auditedBy(client, call)),
    rotate: async (call) => {
      await client.ask(`${at('keys')}/rotate`, call, {})
    },
    close: async () => client.close(),
  }
}

interface Seals {
  readonly client: VaultClient
  readonly at: (action: string) => string
  readonly bound: (label: KeyLabel) => object
}

function sealing({ client, at, bound }: Seals): Pick<Keeper, 'seal' | 'open'> {
  const sealedShape = z.object({ ciphertext: z.string() })
  const plainShape = z.object({ plaintext: z.string() })
  return {
    seal: async (label, plain, call) => {
      const body = { plaintext: plain.toString('base64'), ...bound(label) }
      return ciphertextOf(parsed(sealedShape, await client.ask(at('encrypt'), call, body)))
    },
    open: async (label, sealed, call) => {
      const body = { ciphertext: sealed.toString('utf8'), ...bound(label) }
      const { plaintext } = parsed(plainShape, await client.ask(at('decrypt'), call, body))
      return Buffer.from(plaintext, 'base64')
    },
  }
}

function ciphertextOf({ ciphertext = '' }: { readonly ciphertext?: string | undefined }): Buffer {
  if (!/^vault:v\d+:[A-Za-z0-9+/=]+$/.test(ciphertext))
    throw new KeeperError('unreachable', 'Vault answered with something that is not sealed.')
  return Buffer.from(ciphertext, 'utf8')
}

function parsed<Shape extends z.ZodType>(shape: Shape, answer: unknown): z.output<Shape> {
  const read = shape.safeParse(answer)
  if (!read.success)
    throw new KeeperError('unreachable', 'Vault answered with something else than its API says.')
  return read.data
}

/** Whether some audit device is on; null where the token may not ask. */
async function auditedBy(client: VaultClient, call: KeeperCall): Promise<boolean | null> {
  try {
    const devices = z.record(z.string(), z.unknown()).safeParse(await client.ask('sys/audit', call))
    return devices.success ? Object.keys(devices.data).length > 0 : null
  } catch (error) {
    if (error instanceof KeeperError && error.refusal === 'denied') return null
    throw error
  }
}

function keyState(settings: TransitKey, key: TransitState, audited: boolean | null): KeeperState {
  const versions = Object.keys(key.keys).map(Number)
  const latest = key.latest_version ?? Math.max(...versions)
  const exportable = key.exportable || key.allow_plaintext_backup
  // Who may do what stands in the policies of the server, which the token cannot read; what is hashed is what guards the key itself.
  const guarded = [key.type, key.derived, exportable, key.deletion_allowed, key.min_decryption_version]
  const notes = [
    VAULT_UNVERIFIED,
    ...(settings.address.startsWith('http:') ? ['It is reached without TLS.'] : []),
    ...(key.deletion_allowed ? ['Whoever may configure it may delete it (deletion_allowed).'] : []),
    ...(key.min_decryption_version > 1
      ? [`Versions before ${key.min_decryption_version} do not open any more.`]
      : []),
    ...(key.allow_plaintext_backup ? ['It may be backed up in the clear (allow_plaintext_backup).'] : []),
  ]
  return {
    state: key.soft_deleted ? 'pending-deletion' : 'enabled',
    problem: key.soft_deleted ? 'The root key was deleted in Vault and can still be restored there.' : null,
    notes,
    exportable,
    rotatedAt: madeAt(key.keys[String(latest)]),
    versions: versions.length,
    policyHash: createHash('sha256').update(JSON.stringify(guarded)).digest('hex'),
    audited,
  }
}

/** The moment of a version, in seconds since 1970 for symmetric keys; null in any other form. */
function madeAt(told: unknown): Date | null {
  return typeof told === 'number' && told > 0 ? new Date(told * 1000) : null
}
