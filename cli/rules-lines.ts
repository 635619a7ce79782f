import type { Reply } from './operator.ts'
import { age, facts } from './plain-text.ts'

/** The state of the firewall in lines for people. */
export function rulesLines(state: Reply<'GET /firewall'>, now: Date, width: number): string[] {
  const { set, policy, fileErrors, problem } = state
  const weaker = state.routes.filter((one) => one.weaker.length > 0)
  return facts(
    [
      ...(set === null
        ? ([
            [
              'Rules',
              'NONE: every request passes unseen, and 4.1-a fails. `surety rules update` fetches them.',
            ],
          ] as const)
        : ([
            ['Rules', `Core Rule Set ${set.version}, ${set.rules} rules`],
            ['Fingerprint', set.fingerprint],
            ['From', `${set.source.kind} ${set.source.from}, ${age(set.fetchedAt, now)}`],
            [
              'Compared',
              `${age(set.comparedAt, now)}; newest there: ${set.newest === '' ? 'unknown' : set.newest}`,
            ],
          ] as const)),
      [
        'Policy',
        `${policy.mode === 'block' ? 'blocks' : 'reports'} at ${policy.threshold}, paranoia level ${policy.paranoia}`,
      ],
      ...(problem === null ? [] : ([['Problem', problem]] as const)),
      ...fileErrors.map(({ line, message }) => ['File refused', `line ${line}: ${message}`] as const),
      ...weaker.map(
        ({ name, weaker: values, why, by, until, counts }) =>
          [
            counts ? 'Exception' : 'Ended',
            `${name}: ${values.join(', ')} until ${until ?? ''} (${why ?? ''}; ${by ?? ''})`,
          ] as const,
      ),
      ...state.exclusions.map(
        ({ route, rules, tags, targets, why, by, until, counts }) =>
          [
            counts ? 'Exclusion' : 'Ended',
            `${route ?? 'everywhere'}: ${[...rules.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)), ...tags].join(', ')}${targets.length === 0 ? '' : ` for ${targets.join(', ')}`} until ${until} (${why}; ${by})`,
          ] as const,
      ),
    ],
    width,
  )
}
