import type { describeField } from '#envelope'
import type { PolicyReader } from '../kernel/parameter.ts'
import { Problem } from '../kernel/problem.ts'
import { encryptionAlgorithm } from './parameters.ts'

/** What the engine offers, by the name in the policy: XAES-256-GCM is AES-256-GCM under a key derived for each value. */
const OFFERED: Readonly<Record<string, ReturnType<typeof describeField>['algorithm']>> = {
  'AES-256-GCM': 'XAES-256-GCM',
}

/** The engine's name for the algorithm of the policy; throws `encryption.algorithm` when it is not offered. Policy 2.2-a. */
export function requireOffered(policy: PolicyReader): string {
  const wanted: string = policy.read(encryptionAlgorithm)
  const offered = Object.hasOwn(OFFERED, wanted) ? OFFERED[wanted] : undefined
  if (offered === undefined || offered === null)
    throw new Problem('encryption.algorithm', 'Nothing is sealed until the policy names one that is.')
  return offered
}
