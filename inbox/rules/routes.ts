import { channelOf } from '../channels/queries.ts'
import type { Core } from '../core.ts'
import type { Database } from '../db/database.ts'
import { apiRoute } from '../http/route.ts'
import { newId } from '../kernel/id.ts'
import { Problem } from '../kernel/problem.ts'
import { z } from '../kernel/schema.ts'
import { chooseRule, type Rule } from './choose.ts'
import { openRule, sealRule } from './content.ts'
import { wordsOf } from './fold.ts'
import { deleteRule, insertRule, ruleOf, rulesOf, updateRule } from './queries.ts'
import { asTenant } from '../db/tenant.ts'

const byId = z.strictObject({ id: z.uuid() })
const DAYS_30 = 30 * 86_400

const word = z
  .string()
  .min(1)
  .max(100)
  .refine((text) => wordsOf(text).length > 0, 'holds no word')

const ruleBody = z
  .strictObject({
    name: z.string().trim().min(1).max(100),
    kind: z.enum(['keyword', 'first-message']),
    channelId: z.uuid().nullable().default(null),
    words: z.array(word).max(50).default([]),
    reply: z
      .string()
      .min(1)
      .max(3000)
      .refine((text) => text.trim() !== '', 'is blank'),
    priority: z.int().min(1).max(10_000).default(100),
    cooldownSeconds: z.int().min(0).max(DAYS_30).default(300),
    enabled: z.boolean().default(true),
  })
  .refine(({ kind, words }) => (kind === 'keyword') === words.length > 0, {
    path: ['words'],
    message: 'a keyword rule has words, a first-message rule has none',
  })

type RuleBody = z.output<typeof ruleBody>

const previewBody = z.strictObject({
  channelId: z.uuid(),
  text: z.string().max(4096),
  /** Whether the contact never wrote before. */
  first: z.boolean().default(false),
})

const view = (rule: Rule, version: number) => ({ ...rule, version })

/** Automatic replies: made, changed, and tried out before anybody writes. */
export function ruleRoutes(core: Core) {
  return [
    listRoute(core),
    createRoute(core),
    changeRoute(core),
    removeRoute(core),
    previewRoute(core),
  ] as const
}

function listRoute(core: Core) {
  return apiRoute({
    method: 'GET',
    path: '/inbox/rules',
    permission: 'rule.read',
    event: { none: 'rules hold no personal data' },
    handle: async ({ workspace }) => {
      const vault = await core.vaults(workspace)
      const rows = await asTenant(core.db, workspace, (tx) => rulesOf(tx, workspace))
      return { rules: rows.map((row) => view(openRule(vault, row), row.version)) }
    },
  })
}

function createRoute(core: Core) {
  return apiRoute({
    method: 'POST',
    path: '/inbox/rules',
    permission: 'rule.edit',
    event: 'rule.created',
    body: ruleBody,
    handle: async ({ workspace, body, actor, request }) => {
      const vault = await core.vaults(workspace)
      const id = newId(core.clock)
      const now = core.clock.now()
      return asTenant(core.db, workspace, async (tx) => {
        await requireChannel(tx, workspace, body.channelId)
        const columns = { ...columnsOf(body), content: sealRule(vault, id, body) }
        await insertRule(tx, {
          workspace_id: workspace,
          id,
          ...columns,
          version: 1,
          created_at: now,
          changed_at: now,
        })
        const target = { kind: 'rule', id }
        await core.record(tx, {
          type: 'rule.created',
          workspace,
          actor,
          request,
          target,
          details: detailsOf(body),
        })
        return view({ id, ...body }, 1)
      })
    },
  })
}

function changeRoute(core: Core) {
  return apiRoute({
    method: 'PUT',
    path: '/inbox/rules/:id',
    permission: 'rule.edit',
    event: 'rule.changed',
    params: byId,
    query: z.strictObject({ version: z.coerce.number().int().min(1) }),
    body: ruleBody,
    handle: async ({ workspace, params: { id }, query, body, actor, request }) => {
      const vault = await core.vaults(workspace)
      return asTenant(core.db, workspace, async (tx) => {
        const before = await ruleOf(tx, workspace, id)
        if (before === undefined) throw unknownRule()
        await requireChannel(tx, workspace, body.channelId)
        const version = query.version + 1
        const content = sealRule(vault, id, body)
        const set = { ...columnsOf(body), content, version, changed_at: core.clock.now() }
        if (!(await updateRule(tx, workspace, id, query.version, set)))
          throw new Problem('resource.conflict', 'Somebody changed this rule meanwhile; read it again.')
        const details = { ...detailsOf(body), before: detailsOf(openRule(vault, before)) }
        const target = { kind: 'rule', id }
        await core.record(tx, { type: 'rule.changed', workspace, actor, request, target, details })
        return view({ id, ...body }, version)
      })
    },
  })
}

function removeRoute(core: Core) {
  return apiRoute({
    method: 'DELETE',
    path: '/inbox/rules/:id',
    permission: 'rule.edit',
    event: 'rule.deleted',
    params: byId,
    handle: ({ workspace, params: { id }, actor, request }) =>
      asTenant(core.db, workspace, async (tx) => {
        if (!(await deleteRule(tx, workspace, id))) throw unknownRule()
        const target = { kind: 'rule', id }
        await core.record(tx, { type: 'rule.deleted', workspace, actor, request, target })
        return {}
      }),
  })
}

function previewRoute(core: Core) {
  return apiRoute({
    method: 'POST',
    path: '/inbox/rules/preview',
    permission: 'rule.read',
    event: { none: 'nothing is kept of what is tried out' },
    body: previewBody,
    handle: async ({ workspace, body }) => {
      const vault = await core.vaults(workspace)
      const rows = await asTenant(core.db, workspace, async (tx) => {
        await requireChannel(tx, workspace, body.channelId)
        return rulesOf(tx, workspace)
      })
      const rules = rows.map((row) => openRule(vault, row))
      const question = { ...body, now: core.clock.now(), lastFired: new Map<string, Date>() }
      const { chosen, verdicts } = chooseRule(rules, question)
      return {
        reply: chosen?.reply ?? null,
        rules: verdicts.map(({ rule, verdict }) => ({ id: rule.id, name: rule.name, verdict })),
      }
    },
  })
}

function columnsOf({ channelId, kind, priority, cooldownSeconds, enabled }: RuleBody) {
  return { channel_id: channelId, kind, priority, cooldown_seconds: cooldownSeconds, enabled }
}

/** What the audit log keeps of a rule: settings and sizes, not its text. */
function detailsOf({ kind, priority, cooldownSeconds, enabled, words, reply }: Omit<Rule, 'id' | 'name'>) {
  return { kind, priority, cooldownSeconds, enabled, words: words.length, replyCharacters: reply.length }
}

async function requireChannel(db: Database, workspace: string, id: string | null): Promise<void> {
  if (id !== null && (await channelOf(db, workspace, id)) === undefined)
    throw new Problem('resource.unknown', 'No channel of this workspace has this id.')
}

function unknownRule(): Problem {
  return new Problem('resource.unknown', 'No rule of this workspace has this id.')
}
