import type { Clock } from '../../kernel/clock.ts'
import type { Config } from '../../kernel/config.ts'
import type { Keyring } from '../keyring/database.ts'
import { cloudTrailLog } from './cloud-trail.ts'
import type { FollowedLog, KeeperLog } from './keeper-log.ts'
import { kmsRegion, openNamedRoot, type RootDeps, type RootSettings } from './open.ts'
import { insertRootUse } from './queries.ts'
import type { KeyRoot, RootProvider } from './root.ts'
import type { RootSet } from './root-set.ts'
import type { RootRouteDeps } from './routes.ts'
import { vaultAuditLog } from './vault-log.ts'

/** What opening root keys needs, with a register of every request that a keeper served; `failed` hears when it cannot be written. */
export function rootDeps(
  { keyring, clock }: { readonly keyring: Keyring; readonly clock: Clock },
  failed: (error: unknown) => void,
): RootDeps {
  return { clock, used: (named, use) => void insertRootUse(keyring, named, use).catch(failed) }
}

/** The settings that say where keepers' own logs are read. */
export type LogSettings = RootSettings & Pick<Config, 'VAULT_AUDIT_LOG' | 'KMS_TRAIL' | 'CLOUDTRAIL_API_URL'>

/** What operators may do with root keys, by the settings. */
export type RootActs = Pick<RootRouteDeps, 'open' | 'logs'>

/** What operators may do with root keys, and which logs of their keepers are followed, by the settings. */
export function rootOperations(
  config: LogSettings,
  { deps, root }: { readonly deps: RootDeps; readonly root: RootSet },
): RootActs {
  const names = [config.KEY_ROOT, ...config.KEY_ROOT_BEFORE]
  // A set without former ones is the root key itself.
  const opened = [root, ...root.former].map(({ provider, id, fingerprint }) => ({
    provider,
    id,
    fingerprint,
  }))
  const followed = opened.flatMap((one, index) => followedLog(config, names[index] ?? '', one))
  return {
    open: async (named) => {
      const next = await openNamedRoot(config, named, deps)
      if (!followed.some(({ fingerprint }) => fingerprint === next.fingerprint))
        followed.push(...followedLog(config, named, next))
      return next
    },
    logs: () => ({
      without: followed.some(({ fingerprint }) => fingerprint === root.fingerprint)
        ? null
        : WITHOUT[root.provider],
      logs: followed,
    }),
  }
}

type Kept = Pick<KeyRoot, 'provider' | 'id' | 'fingerprint'>

function followedLog(config: LogSettings, named: string, root: Kept): readonly FollowedLog[] {
  const log = logOf(config, named, root)
  return log === null ? [] : [{ named, fingerprint: root.fingerprint, log }]
}

function logOf(config: LogSettings, named: string, { provider, id }: Kept): KeeperLog | null {
  if (provider === 'vault' && config.VAULT_AUDIT_LOG !== '')
    return vaultAuditLog({
      file: config.VAULT_AUDIT_LOG,
      mount: config.VAULT_MOUNT,
      name: named.slice('vault:'.length),
      namespace: config.VAULT_NAMESPACE,
    })
  if (provider === 'aws-kms' && config.KMS_TRAIL === 'cloudtrail')
    return cloudTrailLog({
      arn: id,
      region: kmsRegion(id, config.AWS_REGION),
      accessKeyId: config.AWS_ACCESS_KEY_ID,
      secretAccessKey: config.AWS_SECRET_ACCESS_KEY,
      apiUrl: config.CLOUDTRAIL_API_URL,
    })
  return null
}

/** Why uses are not compared with a keeper's log. */
const WITHOUT: Readonly<Record<RootProvider, string>> = {
  'local-file': 'A local file logs nothing; every use stands in the audit log here.',
  'aws-kms': 'CloudTrail is not read (KMS_TRAIL=no); every use stands in the audit log here.',
  vault: 'No log of an audit device is named (VAULT_AUDIT_LOG).',
  pkcs11: 'The device offers no log; every use stands in the audit log here.',
}
