import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  CreateKeyCommand,
  DisableKeyCommand,
  KMSClient,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms'
import { openNamedRoot, type KeyRoot, type RootSettings } from '../../platform/encryption/index.ts'
import { readConfig } from '../../platform/kernel/config.ts'
import { systemClock } from '../../platform/kernel/clock.ts'

/** A root key to be shown to hold. */
export interface RootPeer {
  readonly name: string
  /** Whether the key must be unable to leave its keeper. */
  readonly keeps: boolean
  open(): Promise<KeyRoot>
  /** Makes the key unusable, as its keeper calls it; absent where that cannot be asked for. */
  readonly spoil?: Readonly<Record<'disabled' | 'pending-deletion', () => Promise<KeyRoot>>>
}

/** A peer, or why it is left out. */
export type FoundPeer = RootPeer | { readonly skipped: string }

function settings(over: Partial<RootSettings>): RootSettings {
  return { ...readConfig({}), KEY_ROOT_BEFORE: [], ...over }
}

const deps = { clock: systemClock }

/** The local root key, which is always there. */
export function localPeer(folder: string): RootPeer {
  const at = settings({ SURETY_KEYS: join(folder, 'keys'), SURETY_VAR: join(folder, 'var') })
  return { name: 'local file', keeps: false, open: () => openNamedRoot(at, 'local-file', deps) }
}

const CREDENTIALS = { accessKeyId: 'peer', secretAccessKey: 'peer' }
const REGION = 'eu-central-1'

/** moto_server, at the address in `SURETY_PEER_KMS`. */
export async function kmsPeer(address: string | undefined): Promise<FoundPeer> {
  if (address === undefined)
    return {
      skipped:
        'AWS KMS (moto_server): SURETY_PEER_KMS names no address; test/peers/README.md says how to start one',
    }
  const client = new KMSClient({ region: REGION, endpoint: address, credentials: CREDENTIALS })
  const make = async (): Promise<string> => {
    const made = await client.send(new CreateKeyCommand({ Description: 'sample root' }))
    if (made.KeyMetadata?.Arn === undefined) throw new Error('the peer made no key')
    return made.KeyMetadata.Arn
  }
  const at = settings({
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    KMS_API_URL: address,
  })
  const opened = (arn: string): Promise<KeyRoot> => openNamedRoot(at, `aws-kms:${arn}`, deps)
  const arn = await make()
  const spoiled = async (spoil: (KeyId: string) => Promise<unknown>): Promise<KeyRoot> => {
    const other = await make()
    const root = await opened(other)
    // moto_server knows keys by their id alone when it changes them.
    await spoil(other.split('/').at(-1) ?? other)
    return root
  }
  return {
    name: 'AWS KMS (moto_server)',
    keeps: true,
    open: () => opened(arn),
    spoil: {
      disabled: () => spoiled((KeyId) => client.send(new DisableKeyCommand({ KeyId }))),
      'pending-deletion': () =>
        spoiled((KeyId) => client.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }))),
    },
  }
}

/** SoftHSM, in the folder that `softhsm.sh` made and `SURETY_PEER_PKCS11` names. */
export function tokenPeer(folder: string | undefined): FoundPeer {
  if (folder === undefined)
    return {
      skipped:
        'PKCS#11 (SoftHSM): SURETY_PEER_PKCS11 names no folder; test/peers/README.md says how to make one',
    }
  const packageFile = join(folder, 'package/node_modules/pkcs11js/index.js')
  if (!existsSync(packageFile)) return { skipped: `PKCS#11 (SoftHSM): there is no ${packageFile}` }
  process.env['SOFTHSM2_CONF'] = join(folder, 'softhsm2.conf')
  const at = settings({
    PKCS11_LIBRARY: readFileSync(join(folder, 'library'), 'utf8'),
    PKCS11_TOKEN: 'surety',
    PKCS11_PIN_FILE: join(folder, 'pin'),
    PKCS11_PACKAGE: packageFile,
  })
  return { name: 'PKCS#11 (SoftHSM)', keeps: true, open: () => openNamedRoot(at, 'pkcs11:surety', deps) }
}

/** A real Vault or OpenBao server: `VAULT_ADDR`, `VAULT_TOKEN_FILE` and the others as for the product, and the key `SURETY_PEER_VAULT`. */
export function vaultPeer(name: string | undefined): FoundPeer {
  if (name === undefined)
    return {
      skipped:
        'Vault or OpenBao: SURETY_PEER_VAULT names no transit key of a real server; its connection stays unverified',
    }
  return {
    name: 'Vault or OpenBao',
    keeps: true,
    open: () => openNamedRoot(settings(readConfig(process.env)), `vault:${name}`, deps),
  }
}
