import { DAY, secondsAfter, secondsBetween } from '../../kernel/clock.ts'
import { type Finding, rule, type Rule, timeIn, type Words } from './finding.ts'

const VENDORS: readonly (readonly [name: string, named: RegExp])[] = [
  ['AWS', /\bAWS\b|\bAmazon Web Services\b/],
  ['DigitalOcean', /\bDigitalOcean\b/i],
  ['HashiCorp Vault', /\bHashiCorp\b/i],
  ['haveibeenpwned', /\bhaveibeenpwned\b|\bHave I Been Pwned\b/i],
  ['Google Cloud', /\bGoogle Cloud\b|\bGCP\b/i],
  ['Microsoft Azure', /\bAzure\b/i],
  ['Cloudflare', /\bCloudflare\b/i],
  ['Fastly', /\bFastly\b/i],
  ['Akamai', /\bAkamai\b/i],
  ['Hetzner', /\bHetzner\b/i],
  ['OVHcloud', /\bOVH(?:cloud)?\b/i],
  ['Twilio', /\bTwilio\b/i],
  ['Stripe', /\bStripe\b/],
  ['Okta', /\bOkta\b/i],
  ['Datadog', /\bDatadog\b/i],
  ['PagerDuty', /\bPagerDuty\b/i],
  ['HackerOne', /\bHackerOne\b/i],
  ['Bugcrowd', /\bBugcrowd\b/i],
]

/** Two sentences that promise the same, and what each must say for them to agree. */
const TWINS: readonly {
  readonly clauses: readonly [string, string]
  readonly of: string
  readonly says: RegExp
}[] = [
  {
    clauses: ['2.2-b', '6.1-d'],
    of: 'separate keys for backups',
    says: /(?=.*\bseparate\b)(?=.*\bkeys?\b)/i,
  },
  { clauses: ['6.2-e', '9.1-0'], of: 'a documented response to incidents', says: /\bdocumented\b/i },
]

/** Rules on chapters 1, 13 to 15 and on the text as a whole: doubles, names, the contact and the review. */
export const upkeepRules: readonly Rule[] = [
  rule('L8', ({ says }, { contactConfigured }) => {
    if (contactConfigured || !/\bcontact\b/i.test(`${says('15-a')} ${says('15-b')}`)) return undefined
    return {
      severity: 'conflict',
      clauses: ['15-a', '15-b'],
      why: 'The sentence points to a contact, and none is configured; no `security.txt` can be published.',
      proposed: 'The sentence may stay: configure the security contact that it points to.',
    }
  }),
  { id: 'L13', find: (words) => [...reviewTwins(words), ...TWINS.flatMap((twins) => doubled(words, twins))] },
  { id: 'L17', find: (words, { vendorsRegistered }) => unregistered(words, vendorsRegistered) },
  rule('L20', ({ seconds }, { today, lastPublishedAt }) => {
    const longest = seconds('policy.review')
    if (longest === undefined || lastPublishedAt === null) return undefined
    const due = secondsAfter(lastPublishedAt, longest)
    const days = Math.floor(secondsBetween(today, due) / DAY)
    if (days > 90) return undefined
    const day = due.toISOString().slice(0, 10)
    return {
      severity: days < 0 ? 'conflict' : 'note',
      clauses: ['14-a', 'P-b', '1.2-b'],
      why:
        days < 0
          ? `The review of this policy was due on ${day}.`
          : `The review of this policy is due on ${day}, in ${days} days.`,
      proposed: 'The sentence may stay: review the policy and publish its next version.',
    }
  }),
]

/** The yearly review stands in 1.2-b in words and in 14-a as a value. */
function reviewTwins({ says, valueText, seconds }: Words): Omit<Finding, 'rule'>[] {
  const inWords = timeIn(says('1.2-b'))
  const asValue = seconds('policy.review')
  if (inWords === undefined || asValue === undefined) return []
  const agree = inWords === asValue
  return [
    {
      severity: agree ? 'note' : 'conflict',
      clauses: ['1.2-b', '14-a'],
      contradicts: [],
      why: agree
        ? 'Both clauses promise the same rhythm of review; the one in words can drift from the value that the system obeys.'
        : `Clause 1.2-b promises a review every ${inWords / DAY} days, clause 14-a one every ${valueText('policy.review')}.`,
      proposed:
        'The security programme is reviewed together with this policy, and whenever a significant change occurs.',
    },
  ]
}

function doubled(
  { says, clauses }: Words,
  { clauses: pair, of, says: promise }: (typeof TWINS)[number],
): Omit<Finding, 'rule'>[] {
  const standing = pair.filter((id) => clauses.includes(id))
  const kept = standing.filter((id) => promise.test(says(id)))
  if (standing.length < 2 || kept.length === 0) return []
  const [one, other] = pair
  const agree = kept.length === 2
  return [
    {
      severity: agree ? 'note' : 'conflict',
      clauses: [...standing.filter((id) => !kept.includes(id)), ...kept],
      contradicts: [],
      why: agree
        ? `Clauses ${one} and ${other} both promise ${of}; one control has to stand behind both, or they drift apart.`
        : `Clauses ${one} and ${other} both promised ${of}; now only ${kept.join('')} does.`,
      proposed: agree ? '*Removed.*' : says(kept[0] ?? ''),
    },
  ]
}

function unregistered({ says, clauses }: Words, registered: readonly string[]): Omit<Finding, 'rule'>[] {
  const known = new Set(registered.map((name) => name.trim().toLowerCase()))
  return VENDORS.flatMap(([name, named]) => {
    const naming = clauses.filter((id) => named.test(says(id)))
    if (naming.length === 0 || known.has(name.toLowerCase())) return []
    return [
      {
        severity: 'conflict' as const,
        clauses: naming,
        contradicts: [],
        why: `The text names ${name}, which is not in the vendor register, so nobody assessed it as chapter 11 promises.`,
        proposed: `The sentence may stay once ${name} is assessed and registered; otherwise leave the name out.`,
      },
    ]
  })
}
