import type { FactorKind } from '../../kernel/caller.ts'
import type { SoftKey } from '../factors/webauthn/soft-key.ts'
import type { AssertionResponse } from '../factors/webauthn/responses.ts'

/** What somebody at a browser can do, and what can happen meanwhile, in any order, with right and wrong proofs. */
export const STEPS = [
  'right password',
  'wrong password',
  'right code',
  'used code',
  'wrong code',
  'recovery code',
  'used recovery code',
  'identity provider',
  'key',
  'key of another origin',
  'used key answer',
  'passkey with PIN',
  'passkey without PIN',
  'start enrolling',
  'confirm enrolling',
  'enrol key',
  'add key',
  'step up with code',
  'step up with key',
  'remove a factor',
  'joins the staff',
  'leaves the staff',
  'keys are asked of the staff',
  'keys are asked of nobody',
  'old token again',
  'sign out',
  'half an hour',
  'half a minute',
] as const
/** One of them. */
export type Step = (typeof STEPS)[number]

/** The site that keys are made for. */
export const SITE = { origin: 'https://localhost:8443', rpId: 'localhost' } as const

/** What the model knows of one person and the session in the browser’s hand. */
export interface Model {
  readonly account: string
  readonly email: string
  token: string
  old: string
  /** What the session was proved with by right proofs, and by nothing else. */
  proved: Set<FactorKind>
  stage: 'none' | 'password' | 'enrolling' | 'full'
  secret: string
  spent: string
  recovery: readonly string[]
  spentRecovery: string
  offered: { factorId: string; secret: string }
  keys: SoftKey[]
  usedAnswer: AssertionResponse | null
  staff: boolean
}

/** Ways that chance takes seldom. */
export const EXAMPLES: readonly (readonly Step[])[] = [
  ['right password', 'right code', 'add key', 'passkey without PIN', 'key', 'half a minute', 'right code'],
  ['right password', 'right code', 'joins the staff', 'keys are asked of the staff', 'enrol key'],
  ['right password', 'right code', 'add key', 'joins the staff', 'keys are asked of the staff', 'enrol key'],
  ['right password', 'right code', 'add key', 'remove a factor', 'half a minute', 'passkey with PIN'],
  ['right password', 'right code', 'add key', 'half a minute', 'step up with key', 'used key answer'],
]
