import type { FactorKind } from '../../kernel/caller.ts'
import type { AccessParts } from '../parts.ts'
import { isOver } from '../sessions/session-clock.ts'
import { levelNow } from '../sign-in/standing.ts'
import { openFace } from '../accounts/accounts.ts'
import { fullSession, personOf } from './queries.ts'

/** How sure a client can be of a sign-in (`acr`): two factors, one of them such that no page in between can pass it on. */
export const ACR = {
  twoFactors: 'urn:surety:two-factors',
  phishingResistant: 'urn:surety:phishing-resistant',
} as const

/** How somebody signed in, by the names of RFC 8176 where it has one. */
const METHODS: Readonly<Partial<Record<FactorKind, string>>> = {
  password: 'pwd',
  totp: 'otp',
  sms: 'sms',
  webauthn: 'hwk',
  'user-verification': 'user',
}

/** What a client is told of a sign-in with these factors. */
export function assuranceOf(factors: readonly FactorKind[]): { acr: string; amr: string[] } {
  const acr = factors.includes('webauthn') ? ACR.phishingResistant : ACR.twoFactors
  return { acr, amr: [...new Set(factors.map((factor) => METHODS[factor] ?? factor)), 'mfa'] }
}

/** A person's sign-in that a client may rely on: who, since when, and how. */
export interface StandingSignIn {
  readonly session: string
  readonly account: string
  /** When the person signed in; a later use or step-up is no sign-in. */
  readonly since: Date
  readonly acr: string
  readonly amr: readonly string[]
}

/**
 * The sign-in behind a session with two factors; null once it has ended, expired or its account was disabled, and while it
 * reaches nothing by itself. Policy 3.1-0.
 */
export async function standingSignIn(
  { db, clock, policy }: Pick<AccessParts, 'db' | 'clock' | 'policy'>,
  session: string,
): Promise<StandingSignIn | null> {
  const row = await fullSession(db, session)
  if (row === undefined) return null
  const factors = row.factors as FactorKind[]
  const found = { ...row, level: 'full', factors } as const
  if (isOver(policy, found, row.last_seen_at.getTime(), clock.now().getTime())) return null
  const standing = { staff: row.staff_role !== null, administers: row.administers }
  if (levelNow(policy, found, standing) !== 'full') return null
  return { session: row.id, account: row.account_id, since: row.created_at, ...assuranceOf(factors) }
}

/** What a client may learn about a person, opened only when it is asked for; null unless they belong to the workspace. */
export async function personFor(
  parts: Pick<AccessParts, 'db' | 'keys'>,
  account: string,
  workspace: string,
): Promise<{ readonly name: string; readonly email: string } | null> {
  const row = await personOf(parts.db, account, workspace)
  return row === undefined ? null : openFace(parts, row)
}

/** Whether a person belongs to a workspace now. */
export async function belongsTo(
  { db }: Pick<AccessParts, 'db'>,
  account: string,
  workspace: string,
): Promise<boolean> {
  return (await personOf(db, account, workspace)) !== undefined
}
