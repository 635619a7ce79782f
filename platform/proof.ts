import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  openAccess,
  openKeyMakes,
  openBreaches,
  openCorpus,
  openPasswordHasher,
  openPeppers,
  openRechecks,
} from './access/index.ts'
import { openAuditReader } from './audit/index.ts'
import { bindAll } from './controls.ts'
import {
  clusterOf,
  openProductSecrets,
  storedCopies,
  VAULT_UNVERIFIED,
  type KeyringCopying,
  type ProductSecrets,
} from './encryption/index.ts'
import { openBlockList, openFirewallHouse, type Gateway, type RecordEvent } from './gateway/index.ts'
import { later, type Ground } from './ground.ts'
import { systemClock as clock } from './kernel/clock.ts'
import { publicOrigin, runFolder, securityMailbox, type Config } from './kernel/config.ts'
import type { Job } from './kernel/job.ts'
import { errorRecord, type Log } from './kernel/log.ts'
import { openLoopback } from './loopback.ts'
import { openCarriers, openLocalOutbox, openPost, postNotes } from './post/index.ts'
import { enqueue } from './worker/index.ts'
import { declarations, parameters } from './modules.ts'
import {
  openBackups,
  openRestores,
  openStandby,
  restoreEnvironment,
  type Backups,
  type Restores,
} from './recovery/index.ts'
import {
  clauseCatalogue,
  controlRegistry,
  openStatusBoard,
  programHash,
  type KnownFacts,
} from './policy/index.ts'

const rootUrl = new URL('..', import.meta.url)

/** What the linter is told besides the text. */
function knownFacts(config: Config, changesArchived: boolean): KnownFacts {
  return {
    vendorsRegistered: [],
    contactConfigured: config.SECURITY_CONTACT !== '',
    certificateStates: {},
    cardDataOutOfReach: false,
    changesArchived,
  }
}

/** What a reader of the public page must know about this installation. */
export function honestNotes(config: Config, secrets: ProductSecrets): string[] {
  return [
    ...(config.WHATSAPP_API_URL === ''
      ? ['Messages to WhatsApp go to a local stand-in: they are recorded and not delivered.']
      : []),
    ...rootNotes(config),
    ...certificateNotes(config),
    ...postNotes(config, secrets),
    ...(config.BACKUP_STORES === ''
      ? ['Backups are kept in two folders here, which stand in for two regions.']
      : []),
  ]
}

function rootNotes({ KEY_ROOT: root }: Config): string[] {
  if (root === 'local-file')
    return ['Keys are held in a local key folder, which stands in for a key management service.']
  return root.startsWith('vault:') ? [`Vault keeps the root key. ${VAULT_UNVERIFIED}`] : []
}

function certificateNotes(config: Config): string[] {
  if (config.SURETY_TLS_CERT !== '') return []
  return config.SURETY_ACME_DIRECTORY === ''
    ? ['The certificate is issued by a local authority that browsers do not know.']
    : [
        'Until the ordered certificate arrives, one of a local authority is shown, which browsers do not know.',
      ]
}

/** Says a line to whoever started the system, past every log. */
function tell(line: string): void {
  process.send?.({ say: line })
}

/** People, sessions, and what the system says of itself. */
export async function openServices(config: Config, log: Log, ground: Ground) {
  const { db, policy, keys, audit, notices } = ground
  const origin = publicOrigin(config)
  const hasher = openPasswordHasher(await openPeppers(config.SURETY_KEYS))
  const outbox = openLocalOutbox(join(config.SURETY_VAR, 'outbox'), keys)
  const { record } = ground
  const secrets = await openProductSecrets({ db, clock, keys, record, environment: config })
  const carriers = openCarriers(config, outbox, tell, secrets)
  const postParts = { db, clock, keys, audit, carriers, enqueue, outbox }
  const post = openPost(postParts)
  const breaches = openBreaches({ url: config.BREACH_URL, corpus: openCorpus(config.BREACH_CORPUS), clock })
  const rechecks = openRechecks(breaches, clock)
  const privateIssuers = config.SIGN_IN_PRIVATE_ISSUERS === 'yes'
  const sms = { countries: config.SMS_COUNTRIES, codesPerHourMax: config.SMS_CODES_PER_HOUR }
  const keyMakes = await openKeyMakes(config.WEBAUTHN_MAKES, config.WEBAUTHN_ROOTS)
  const accessParts = {
    sms,
    keyMakes,
    db,
    notices,
    clock,
    policy,
    keys,
    audit,
    hasher,
    breaches,
    rechecks,
    privateIssuers,
    post,
    securityMailbox: securityMailbox(config),
    origin,
    log,
  }
  const access = openAccess(accessParts)
  const reader = openAuditReader({ db, keys, audit })
  const gateway = later<Gateway>('the gateway')
  const jobs = later<readonly Job[]>('the worker')
  return {
    access,
    accessParts,
    reader,
    gateway,
    jobs,
    loopback: loopbackTo(config, gateway.get),
    origin,
    secrets,
    postParts: { ...postParts, post },
    ...(await openDefences(config, log, ground)),
  }
}

/** What the gateway turns requests away with. */
async function openDefences(config: Config, log: Log, { db, keys, audit, policy }: Ground) {
  const record: RecordEvent = (event) => audit.record(db, event)
  return {
    house: await openFirewallHouse({ config, db, keys, clock, policy, log, record }),
    blockList: await openBlockList({ db, keys, clock, audit }),
  }
}

function loopbackTo(config: Config, gateway: () => Gateway): ReturnType<typeof openLoopback> {
  return openLoopback(() => {
    const { addresses, authority } = gateway()
    const host = addresses.https.host === '0.0.0.0' ? '127.0.0.1' : addresses.https.host
    return { host, port: addresses.https.port, name: config.SURETY_HOST, ca: authority }
  })
}

/** The services, opened. */
export type Services = Awaited<ReturnType<typeof openServices>>

/** Which control proves which clause, and the board that shows it. */
export async function openProof(config: Config, log: Log, ground: Ground, services: Services) {
  const { db, live, signer } = ground
  const program = await programHash(rootUrl)
  const drift = { db, signer, parameters, clock }
  const backups = openBackups({ ...ground, config, clock, log })
  const copying = keyringCopying(ground, backups)
  const restores = restoresOf(config, log, ground, backups)
  const recovery = { ...recoveryParts(config, log, ground), backups, restores }
  const standby = openStandby({ db, clock, audit: ground.audit, policy: live })
  const registered = () => ({
    catalogue: clauseCatalogue,
    parameters,
    controls,
    declarations: declarations(config.SECURITY_CONTACT),
  })
  const controls = bindAll({
    ...ground,
    ...services,
    config,
    clock,
    rootFolder: fileURLToPath(rootUrl),
    serviceSocket: sockets(config).serviceSocket,
    gateway: services.gateway.get,
    firewall: services.house.firewall,
    jobs: services.jobs.get,
    access: { parts: services.accessParts, access: services.access, door: services.loopback },
    policySystem: { ...drift, policy: live, registered },
    recoverySystem: recovery,
    keyringCopies: async () => storedCopies(await copying.open()),
    standbySystem: standby,
  })
  const registry = controlRegistry(registered())
  const known = (): KnownFacts => knownFacts(config, backups.archives())
  const databaseUrl = config.DATABASE_URL
  const board = await openStatusBoard({ ...drift, databaseUrl, log, registry, policy: live, program, known })
  const startSpreadSeconds = config.CHECKS_SPREAD_SECONDS
  const runs = { ...drift, audit: ground.audit, log, registry, policy: live, program, startSpreadSeconds }
  const recoveryWrapper = async () => (await backups.house()).keys.wrapper
  return {
    registry,
    board,
    known,
    runs,
    recovery,
    backups,
    standby,
    keyringCopying: copying,
    recoveryWrapper,
  }
}

/** Where copies of the keyring go: to the stores of backups, under the same name of the system. */
function keyringCopying({ db, keyring }: Ground, backups: Backups): KeyringCopying {
  const open = async () => {
    const { stores, keys } = await backups.house()
    return { keyring, clock, stores: () => stores, wrapper: keys.wrapper, system: await clusterOf(db) }
  }
  return { keyring, clock, open }
}

function restoresOf(config: Config, log: Log, { db, audit }: Ground, backups: Backups): Restores {
  const environment = restoreEnvironment(process.env)
  const programFile = fileURLToPath(new URL('launch/restore.ts', rootUrl))
  const repository = async () => (await backups.house()).repository
  return openRestores({ config, db, clock, audit, log, repository, programFile, environment })
}

/** The proof, opened. */
export type Proof = Awaited<ReturnType<typeof openProof>>

/** What restores left here whose process was cut off. */
export function removeLeftovers({ recovery }: Proof, log: Log): void {
  const complain = (error: unknown): void =>
    log.warn(errorRecord(error), 'what restores left here waits to be removed')
  recovery.restores.sandboxes.sweep().catch(complain)
}

/** Where the key that opens backups belongs; a repository that is away for now keeps nobody from a start. */
export async function recoveryNotes({ backups }: Proof, log: Log): Promise<readonly string[]> {
  try {
    return await (await backups.house()).keys.notes()
  } catch (error) {
    log.warn(errorRecord(error), 'the repository of backups could not be opened')
    return []
  }
}

function recoveryParts(config: Config, log: Log, { db, keyring, policy, audit, root }: Ground) {
  return {
    db,
    keyring,
    clock,
    policy,
    audit,
    log,
    root,
    keysFolder: config.SURETY_KEYS,
    recoveryFolder: config.SURETY_RECOVERY_KEYS,
    residency: config.BACKUP_RESIDENCY,
    varFolder: config.SURETY_VAR,
    databaseUrl: config.DATABASE_URL,
  }
}

/** Where the two sockets are. */
export function sockets(config: Config): { readonly serviceSocket: string; readonly operatorSocket: string } {
  return {
    serviceSocket: join(runFolder(config), 'service.sock'),
    operatorSocket: join(runFolder(config), 'operator.sock'),
  }
}
