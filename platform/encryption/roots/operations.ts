import type { Clock } from '../../kernel/clock.ts'
import type { Config } from '../../kernel/config.ts'
import type { Keyring } from '../keyring/database.ts'
import { openNamedRoot, type RootDeps, type RootSettings } from './open.ts'
import { insertRootUse } from './queries.ts'
import { reconcileVaultLog } from './reconcile.ts'
import type { RootProvider } from './root.ts'
import type { RootRouteDeps } from './routes.ts'

/** What opening root keys needs, with a register of every request that a keeper served; `failed` hears when it cannot be written. */
export function rootDeps(
  { keyring, clock }: { readonly keyring: Keyring; readonly clock: Clock },
  failed: (error: unknown) => void,
): RootDeps {
  return { clock, used: (named, use) => void insertRootUse(keyring, named, use).catch(failed) }
}

/** What operators may do with root keys, by the settings. */
export function rootOperations(
  config: RootSettings & Pick<Config, 'VAULT_AUDIT_LOG'>,
  {
    keyring,
    deps,
    provider,
  }: { readonly keyring: Keyring; readonly deps: RootDeps; readonly provider: () => RootProvider },
): Pick<RootRouteDeps, 'open' | 'reconcile'> {
  const name = config.KEY_ROOT.split(':')[1] ?? ''
  const log = { file: config.VAULT_AUDIT_LOG, mount: config.VAULT_MOUNT, name }
  return {
    open: (named) => openNamedRoot(config, named, deps),
    reconcile: async (span) =>
      provider() === 'vault' && log.file !== ''
        ? reconcileVaultLog(keyring, log, span)
        : { without: WITHOUT[provider()], compared: 0, unexplained: 0 },
  }
}

/** Why uses are not compared with a keeper's log. */
const WITHOUT: Readonly<Record<RootProvider, string>> = {
  'local-file': 'A local file logs nothing; every use stands in the audit log here.',
  'aws-kms':
    'CloudTrail is not read here; the register holds the number that it has for each request, for a comparison by hand.',
  vault: 'No log of an audit device is named (VAULT_AUDIT_LOG).',
  pkcs11: 'The device offers no log; every use stands in the audit log here.',
}
