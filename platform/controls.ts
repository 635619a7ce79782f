import { join } from 'node:path'
import {
  accessControls,
  asProbePerson,
  formProof,
  signingKeysInUse,
  STAFF_ROLES,
  WORKSPACE_ROLES,
  type AccessSystem,
} from './access/index.ts'
import { applicationControls, malformedAtService, type SentStatements } from './application/index.ts'
import { auditControls, findEvents, type Audit, type AuditReader, type Ledger } from './audit/index.ts'
import type { Database } from './db/index.ts'
import {
  clustersOf,
  encryptionControls,
  rootKept,
  inventoryControls,
  openInventorySystem,
  type KeyRoot,
  type RootActs,
  type Keyring,
  type StoredCopy,
  type TenantKeys,
} from './encryption/index.ts'
import { type BlockList, gatewayControls, type FirewallHouse, type Gateway } from './gateway/index.ts'
import { lookUps } from './key-classes.ts'
import type { Clock } from './kernel/clock.ts'
import type { Config } from './kernel/config.ts'
import { bindControls, type BoundControl } from './kernel/control.ts'
import type { Job } from './kernel/job.ts'
import type { PolicyReader } from './kernel/parameter.ts'
import type { Loopback } from './loopback.ts'
import { policyControls, type PolicySystem } from './policy/index.ts'
import {
  recoveryControls,
  standbyControls,
  type RecoverySystem,
  type StandbySystem,
} from './recovery/index.ts'
import { trustControls } from './trust/index.ts'

/** The running parts that controls observe; what starts after the controls are wired comes as a function. */
export interface Observed {
  readonly config: Config
  readonly rootFolder: string
  readonly db: Database
  readonly clock: Clock
  readonly policy: PolicyReader
  readonly keys: TenantKeys
  readonly keyring: Keyring
  /** The copies of the keyring in every store. */
  readonly keyringCopies: () => Promise<readonly StoredCopy[]>
  readonly root: KeyRoot
  readonly rootActs: Pick<RootActs, 'logs'>
  readonly audit: Audit
  readonly reader: AuditReader
  readonly ledger: Ledger
  readonly statements: SentStatements
  readonly loopback: Loopback
  readonly origin: string
  readonly serviceSocket: string
  readonly gateway: () => Gateway
  readonly firewall: FirewallHouse['firewall']
  readonly blockList: Pick<BlockList, 'block' | 'lift'>
  readonly jobs: () => readonly Job[]
  readonly access: Omit<AccessSystem, 'routes'>
  readonly policySystem: PolicySystem
  readonly recoverySystem: RecoverySystem
  readonly standbySystem: StandbySystem
}

/** Every control of every module, tied to what it observes. */
export function bindAll(of: Observed): BoundControl[] {
  return [
    ...bindControls(accessControls, accessSystem(of)),
    ...bindControls(applicationControls, applicationSystem(of)),
    ...bindControls(auditControls, auditSystem(of)),
    ...bindControls(encryptionControls, encryptionSystem(of)),
    ...bindControls([rootKept], of),
    ...bindControls(inventoryControls, inventorySystem(of)),
    ...bindControls(gatewayControls, gatewaySystem(of)),
    ...bindControls(policyControls, of.policySystem),
    ...bindControls(recoveryControls, of.recoverySystem),
    ...bindControls(standbyControls, of.standbySystem),
    ...bindControls(trustControls(of.config.SECURITY_CONTACT), trustSystem(of)),
  ]
}

function accessSystem(of: Observed): AccessSystem {
  return {
    ...of.access,
    get routes() {
      return of.gateway().routes
    },
  }
}

function applicationSystem(of: Observed) {
  const { rootFolder, statements, db } = of
  const lookUp = async (value: string): Promise<void> =>
    void (await findEvents(db, { tenant: null, actor: value, most: 1 }))
  const atService = () => asProbePerson(accessSystem(of), 'owner', malformedAtService)
  return { root: rootFolder, statements, lookUp, gate: gatewaySystem(of), form: formProof, atService }
}

function auditSystem(of: Observed) {
  const { db, clock, policy, audit, reader, ledger } = of
  const roles = Object.entries({ ...WORKSPACE_ROLES, ...STAFF_ROLES })
  const readers = roles.filter(([, may]) => may.includes('audit.read') || may.includes('platform.audit'))
  return {
    db,
    clock,
    policy,
    audit,
    reader,
    ledger,
    work: () => [
      ...of.gateway().routes.map((one) => ({
        name: `${one.method} ${one.path}`,
        event: one.event,
        changes: one.method !== 'GET',
      })),
      ...of.jobs().map((one) => ({ name: one.name, event: one.event, changes: true })),
    ],
    recentChanges: () => of.gateway().recentChanges(),
    readers: () => readers.map(([role]) => role),
    anonymous: async (path: string) => (await of.loopback.request(path)).status,
    anchorFile: join(of.config.SURETY_KEYS, 'ledger-anchor'),
  }
}

function encryptionSystem(of: Observed) {
  const { db, keyring, clock, policy, keys, root, config, serviceSocket } = of
  return {
    db,
    keyring,
    clock,
    policy,
    keys,
    root,
    rootLogs: of.rootActs.logs,
    record: of.audit.record,
    keysFolder: config.SURETY_KEYS,
    keyringFolder: config.SURETY_KEYRING,
    clusters: () => clustersOf({ db, keyring }),
    keyringCopies: of.keyringCopies,
    dataFolders: [config.SURETY_VAR],
    serviceSocket,
    lookUps,
    otherKeys: async () => [
      ...(await signingKeysInUse(db)),
      ...(await of.recoverySystem.backups.house()).keys.ages(),
    ],
  }
}

function inventorySystem(of: Observed) {
  const { db, keyring, clock, config } = of
  const { SURETY_VAR, SURETY_KEYS, SURETY_KEYRING, SURETY_BACKUPS, SURETY_RECOVERY_KEYS, SURETY_STANDBY } =
    config
  return openInventorySystem({
    db,
    keyring,
    clock,
    record: of.audit.record,
    folders: {
      SURETY_VAR,
      SURETY_KEYS,
      SURETY_KEYRING,
      SURETY_BACKUPS,
      SURETY_RECOVERY_KEYS,
      SURETY_STANDBY,
    },
    asPerson: (use) => asProbePerson(accessSystem(of), 'owner', use),
    statedVolumes: config.DISK_STATEMENTS,
  })
}

function gatewaySystem(of: Observed) {
  return {
    get gateway() {
      return of.gateway()
    },
    host: of.config.SURETY_HOST,
    policy: of.policy,
    firewall: of.firewall,
    blockList: of.blockList,
    clock: of.clock,
  }
}

function trustSystem({ clock, config, origin, loopback }: Observed) {
  return {
    clock,
    contact: config.SECURITY_CONTACT,
    origin,
    fetch: async (path: string) => {
      const answer = await loopback.request(path)
      return {
        status: answer.status,
        type: answer.headers.get('content-type') ?? '',
        text: await answer.text(),
      }
    },
  }
}
