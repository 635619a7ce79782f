import type { ChannelRow } from '../channels/queries.ts'
import { identitiesOf, type ContactRow } from '../contacts/queries.ts'
import type { ConversationRow } from '../conversations/queries.ts'
import type { Core } from '../core.ts'
import type { Database } from '../db/database.ts'
import { secondsAfter } from '../kernel/clock.ts'
import { newId } from '../kernel/id.ts'
import type { PersonVault } from '../tenants/person-vault.ts'
import { gate, LOOP_SECONDS, type GateInput, type GateVerdict } from './gate.ts'
import { insertDecision, sessionEnd, storedFacts } from './queries.ts'

/** A message that asks to leave. */
export interface GateQuestion {
  /** The key of the contact. */
  readonly own: PersonVault
  readonly channel: ChannelRow
  readonly contact: ContactRow
  readonly conversation: ConversationRow
  readonly author: 'rule' | 'person'
  /** The rule that answers, with its cooldown. */
  readonly rule: { readonly id: string; readonly cooldownSeconds: number } | null
  /** The message's place in line when it is stored already; it and later ones do not count against it. */
  readonly messageSeq: number | null
}

/** Gathers the facts, asks the gate, and records the verdict in the caller's transaction. */
export async function decide(
  core: Pick<Core, 'clock' | 'record'>,
  tx: Database,
  question: GateQuestion,
): Promise<GateVerdict & { readonly decisionId: string }> {
  const input = await gatherFacts(tx, core.clock.now(), question)
  const verdict = gate(input)
  const decisionId = newId(core.clock)
  const { conversation, author, rule } = question
  await insertDecision(tx, {
    workspace_id: conversation.workspace_id,
    id: decisionId,
    conversation_id: conversation.id,
    author,
    allowed: verdict.allow,
    code: verdict.code,
    facts: JSON.stringify(input),
    rule_id: rule?.id ?? null,
    at: input.now,
  })
  if (!verdict.allow)
    await core.record(tx, {
      type: 'gate.refused',
      workspace: conversation.workspace_id,
      target: { kind: 'conversation', id: conversation.id },
      outcome: 'refused',
      details: { code: verdict.code, author, decision: decisionId, rule: rule?.id ?? null },
    })
  return { ...verdict, decisionId }
}

/** The facts that the gate decides by, as they are now. */
async function gatherFacts(db: Database, now: Date, question: GateQuestion): Promise<GateInput> {
  const { own, channel, contact, conversation, author, rule, messageSeq } = question
  const workspace = channel.workspace_id
  const kind = channel.kind as GateInput['channel']['kind']
  const visitors = kind === 'webchat' ? await identitiesOf(db, workspace, contact.id, channel.id) : []
  const visitorIds = visitors.flatMap(
    (one) => own.open(['contact_identity', one.kind, contact.id], one.value) ?? [],
  )
  const stored = await storedFacts(
    db,
    { workspace, contact: contact.id, channel: channel.id },
    { rule: rule?.id ?? null, since: secondsAfter(now, -LOOP_SECONDS), beforeSeq: messageSeq },
  )
  return {
    now,
    author,
    channel: { kind, state: channel.state as GateInput['channel']['state'] },
    contact: contact.state as GateInput['contact'],
    optedOut: stored.opted_out,
    conversation: conversation.status as GateInput['conversation'],
    lastInboundAt: conversation.last_inbound_at,
    sessionEndsAt: await sessionEnd(db, workspace, visitorIds),
    lastFiredAt: stored.last_fired_at,
    cooldownSeconds: rule?.cooldownSeconds ?? 0,
    automaticRecently: stored.automatic,
  }
}
