/** The composition root of the platform: reads the settings, wires the modules by plain arguments, listens, stops. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { accessJobs, accessRoutes } from './access/index.ts'
import {
  auditJobs,
  auditRoutes,
  auditSocketRoutes,
  ledgerRoutes,
  requestsWithEvents,
  startSequenceLoop,
  waitingEvents,
} from './audit/index.ts'
import { databaseAnswers, listenFor } from './db/index.ts'
import {
  encryptionJobs,
  encryptionRoutes,
  rotationJobs,
  rotationRoutes,
  rootAnswers,
  rootJobs,
  rootRoutes,
  storedCopies,
  databaseAgeNotes,
  keyRoutes,
  keyringAnswers,
  keyringBackupJobs,
  inventoryRoutes,
  secretRoutes,
} from './encryption/index.ts'
import {
  blockListJobs,
  blockListRoutes,
  firewallJobs,
  firewallRoutes,
  limiterOver,
  openSharedRates,
  startGateway,
  type Gateway,
  type SharedRates,
} from './gateway/index.ts'
import { openGround, type Ground } from './ground.ts'
import { localProgram } from './kernel/caller.ts'
import { secondsBetween, systemClock as clock } from './kernel/clock.ts'
import { keyClasses, lookUps, rotationParts } from './key-classes.ts'
import { ConfigError, readConfig, type Config } from './kernel/config.ts'
import { newId } from './kernel/id.ts'
import type { Job } from './kernel/job.ts'
import { errorRecord, openLog, type Log } from './kernel/log.ts'
import type { AnyRoute } from './kernel/route.ts'
import {
  policyJobs,
  policyOperatorRoutes,
  policyRoutes,
  policyServiceRoutes,
  runAllSoon,
} from './policy/index.ts'
import {
  honestNotes,
  openProof,
  openServices,
  recoveryNotes,
  removeLeftovers,
  sockets,
  type Proof,
  type Services,
} from './proof.ts'
import { postJobs, postRoutes } from './post/index.ts'
import {
  backupKeyClasses,
  followChanges,
  letCommitsGo,
  makeDueBackup,
  recoveryJobs,
  recoveryRoutes,
  standbyRoutes,
} from './recovery/index.ts'
import { stopOnce } from './stop-once.ts'
import { trustRoutes } from './trust/index.ts'
import { startWorker } from './worker/index.ts'

/** Events that wait longer than this for the ledger mean that it cannot be written. */
const LEDGER_LAG_SECONDS_MAX = 60
/** Beyond the time that requests get to end; the supervisor waits as long (seconds). */
const STOP_GRACE_SECONDS = 5
/** How often the listener makes sure that no notice can have been missed. */
const NOTICE_PULSE_MS = 250

const rootUrl = new URL('..', import.meta.url)

/** Where copies of keys are, and what they are wrapped with. */
function keyCopies(config: Config, proof: Proof) {
  return {
    keysFolder: config.SURETY_KEYS,
    wrapper: proof.recoveryWrapper,
    copies: async () => storedCopies(await proof.keyringCopying.open()),
  }
}

/** Every route of every module but the gateway's own. */
function allRoutes(config: Config, ground: Ground, services: Services, proof: Proof): readonly AnyRoute[] {
  const { workspaces } = services.access
  const auditParts = { ...ground, clock, reader: services.reader }
  const policyParts = {
    ...ground.published,
    ...proof.runs,
    ...proof,
    policy: ground.live,
    policyFolder: config.SURETY_POLICY,
  }
  const trust = {
    ...ground,
    clock,
    board: proof.board,
    service: 'Instant Reply',
    origin: services.origin,
    contact: config.SECURITY_CONTACT,
    get notes() {
      return honestNotes(config, services.secrets)
    },
    signedBy: ground.signer.id,
    verifierKey: ground.ledger.verifierKey,
  }
  return [
    ...accessRoutes(services.access),
    ...auditRoutes(auditParts),
    ...ledgerRoutes(auditParts),
    ...auditSocketRoutes(auditParts),
    ...rootRoutes({ ...ground.keyParts, ...ground.rootActs, root: ground.root, policy: ground.policy }),
    ...rotationRoutes({
      ...ground,
      clock,
      lookUps,
      classes: keyClasses(ground, config.SURETY_KEYS, backupKeyClasses(proof.recovery)),
    }),
    ...keyRoutes({ ...ground.keyParts, ...keyCopies(config, proof) }),
    ...encryptionRoutes({ ...ground, ...rotationParts(ground), tenantIsActive: workspaces.isTenant }),
    ...firewallRoutes(services.house.parts),
    ...policyRoutes(policyParts),
    ...policyOperatorRoutes(policyParts),
    ...policyServiceRoutes(policyParts),
    ...postRoutes(services.postParts),
    ...recoveryRoutes(proof.recovery),
    ...standbyRoutes(proof.standby),
    ...inventoryRoutes({ ...ground, clock, statedVolumes: config.DISK_STATEMENTS }),
    ...secretRoutes(services),
    ...trustRoutes(trust),
    ...blockListRoutes(services.blockList),
  ] as readonly AnyRoute[]
}

/** The store in which several gateways count together, where one is named. */
async function openRates(config: Config, log: Log): Promise<SharedRates | null> {
  if (config.RATE_STORE_URL === '') return null
  return openSharedRates({
    url: config.RATE_STORE_URL,
    lost: config.RATE_STORE_LOST,
    clock,
    told: (error) => log.warn(errorRecord(error), 'the store of rates was lost'),
  })
}

async function openGate(
  config: Config,
  log: Log,
  ground: Ground,
  services: Services,
  proof: Proof,
  rates: SharedRates | null,
): Promise<Gateway> {
  const { db, audit, policy } = ground
  const answers = async (): Promise<boolean> => {
    const { oldest } = await waitingEvents(db)
    return oldest === null || secondsBetween(oldest, clock.now()) < LEDGER_LAG_SECONDS_MAX
  }
  return startGateway({
    config,
    clock,
    policy,
    log,
    access: {
      identify: services.access.identify,
      decide: services.access.decide,
      used: services.access.usedAtService,
      fresh: services.access.isFresh,
      provesForm: services.access.provesForm,
    },
    record: (event) => audit.record(db, event),
    recordedOf: (ids) => requestsWithEvents(db, ids),
    routes: allRoutes(config, ground, services, proof),
    readiness: [
      { name: 'database', ready: () => databaseAnswers(db) },
      { name: 'keyring', ready: () => keyringAnswers(ground.keyring) },
      { name: 'ledger', ready: answers },
      { name: 'root', ready: rootAnswers(ground.root, clock) },
    ],
    upstream: new URL(config.UPSTREAM_URL),
    limiter: rates === null ? undefined : limiterOver(rates),
    turnedAway: services.blockList,
    firewall: services.house.firewall,
    consoleFolder: fileURLToPath(new URL('console/dist', rootUrl)),
    ...sockets(config),
  })
}

function allJobs(ground: Ground, services: Services, proof: Proof): readonly Job[] {
  const { db, audit, policy, keys } = ground
  return [
    ...accessJobs({ db, clock, policy, audit, access: services.access }),
    ...auditJobs({ db, audit, policy, clock }),
    ...encryptionJobs({ ...ground.keyParts, policy, keys }),
    ...keyringBackupJobs(proof.keyringCopying),
    ...rotationJobs(rotationParts(ground)),
    ...rootJobs({ ...ground.keyParts, ...ground.rootActs, root: ground.root, policy }),
    ...blockListJobs(services.blockList),
    ...firewallJobs(services.house.parts),
    ...policyJobs(proof.runs),
    ...postJobs(services.postParts),
    ...recoveryJobs(proof.recovery),
  ]
}

/** The link for the first administrator; null once somebody has that role. */
async function firstLink(services: Services): Promise<string | null> {
  const caller = localProgram('operator', 'start')
  const made = await services.access.firstLink({ requestId: newId(clock), caller })
  return made?.link ?? null
}

function listenHere(
  config: Config,
  ground: Ground,
  services: Services,
  poke: () => void,
  log: Log,
): Promise<() => Promise<void>> {
  const { keys, notices } = ground
  const { deliverSoon } = services.postParts.post
  const complain = (error: unknown): void => log.warn(errorRecord(error), 'a message waits for the queue')
  const readBlocks = (): void => {
    services.blockList
      .reload()
      .catch((error: unknown) => log.error(errorRecord(error), 'the block list could not be read'))
  }
  const readSecrets = (): void => {
    services.secrets
      .reload()
      .catch((error: unknown) => log.error(errorRecord(error), 'secrets of the product could not be read'))
  }
  return listenFor(
    config.DATABASE_URL,
    {
      audit_recorded: poke,
      keys_changed: (tenant) => {
        keys.forget(tenant)
        // A destruction that was asked for is committed now.
        keys.carryOut().catch((error: unknown) => log.error(errorRecord(error), 'keys wait to be destroyed'))
      },
      session_revoked: (payload) => notices.heard('session_revoked', payload),
      access_changed: (payload) => notices.heard('access_changed', payload),
      post_waiting: (id) => void deliverSoon(id).catch(complain),
      blocks_changed: readBlocks,
      secrets_changed: readSecrets,
    },
    {
      reconnected: () => {
        keys.forget()
        notices.interrupted()
        readBlocks()
        readSecrets()
        poke()
      },
      lost: (error) => {
        notices.interrupted()
        log.warn(errorRecord(error), 'notices interrupted')
      },
      pulse: { everyMs: NOTICE_PULSE_MS, heard: notices.confirmed },
    },
  )
}

async function main(): Promise<void> {
  const config = readConfig(process.env)
  const log = openLog('platform', config.LOG_LEVEL)
  if (config.BACKUP_SYNCHRONOUS === 'yes') await letCommitsGo(config.DATABASE_URL)
  const ground = await openGround(config, log)
  const services = await openServices(config, log, ground)
  // After a restore to an earlier moment: before anybody can come in.
  await services.access.workspaces.removeErased()
  await services.access.erasure.removeErased()
  const proof = await openProof(config, log, ground, services)
  const jobs = allJobs(ground, services, proof)
  services.jobs.set(jobs)
  const rates = await openRates(config, log)
  const gateway = await openGate(config, log, ground, services, proof, rates)
  services.gateway.set(gateway)
  const sequencing = startSequenceLoop(ground.ledger, log)
  const stopListening = await listenHere(config, ground, services, sequencing.poke, log)
  const worker = await startWorker({ databaseUrl: config.DATABASE_URL, db: ground.db, jobs, log })
  backUpThenCheck(ground, proof, log)
  removeLeftovers(proof, log)
  const stop = stopOnce(
    async () => {
      await gateway.stop()
      await worker.stop(config.SHUTDOWN_SECONDS)
      await proof.board.stop()
      await proof.recovery.restores.close()
      await proof.backups.stop()
      await rates?.close()
      await stopListening()
      await services.house.stop()
      await ground.live.stop()
      await services.access.close()
      await sequencing.stop()
      await ground.close()
    },
    config.SHUTDOWN_SECONDS + STOP_GRACE_SECONDS,
    log,
  )
  services.house.start()
  followChanges(proof.standby, log)
  process.on('SIGHUP', services.house.refresh)
  heedStop(stop)
  worker.ended.catch((error: unknown) => {
    log.error(errorRecord(error), 'the worker ended by itself')
    process.exitCode = 1
    stop()
  })
  await sayReady(config, ground, services, gateway, await recoveryNotes(proof, log))
}

/** The first backup comes before the first look for one. */
function backUpThenCheck({ db }: Ground, { backups }: Proof, log: Log): void {
  backups.start()
  makeDueBackup(backups.schedule)
    .catch((error: unknown) => log.error(errorRecord(error), 'the backup that was due could not be made'))
    .then(() => runAllSoon(db))
    .catch((error: unknown) => log.error(errorRecord(error), 'the checks wait for their next minute'))
}

function heedStop(stop: () => void): void {
  process.on('SIGTERM', stop)
  // Ctrl-C reaches every process of the group; the supervisor stops them in order.
  process.on('SIGINT', () => {})
  process.once('disconnect', stop)
}

/** Tells the supervisor where everything is, once it is. */
async function sayReady(
  config: Config,
  ground: Ground,
  services: Services,
  gateway: Gateway,
  recovery: readonly string[],
): Promise<void> {
  const { origin, http } = gateway.addresses
  const addresses = {
    console: `${origin}/console/`,
    trust: `${origin}/trust`,
    service: `${origin}/`,
    redirect: `http://${http.host}:${http.port}`,
  }
  const notes = [
    ...services.house.notes(),
    ...(await databaseAgeNotes(ground.db, clock)),
    ...recovery,
    ...(gateway.authority === null
      ? []
      : [`Trust ${join(config.SURETY_KEYS, 'authority.pem')} to browse without a warning.`]),
  ]
  process.send?.({ addresses, notes, firstLink: await firstLink(services) })
}

main().catch((error: unknown) => {
  const log = openLog('platform', 'error')
  log.error(
    error instanceof ConfigError ? { refusals: error.refusals } : errorRecord(error),
    'the platform could not start',
  )
  process.exit(1)
})
