import type { ReactNode } from 'react'
import { call } from '../api.ts'
import type { Level } from '../contract/access.ts'
import { proveKey } from './keys.ts'
import { ProveFactor, type Prover } from './prove-factor.tsx'

const SIGN_IN: Prover<Level> = {
  code: async (code) => (await call('POST /api/access/totp', { body: { code } })).level,
  recovery: async (code) => (await call('POST /api/access/recovery-code', { body: { code } })).level,
  key: proveKey,
  sendSms: () => call('POST /api/access/sms/send'),
  sms: async (code) => (await call('POST /api/access/sms/verify', { body: { code } })).level,
}

/** The second factor of a sign-in; which of them the account has is told to nobody before. Policy 3.1-0. */
export function SecondStep({ onNext }: { readonly onNext: (level: Level) => void }): ReactNode {
  return (
    <ProveFactor prover={SIGN_IN} ways={['totp', 'webauthn', 'sms', 'recovery-code']} onProved={onNext} />
  )
}
