import type { Reply } from './operator.ts'
import { age, facts, many } from './plain-text.ts'

const NAMES = {
  'local-file': 'a local file',
  'aws-kms': 'AWS KMS',
  vault: 'Vault',
  pkcs11: 'a device (PKCS#11)',
}

type Fact = readonly [string, string]

/** The state of the root key in lines for people. */
export function rootLines(state: Reply<'GET /keys/root'>, now: Date, width: number): string[] {
  const { health, changes } = state
  return facts(
    [
      ['Kept by', `${NAMES[state.provider]}: ${state.id}`],
      ...healthFacts(health, now),
      ...keyFacts(state),
      ...logFacts(state.log, now),
      ...changes.map((one): Fact => [
        'Changed',
        `${age(one.startedAt, now)}, ${many(one.moved, 'key')} moved${one.finishedAt === null ? ', NOT FINISHED' : ''}`,
      ]),
      ...health.notes.map((note): Fact => ['Note', note]),
    ],
    width,
  )
}

function healthFacts(health: Reply<'GET /keys/root'>['health'], now: Date): Fact[] {
  const unsaid = 'the keeper does not say'
  return [
    ['State', `${health.state}, answered in ${health.millis} ms`],
    ...(health.problem === null ? [] : ([['Problem', health.problem]] as const)),
    ['Can leave', health.exportable ? 'yes' : 'no'],
    ['Logged', health.audited === null ? unsaid : health.audited ? 'yes' : 'NO: nobody logs who uses it'],
    ['Versions', health.versions === null ? unsaid : String(health.versions)],
    ...(health.rotatedAt === null ? [] : ([['Newest', age(health.rotatedAt, now)]] as const)),
  ]
}

function keyFacts({ keys, fingerprint, former }: Reply<'GET /keys/root'>): Fact[] {
  const here = keys.find((one) => one.root === fingerprint)
  const elsewhere = keys.filter((one) => one.root !== fingerprint).reduce((sum, one) => sum + one.keys, 0)
  const waiting = `${many(elsewhere, 'key')} under former root keys; \`surety keys rotate root\` moves them`
  const unused =
    'wraps nothing any more; KEY_ROOT_BEFORE need not name it once copies of the keyring from before are gone (7 days)'
  return [
    ['Wraps', `${many(here?.keys ?? 0, 'key')} of tenants`],
    ...(elsewhere === 0 ? [] : ([['Waiting', waiting]] as const)),
    ...former.map((one): Fact => [
      'Former',
      `${NAMES[one.provider]}: ${one.id}, ${one.keys === 0 ? unused : many(one.keys, 'key')}`,
    ]),
  ]
}

function logFacts(log: Reply<'GET /keys/root'>['log'], now: Date): Fact[] {
  const { without, compared, unexplained, missing, notYet, problems, readTo } = log
  if (without !== null) return [['Its log', without]]
  if (readTo === null) return [['Its log', 'not read yet']]
  const late = notYet === 0 ? '' : `, ${notYet} not there yet`
  return [
    ['Its log', `${many(compared, 'use')} of ours in 30 days${late}; read ${age(readTo, now)}`],
    ...(unexplained === 0
      ? []
      : ([['NOT OURS', `${many(unexplained, 'use')} that nobody here made`]] as const)),
    ...(missing === 0
      ? []
      : ([['MISSING', `${many(missing, 'use')} of ours that its log does not have`]] as const)),
    ...problems.map((problem): Fact => ['Problem', problem]),
  ]
}
