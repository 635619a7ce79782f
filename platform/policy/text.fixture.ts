import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import type { AnyParameter, Weaker } from '../kernel/parameter.ts'
import { choice, count, duration, list, ratePerMinute } from '../kernel/value-type.ts'
import { clauseCatalogue } from './clause-catalogue.ts'
import { compilePolicy, type CompiledPolicy } from './compile.ts'
import { showCompileError } from './sentence.ts'
import type { PolicyFile } from './text.ts'

const folder = new URL('../../policy/', import.meta.url)

/** The published policy of this repository, for tests. */
export const realFiles: readonly PolicyFile[] = readdirSync(folder)
  .filter((name) => name.endsWith('.md'))
  .map((name) => ({ name, text: readFileSync(new URL(name, folder), 'utf8') }))

const DAY = 86_400

function declared(name: string, clause: string, weaker: Weaker, type: AnyParameter['type']): AnyParameter {
  return { name, clause, weaker, type, obeys: `A sample of what obeys ${name}.` }
}

/** Every parameter that the text has a value for, with bounds of their own, so that these tests need no other module. */
export const sampleParameters: readonly AnyParameter[] = [
  declared(
    'tls.minimum',
    '2.1-a',
    'lower',
    choice({ 'TLS 1.2': 'TLSv1.2', 'TLS 1.3': 'TLSv1.3' }, 'version'),
  ),
  declared('tls.groups', '2.1-b', 'any', list(['X25519MLKEM768', 'X25519', 'P-256'])),
  declared('hsts.max-age', '2.1-c', 'lower', duration({ min: DAY, max: 3650 * DAY })),
  declared('encryption.algorithm', '2.2-a', 'any', choice({ 'AES-256-GCM': 'aes-256-gcm' })),
  declared('keys.root', '2.2-d', 'longer', list(['AWS KMS', 'HashiCorp Vault', 'hardware security modules'])),
  declared('keys.rotation', '2.3-a.1', 'higher', duration({ min: DAY, max: 730 * DAY })),
  declared(
    'mfa.scope',
    '3.1-0',
    'any',
    choice({ 'every user account and all administrative access': 'everyone' }),
  ),
  declared(
    'mfa.phishing-resistant',
    '3.1-c',
    'lower',
    choice({
      'nobody yet': 'nobody',
      'provider staff': 'staff',
      'provider staff and workspace administrators': 'administrators',
    }),
  ),
  declared('step-up.freshness', '3.1-0', 'higher', duration({ min: 60, max: 3600 })),
  declared('review.interval', '3.2-b', 'higher', duration({ min: 7 * DAY, max: 366 * DAY })),
  declared('review.due', '3.2-b', 'higher', duration({ min: DAY, max: 60 * DAY })),
  declared('elevation.limit', '3.2-d', 'higher', duration({ min: 300, max: DAY / 2 })),
  declared('password.length', '3.3-a', 'lower', count({ min: 8, max: 64 }, ['characters'])),
  declared(
    'password.classes',
    '3.3-a',
    'lower',
    choice({ 'two of the four': 2, 'three of the four': 3, 'all four': 4 }),
  ),
  declared('password.bcrypt-cost', '3.3-b', 'lower', count({ min: 10, max: 15 })),
  declared('lockout.failures', '3.3-d', 'higher', count({ min: 3, max: 10 })),
  declared('session.idle', '3.4-a', 'higher', duration({ min: 60, max: DAY })),
  declared('session.absolute', '3.4-a', 'higher', duration({ min: 900, max: 30 * DAY })),
  declared('sms.lifetime', '3.1-b', 'higher', duration({ min: 60, max: 600 })),
  declared('recovery.delay', '3.1-0', 'lower', duration({ min: 3600, max: 14 * DAY })),
  declared('leaver.delay', '3.2-c', 'higher', duration({ min: 60, max: DAY })),
  declared('api-key.lifetime', '4.3-a.2', 'higher', duration({ min: 86_400, max: 365 * 86_400 })),
  declared('oauth.access-lifetime', '4.3-a.2', 'higher', duration({ min: 60, max: 3600 })),
  declared('api.rate', '4.3-a.1', 'higher', ratePerMinute({ min: 1, max: 100_000 })),
  declared('waf.mode', '4.1-a', 'lower', choice({ reports: 'detect', blocks: 'block' })),
  declared('waf.paranoia', '4.1-a', 'lower', count({ min: 1, max: 4 })),
  declared('waf.threshold', '4.1-a', 'higher', count({ min: 2, max: 100 })),
  declared('waf.rules-age', '4.1-a', 'higher', duration({ min: DAY, max: 365 * DAY })),
  declared('rate.network', '4.1-d', 'higher', ratePerMinute({ min: 60, max: 1_000_000 })),
  declared('rate.account', '4.1-d', 'higher', ratePerMinute({ min: 30, max: 100_000 })),
  declared('rate.workspace', '4.1-d', 'higher', ratePerMinute({ min: 60, max: 1_000_000 })),
  declared('rate.sign-in', '4.1-d', 'higher', ratePerMinute({ min: 5, max: 600 })),
  declared('backup.interval', '6.1-a', 'higher', duration({ min: 3600, max: 2 * DAY })),
  declared('backup.regions', '6.1-c', 'lower', count({ min: 2, max: 5 }, ['regions'])),
  declared('backup.retention', '6.1-e', 'lower', duration({ min: DAY, max: 3650 * DAY })),
  declared('backup.incremental', '6.1-b', 'higher', duration({ min: 300, max: DAY })),
  declared('recovery.time', '6.2-a', 'higher', duration({ min: 900, max: 7 * DAY })),
  declared(
    'recovery.test',
    '6.2-c',
    'lower',
    choice({
      'every year': 366 * DAY,
      'every half year': 184 * DAY,
      'every quarter': 92 * DAY,
      'every month': 31 * DAY,
    }),
  ),
  declared('recovery.point', '6.2-b', 'higher', duration({ min: 60, max: 7 * DAY })),
  declared('audit.retention', '8.2-a.1', 'lower', duration({ min: 30 * DAY, max: 3650 * DAY })),
  declared('policy.review', '14-a', 'higher', duration({ min: 30 * DAY, max: 730 * DAY })),
  declared('policy.notice', '14-b', 'lower', duration({ min: DAY, max: 365 * DAY })),
]

/** The real policy with words replaced; fails when the words do not occur exactly once. */
export function rewritten(
  ...replacements: readonly (readonly [words: string, by: string])[]
): readonly PolicyFile[] {
  return replacements.reduce<readonly PolicyFile[]>((files, [words, by]) => {
    const found = files.filter(({ text }) => text.includes(words))
    assert.equal(found.length, 1, `“${words}” must stand in one file`)
    assert.equal(found[0]?.text.split(words).length, 2, `“${words}” must stand there once`)
    return files.map(({ name, text }) => ({ name, text: text.replace(words, () => by) }))
  }, realFiles)
}

/** Compiles; fails with the errors when the text is refused. */
export function compiled(files: readonly PolicyFile[] = realFiles): CompiledPolicy {
  const result = compilePolicy(files, sampleParameters, clauseCatalogue)
  if ('errors' in result) throw new Error(result.errors.map(showCompileError).join('\n'))
  return result
}

/** The errors that the text is refused with, one line each; fails when it compiles. */
export function refusals(files: readonly PolicyFile[]): readonly string[] {
  const result = compilePolicy(files, sampleParameters, clauseCatalogue)
  assert.ok('errors' in result, 'the text must be refused')
  return result.errors.map(showCompileError)
}
