import { identitiesOf, setContactState } from '../contacts/queries.ts'
import { ownVault } from '../contacts/resolve.ts'
import type { Core } from '../core.ts'
import { announce, type Changes } from '../db/changes.ts'
import { changeStream } from '../http/event-stream.ts'
import { apiRoute } from '../http/route.ts'
import { secondsAfter } from '../kernel/clock.ts'
import { Problem } from '../kernel/problem.ts'
import { z } from '../kernel/schema.ts'
import { messagesOf } from '../messages/queries.ts'
import { changeHold, close, release, takeOver } from './hold.ts'
import { conversationLine, conversationPage, decisionCodes, workspaceCounts } from './queries.ts'
import { reply, unknownConversation } from './reply.ts'
import { conversationView, maskedIdentity, messageView, readCursor, writeCursor } from './view.ts'
import { asTenant } from '../db/tenant.ts'

const byId = z.strictObject({ id: z.uuid() })
const DAY_SECONDS = 86_400

const listQuery = z.strictObject({
  status: z.enum(['open', 'waiting', 'bot', 'human', 'closed']).default('open'),
  cursor: z.string().max(300).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
})

const pageQuery = z.strictObject({
  before: z.coerce.number().int().min(1).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
})

const replyBody = z.strictObject({
  /** Chosen by the client for each message; sending it again sends nothing again. */
  key: z.uuid(),
  text: z
    .string()
    .min(1)
    .max(4096)
    .refine((text) => text.trim() !== '', 'is blank'),
})

/** Reading and answering conversations. */
export function conversationRoutes(core: Core, changes: Pick<Changes, 'subscribe'>) {
  return [
    listRoute(core),
    readRoute(core),
    ...watchingRoutes(core, changes),
    ...answeringRoutes(core),
  ] as const
}

function listRoute(core: Core) {
  return apiRoute({
    method: 'GET',
    path: '/inbox/conversations',
    permission: 'conversation.read',
    event: 'conversation.listed',
    query: listQuery,
    handle: async ({ workspace, query, actor, request }) => {
      const after = query.cursor === undefined ? null : readCursor(query.cursor)
      if (query.cursor !== undefined && after === null)
        throw new Problem('request.invalid', 'query.cursor: is not one that this list gave')
      const page = { filter: query.status, after, countMax: query.limit + 1 }
      const found = await asTenant(core.db, workspace, async (tx) => {
        const lines = await conversationPage(tx, workspace, page)
        const details = { status: query.status, count: Math.min(lines.length, query.limit) }
        await core.record(tx, { type: 'conversation.listed', workspace, actor, request, details })
        return lines
      })
      const shown = found.slice(0, query.limit)
      const last = found.length > query.limit ? shown.at(-1) : undefined
      const vaultOf = await core.personVaults(
        workspace,
        shown.map((line) => line.contact_id),
      )
      return {
        conversations: shown.map((line) => conversationView(vaultOf(line.contact_id), line)),
        next: last === undefined ? null : writeCursor({ at: last.sort_key, id: last.id }),
      }
    },
  })
}

function readRoute(core: Core) {
  return apiRoute({
    method: 'GET',
    path: '/inbox/conversations/:id',
    permission: 'conversation.read',
    event: 'conversation.read',
    params: byId,
    query: pageQuery,
    handle: async ({ workspace, params, query, actor, request }) => {
      return asTenant(core.db, workspace, async (tx) => {
        const line = await conversationLine(tx, workspace, params.id)
        if (line === undefined) throw unknownConversation()
        const own = await ownVault(core, workspace, line.contact_id)
        const page = { before: query.before ?? null, countMax: query.limit }
        const rows = await messagesOf(tx, workspace, line.id, page)
        const decided = rows.flatMap((row) => row.gate_decision_id ?? [])
        const codes = await decisionCodes(tx, workspace, decided)
        const names = await identitiesOf(tx, workspace, line.contact_id, line.channel_id)
        await core.record(tx, {
          type: 'conversation.read',
          workspace,
          actor,
          request,
          target: { kind: 'conversation', id: line.id },
          details: { contact: line.contact_id, messages: rows.length },
        })
        return {
          conversation: conversationView(own, line),
          identities: names.flatMap(({ kind, value: sealed }) => {
            const value = own.open(['contact_identity', kind, line.contact_id], sealed)
            return value === null ? [] : [maskedIdentity(kind, value)]
          }),
          messages: rows.toReversed().map((row) => messageView(own, row, codes)),
          /** For `before`, to read older messages; null at the beginning. */
          older: rows.length === query.limit ? (rows.at(-1)?.seq ?? null) : null,
        }
      })
    },
  })
}

function watchingRoutes(core: Core, changes: Pick<Changes, 'subscribe'>) {
  const stream = apiRoute({
    method: 'GET',
    path: '/inbox/stream',
    permission: 'conversation.read',
    event: { none: 'it carries ids only; reading what they name is recorded' },
    handle: ({ workspace }) =>
      Promise.resolve(
        changeStream(changes, (change) => {
          if (change === null) return { conversation: null }
          return change.workspace === workspace ? { conversation: change.conversation } : null
        }),
      ),
  })
  const summary = apiRoute({
    method: 'GET',
    path: '/inbox/summary',
    permission: 'conversation.read',
    event: { none: 'it carries counts only' },
    handle: async ({ workspace }) => {
      const since = secondsAfter(core.clock.now(), -DAY_SECONDS)
      const { oldest, failed, ...counts } = await asTenant(core.db, workspace, (tx) =>
        workspaceCounts(tx, workspace, since),
      )
      return { ...counts, failedToday: failed, oldestWaitingSince: oldest?.toISOString() ?? null }
    },
  })
  return [stream, summary] as const
}

function answeringRoutes(core: Core) {
  const answer = apiRoute({
    method: 'POST',
    path: '/inbox/conversations/:id/reply',
    permission: 'conversation.reply',
    event: 'message.queued',
    params: byId,
    body: replyBody,
    handle: async ({ workspace, params, body, actor, request }) => ({
      message: await reply(core, { workspace, conversation: params.id, ...body, actor, request }),
    }),
  })
  const holding = ([path, event, hold]: readonly [
    (
      | '/inbox/conversations/:id/takeover'
      | '/inbox/conversations/:id/release'
      | '/inbox/conversations/:id/close'
    ),
    'conversation.taken-over' | 'conversation.released' | 'conversation.closed',
    typeof takeOver,
  ]) =>
    apiRoute({
      method: 'POST',
      path,
      permission: 'conversation.reply',
      event,
      params: byId,
      handle: async ({ workspace, params, actor, request }) => {
        await changeHold(core, { workspace, conversation: params.id, actor, request }, hold)
        return {}
      },
    })
  return [
    answer,
    holding(['/inbox/conversations/:id/takeover', 'conversation.taken-over', takeOver]),
    holding(['/inbox/conversations/:id/release', 'conversation.released', release]),
    holding(['/inbox/conversations/:id/close', 'conversation.closed', close]),
    blockRoute(core),
  ] as const
}

function blockRoute(core: Core) {
  return apiRoute({
    method: 'POST',
    path: '/inbox/conversations/:id/block',
    permission: 'conversation.reply',
    event: 'contact.blocked',
    params: byId,
    body: z.strictObject({ blocked: z.boolean() }),
    handle: async ({ workspace, params, body, actor, request }) =>
      asTenant(core.db, workspace, async (tx) => {
        const line = await conversationLine(tx, workspace, params.id)
        if (line === undefined) throw unknownConversation()
        const state = body.blocked ? 'blocked' : 'active'
        const changed = await setContactState(tx, workspace, line.contact_id, state)
        if (changed) {
          await core.record(tx, {
            type: body.blocked ? 'contact.blocked' : 'contact.unblocked',
            workspace,
            actor,
            request,
            target: { kind: 'contact', id: line.contact_id },
          })
          await announce(tx, { workspace, conversation: line.id, contact: line.contact_id })
        }
        return { blocked: body.blocked }
      }),
  })
}
