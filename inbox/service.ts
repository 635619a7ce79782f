import { Hono } from 'hono'
import { relayEvents } from './audit/relay.ts'
import { countWaitingEvents } from './audit/queries.ts'
import { inboxEvents } from './audit/events.ts'
import { openRecorder } from './audit/record.ts'
import { channelRoutes } from './channels/routes.ts'
import { erasureFollower, REPEATED_SECONDS } from './contacts/erase.ts'
import { expireErasedMessages } from './contacts/erasure-queries.ts'
import { openFreshContacts } from './contacts/fresh-contacts.ts'
import { moveContacts } from './contacts/move.ts'
import { conversationRoutes } from './conversations/routes.ts'
import type { Core } from './core.ts'
import type { Surety } from '#client'
import { databaseAnswers, type Database } from './db/database.ts'
import type { Changes } from './db/changes.ts'
import { mountRoutes } from './http/mount.ts'
import { endDayKeys } from './intake/day-keys.ts'
import { expireDeliveries, sweepIntake, workOn } from './intake/work.ts'
import { enqueue } from './jobs/queue.ts'
import { secondsAfter, type Clock } from './kernel/clock.ts'
import { errorRecord, type Log } from './kernel/log.ts'
import { Problem, problemReply } from './kernel/problem.ts'
import { z } from './kernel/schema.ts'
import { deliver, sweepOutbox, type Delivery } from './outbox/deliver.ts'
import { ruleRoutes } from './rules/routes.ts'
import { dropRemovedTenants, workspaceRoutes } from './tenants/purge.ts'
import { openPersonVaults } from './tenants/person-vault.ts'
import { openVaults } from './tenants/vault.ts'
import { deleteVisitors } from './webchat/queries.ts'
import { mountWebChat } from './webchat/routes.ts'
import { mountWhatsAppHook } from './whatsapp/hook.ts'
import { openRefusals } from './whatsapp/refusals.ts'
import { hookTeller } from './whatsapp/signed-hooks.ts'
import type { SendText } from './whatsapp/send.ts'

/** What Instant Reply is made of. */
export interface InboxDeps {
  readonly db: Database
  readonly changes: Pick<Changes, 'subscribe'>
  readonly clock: Clock
  readonly surety: Surety
  readonly log: Log
  readonly publicOrigin: string
  readonly sendText: SendText
  readonly provider: Delivery['provider']
  /** Numbers in [0, 1) that spread retries. */
  readonly chance: () => number
}

/** Work done outside a request. */
export interface InboxJob {
  readonly name: string
  /** Five-field cron line in UTC, or undefined when only enqueued. */
  readonly cron?: string
  run(payload: unknown): Promise<void>
}

/** The assembled service. */
export interface Inbox {
  readonly app: Hono
  readonly jobs: readonly InboxJob[]
  /** Hands waiting events to the audit log; called every few seconds. */
  relay(): Promise<number>
  /** Works on everything that a process that died left behind; false when some of it waits for Surety, which has the keys. */
  recover(): Promise<boolean>
  /** Removes contacts whose keys were destroyed; called every few seconds, and after a start for all that ever were. */
  followErasures(): Promise<number>
  /** Declares the event types; before the first relay, and again after Surety refused one. */
  declareEvents(): Promise<void>
  /** Tells the gateway on which paths a provider signs; called every few seconds. */
  tellHooks(): Promise<void>
}

/** Every route of the API, as one tuple whose types are the contract. */
export function inboxRoutes(core: Core, deps: Pick<InboxDeps, 'changes' | 'surety'>) {
  return [
    ...conversationRoutes(core, deps.changes),
    ...ruleRoutes(core),
    ...channelRoutes(core),
    ...workspaceRoutes({ ...core, surety: deps.surety }),
  ] as const
}

/** Puts the service together; nothing runs until its jobs and its HTTP app are. */
export function openInbox(deps: InboxDeps): Inbox {
  const { db, clock, log, surety } = deps
  const vaults = openVaults(surety, () => clock.now())
  const personVaults = openPersonVaults(surety, () => clock.now())
  const record = openRecorder({ clock, vaults })
  const freshContacts = openFreshContacts({ clock, log, personVaults })
  const core: Core = { db, clock, log, vaults, personVaults, freshContacts, record, enqueue }
  const delivery: Delivery = {
    ...core,
    sendText: deps.sendText,
    provider: deps.provider,
    chance: deps.chance,
  }
  const refusals = openRefusals()
  const app = new Hono()
  app.onError((error, c) => {
    const reply = problemReply(error, c.req.header('surety-request-id') ?? '')
    if (reply.status >= 500)
      log.error({ requestId: reply.requestId, ...errorRecord(error) }, 'a request failed')
    return Response.json(reply, {
      status: reply.status,
      headers: {
        ...Object.fromEntries(c.res.headers),
        'content-type': 'application/problem+json',
        'cache-control': 'no-store',
        ...(reply.status === 503 ? { 'retry-after': '2' } : {}),
      },
    })
  })
  app.notFound(() => {
    throw new Problem('resource.unknown', 'Nothing has this address.')
  })
  mountHealth(app, db)
  mountWhatsAppHook(app, core, refusals)
  mountWebChat(app, { ...core, changes: deps.changes, publicOrigin: deps.publicOrigin })
  mountRoutes(app, inboxRoutes(core, deps), surety)
  app.get('/', (c) => c.redirect('/console/', 302))
  return {
    app,
    jobs: jobsOf(core, delivery, deps, refusals),
    recover: async () => {
      const waiting = (await sweepIntake(core, 0)) + (await sweepOutbox(delivery))
      return waiting === 0
    },
    relay: () => relayEvents({ db, vaults, surety, log }),
    followErasures: erasureFollower({ ...core, surety }),
    declareEvents: () => surety.declareEvents(inboxEvents),
    tellHooks: hookTeller({ db, vaults, log, surety }),
  }
}

function mountHealth(app: Hono, db: Database): void {
  app.get('/healthz', (c) => c.json({ ok: true }))
  app.get('/readyz', async (c) => {
    await databaseAnswers(db)
    return c.json({ ok: true, eventsWaiting: await countWaitingEvents(db) })
  })
}

/** Moving older values takes at most so much of a minute. */
const MOVE_SECONDS = 30

const intakePayload = z.strictObject({ id: z.uuid() })
const deliverPayload = z.strictObject({ workspace: z.uuid(), message: z.uuid() })

function jobsOf(
  core: Core,
  delivery: Delivery,
  deps: Pick<InboxDeps, 'surety'>,
  refusals: ReturnType<typeof openRefusals>,
): readonly InboxJob[] {
  return [
    { name: 'intake', run: (payload) => workOn(core, intakePayload.parse(payload).id) },
    {
      name: 'deliver',
      run: (payload) => {
        const { workspace, message } = deliverPayload.parse(payload)
        return deliver(delivery, workspace, message)
      },
    },
    {
      name: 'sweep',
      cron: '* * * * *',
      run: async () => {
        await sweepIntake(core)
        await sweepOutbox(delivery)
      },
    },
    { name: 'report-refusals', cron: '* * * * *', run: () => refusals.report(core) },
    {
      name: 'drop-removed-tenants',
      cron: '*/5 * * * *',
      run: async () => void (await dropRemovedTenants({ ...core, surety: deps.surety })),
    },
    ...erasureJobs(core, deps),
    {
      name: 'expire',
      cron: '17 * * * *',
      run: async () => {
        await expireDeliveries(core)
        await deleteVisitors(core.db, secondsAfter(core.clock.now(), -86_400))
        await expireErasedMessages(core.db, secondsAfter(core.clock.now(), -REPEATED_SECONDS))
      },
    },
  ]
}

/** What lets contacts be erased: everything of theirs under their own keys, and nothing kept of days gone by. */
function erasureJobs(core: Core, { surety }: Pick<InboxDeps, 'surety'>): readonly InboxJob[] {
  return [
    {
      name: 'end-day-keys',
      cron: '43 4 * * *',
      run: async () => void (await endDayKeys({ ...core, surety })),
    },
    {
      name: 'move-contacts',
      cron: '* * * * *',
      run: async () => {
        const end = core.clock.now().getTime() + MOVE_SECONDS * 1000
        await moveContacts(core, () => core.clock.now().getTime() >= end)
      },
    },
  ]
}
