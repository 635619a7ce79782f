import type { Config } from '../../kernel/config.ts'
import { awsKms } from './aws-kms.ts'
import type { Keeper, KeeperCall } from './keeper.ts'
import { firstReached, keptRoot, type KeptRootDeps } from './kept-root.ts'
import { localFileRoot } from './local-file.ts'
import { pkcs11Token } from './pkcs11.ts'
import type { KeyRoot, RootUse } from './root.ts'
import { rootSet, type RootSet } from './root-set.ts'
import { vaultTransit } from './vault.ts'

/** The settings that root keys are opened with. */
export type RootSettings = Pick<
  Config,
  | 'SURETY_KEYS'
  | 'SURETY_VAR'
  | 'KEY_ROOT'
  | 'KEY_ROOT_BEFORE'
  | 'LOCAL_ROOT_PASSPHRASE'
  | 'CREDENTIALS_DIRECTORY'
  | 'AWS_REGION'
  | 'AWS_ACCESS_KEY_ID'
  | 'AWS_SECRET_ACCESS_KEY'
  | 'KMS_API_URL'
  | 'VAULT_ADDR'
  | 'VAULT_TOKEN_FILE'
  | 'VAULT_NAMESPACE'
  | 'VAULT_CA'
  | 'VAULT_MOUNT'
  | 'PKCS11_LIBRARY'
  | 'PKCS11_TOKEN'
  | 'PKCS11_PIN_FILE'
  | 'PKCS11_PACKAGE'
>

/** What opening root keys needs. */
export interface RootDeps extends Pick<KeptRootDeps, 'clock' | 'limits'> {
  /** Hears of every request that a keeper served, with the name of the root key as `KEY_ROOT` has it. */
  readonly used?: (named: string, use: RootUse) => void
}

/**
 * Opens the root key of the settings and the former ones, each of which must answer: throws `encryption.root-unreachable`
 * or `encryption.root-disabled` with the reason, and `ConfigError` for what the settings do not allow. Policy 2.2-d.
 */
export async function openKeyRoot(config: RootSettings, deps: RootDeps): Promise<RootSet> {
  const current = await openNamedRoot(config, config.KEY_ROOT, deps)
  const former: KeyRoot[] = []
  for (const name of config.KEY_ROOT_BEFORE) former.push(await openNamedRoot(config, name, deps))
  return rootSet(current, former)
}

/** Opens one root key by the name that `KEY_ROOT` would have for it. */
export async function openNamedRoot(config: RootSettings, named: string, deps: RootDeps): Promise<KeyRoot> {
  const [kind = '', ...rest] = named.split(':')
  const reach = reachers(config, rest.join(':'))[kind]
  if (reach !== undefined) {
    const own = { ...deps, used: (use: RootUse) => deps.used?.(named, use) }
    return keptRoot(await firstReached(reach, own), own)
  }
  const settings = {
    keysFolder: config.SURETY_KEYS,
    varFolder: config.SURETY_VAR,
    passphraseFile: config.LOCAL_ROOT_PASSPHRASE,
    credentialsFolder: config.CREDENTIALS_DIRECTORY,
  }
  return localFileRoot(settings, deps.clock)
}

/** The region of a key: an ARN says it, arn:aws:kms:REGION:ACCOUNT:key/ID. */
export function kmsRegion(name: string, otherwise: string): string {
  return (name.startsWith('arn:') ? name.split(':')[3] : '') || otherwise
}

function reachers(
  config: RootSettings,
  name: string,
): Readonly<Record<string, (call: KeeperCall) => Promise<Keeper>>> {
  const kms = {
    keyId: name,
    region: kmsRegion(name, config.AWS_REGION),
    accessKeyId: config.AWS_ACCESS_KEY_ID,
    secretAccessKey: config.AWS_SECRET_ACCESS_KEY,
    apiUrl: config.KMS_API_URL,
  }
  const transit = {
    address: config.VAULT_ADDR,
    tokenFile: config.VAULT_TOKEN_FILE,
    namespace: config.VAULT_NAMESPACE,
    authorityFile: config.VAULT_CA,
    mount: config.VAULT_MOUNT,
    name,
  }
  const token = {
    library: config.PKCS11_LIBRARY,
    token: config.PKCS11_TOKEN,
    pinFile: config.PKCS11_PIN_FILE,
    packageName: config.PKCS11_PACKAGE,
    label: name,
  }
  return {
    'aws-kms': (call) => awsKms(kms, call),
    vault: (call) => vaultTransit(transit, call),
    pkcs11: () => pkcs11Token(token),
  }
}
