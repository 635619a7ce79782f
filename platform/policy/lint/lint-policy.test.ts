import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { clauseCatalogue } from '../clause-catalogue.ts'
import { compilePolicy } from '../compile.ts'
import { editedFiles } from '../edits.fixture.ts'
import { compiled, rewritten, sampleParameters } from '../text.fixture.ts'
import { type Finding, type LintFacts, timeIn } from './finding.ts'
import { contradictionsOf, lintPolicy, lintRules } from './lint-policy.ts'

type Edit = readonly [words: string, by: string]

const facts: LintFacts = {
  today: new Date('2026-11-22T00:00:00Z'),
  lastPublishedAt: new Date('2026-01-30T00:00:00Z'),
  vendorsRegistered: [],
  contactConfigured: false,
  certificateStates: {},
  cardDataOutOfReach: false,
  changesArchived: false,
}

function find(rule: string, edits: readonly Edit[] = [], known: Partial<LintFacts> = {}): readonly Finding[] {
  return lintPolicy(compiled(rewritten(...edits)), { ...facts, ...known }).filter(
    (found) => found.rule === rule,
  )
}

function one(rule: string, edits: readonly Edit[] = [], known: Partial<LintFacts> = {}): Finding {
  const [found, ...more] = find(rule, edits, known)
  assert.ok(found !== undefined, `${rule} must find something`)
  assert.deepEqual(more, [])
  return found
}

/** The rule speaks of the text as it is, and is silent after each of the edits. */
function endsWith(
  rule: string,
  severity: Finding['severity'],
  clause: string,
  ...ends: readonly Edit[]
): void {
  const found = one(rule)
  assert.deepEqual([found.severity, found.clauses[0]], [severity, clause])
  for (const end of ends) assert.deepEqual(find(rule, [end]), [], end[1])
}

const RPO = 'The recovery point objective (RPO) is [1 hour](set:recovery.point).'
const NOTICE = 'We notify the customers affected by a breach within 72 hours of its discovery.'

test('L1: no data centre of AWS is certified to a tier', () => {
  endsWith(
    'L1',
    'contradicted',
    '7.1-0',
    ['are certified Tier III+', 'are aligned with Tier III+'],
    ['AWS and DigitalOcean', 'DigitalOcean'],
  )
  assert.deepEqual(one('L1').contradicts, ['7.1-0'])
})

test('L2: sessions that may reach card data expire after 15 minutes', () => {
  endsWith('L2', 'conflict', '3.4-a', ['[30 minutes]', '[15 minutes]'], ['(PCI DSS)', 'of the industry'])
  assert.equal(one('L2', [['[30 minutes]', '[16 minutes]']]).severity, 'conflict')
  assert.deepEqual(find('L2', [], { cardDataOutOfReach: true }), [])
  assert.match(
    one('L2').proposed,
    /\[15 minutes\]\(set:session\.idle\) without activity, and in any case \[12 hours\]/,
  )
})

test('L3: data that is backed up daily cannot have a recovery point objective of an hour', () => {
  endsWith(
    'L3',
    'contradicted',
    '6.2-b',
    [RPO, 'The recovery point objective (RPO) is [1 hour](set:recovery.point) for critical databases.'],
    [RPO, 'The recovery point objective (RPO) is [24 hours](set:recovery.point).'],
    ['[every 24 hours]', '[every 1 hour]'],
    ['Critical databases are', 'All databases and files are'],
  )
  assert.deepEqual(one('L3').contradicts, ['6.2-b'])
  assert.deepEqual(
    find('L3', [], { changesArchived: true }),
    [],
    'what is archived as it is made is not lost',
  )
})

test('L4 and L14: a processor tells without undue delay, from one recorded moment', () => {
  const prompt: Edit = [
    NOTICE,
    'We notify customers without undue delay, at most 72 hours after its discovery.',
  ]
  const aware: Edit = [NOTICE, 'We notify customers within 72 hours of becoming aware of its discovery.']
  endsWith('L4', 'conflict', '9.2-a', prompt)
  endsWith('L14', 'vague', '9.2-a', aware)
  assert.equal(find('L4', [aware]).length, 1)
  assert.equal(find('L14', [prompt]).length, 1)
})

test('L5: a second factor cannot be required and left to the customer', () => {
  endsWith('L5', 'conflict', '13-b', [
    'Enabling multi-factor authentication, and using it.',
    'Keeping their second factors safe.',
  ])
})

test('L6: a code by SMS is not for administrators', () => {
  endsWith('L6', 'note', '3.1-b', [
    'We support verification codes sent by SMS as a second factor.',
    'We support verification codes sent by SMS as a second factor, never for administrators.',
  ])
})

test('L7: each certificate has one state, and none is claimed that is not held', () => {
  const sure: Edit = ['that we maintain, or towards which we are working', 'that we maintain']
  endsWith('L7', 'vague', '12.2-0', [
    'that we maintain, or towards which we are working',
    'towards which we work',
  ])
  const claimed = one('L7', [sure], { certificateStates: { '12.2-a': 'held', '12.2-b': 'working-towards' } })
  assert.deepEqual([claimed.severity, claimed.contradicts], ['contradicted', ['12.2-b']])
  assert.deepEqual(find('L7', [sure], { certificateStates: { '12.2-a': 'held', '12.2-b': 'held' } }), [])
  assert.deepEqual(one('L7', [sure]).contradicts, ['12.2-a', '12.2-b'])
})

test('L8: a contact that is not configured cannot be published', () => {
  assert.deepEqual([one('L8').severity, one('L8').clauses], ['conflict', ['15-a', '15-b']])
  assert.deepEqual(find('L8', [], { contactConfigured: true }), [])
  const silent: Edit[] = [
    ['through the contact shown with this policy', 'by letter'],
    ['The contact is also published for software to read, as a', 'We know of the'],
  ]
  assert.deepEqual(find('L8', silent), [])
})

test('L9: a time to patch says when its clock starts', () => {
  const critical: Edit = ['patched within 24 hours.', 'patched within 24 hours of our learning of it.']
  assert.deepEqual([one('L9').severity, one('L9').clauses], ['vague', ['5.2-d', '5.2-e']])
  assert.deepEqual(one('L9', [critical]).clauses, ['5.2-e'])
  assert.deepEqual(
    find('L9', [critical, ['patched within 7 days.', 'patched within 7 days after it is confirmed.']]),
    [],
  )
})

test('L10: contractors are screened like employees', () => {
  endsWith(
    'L10',
    'conflict',
    '10.1-a',
    ['Every employee who', 'Every employee and contractor who'],
    ['For all employees and contractors', 'For all employees'],
  )
})

test('L11: the law of the United Arab Emirates is named', () => {
  endsWith('L11', 'vague', '12.1-d', [
    'law of the United Arab Emirates (UAE)',
    'law of the DIFC in the United Arab Emirates',
  ])
})

test('L12: long backups say what becomes of erased data', () => {
  endsWith(
    'L12',
    'conflict',
    '6.1-e',
    ['[90 days](set:backup.retention)', '[30 days](set:backup.retention)'],
    [
      '[90 days](set:backup.retention).',
      '[90 days](set:backup.retention), and erased data leaves them with age.',
    ],
  )
  assert.match(one('L12').proposed, /^Backups are kept for \[90 days\]\(set:backup\.retention\); data/)
})

test('L13: two clauses with one promise do not drift apart', () => {
  assert.deepEqual(
    find('L13').map(({ severity, clauses }) => [severity, ...clauses]),
    [
      ['note', '1.2-b', '14-a'],
      ['note', '2.2-b', '6.1-d'],
      ['note', '6.2-e', '9.1-0'],
    ],
  )
  const drifted = find('L13', [
    ['at least once a year', 'every quarter'],
    ['under keys separate from those of the live data', 'like the live data'],
    ['The procedures for responding to incidents are documented.', '*Removed.*'],
  ])
  assert.deepEqual(
    drifted.map(({ severity, clauses }) => [severity, ...clauses]),
    [
      ['conflict', '1.2-b', '14-a'],
      ['conflict', '2.2-b', '6.1-d'],
    ],
  )
})

test('L15: that people keep watch at all hours is no machine’s to prove', () => {
  endsWith('L15', 'note', '4.2-d', ['keeps watch 24 hours a day, 7 days a week', 'receives every alert'])
})

test('L16: no version of TLS before 1.3 is admitted', () => {
  assert.deepEqual(find('L16'), [])
  assert.equal(one('L16', [['[TLS 1.3]', '[TLS 1.2]']]).severity, 'conflict')
  assert.equal(
    one('L16', [
      ['[TLS 1.3](set:tls.minimum) or later', '[TLS 1.3](set:tls.minimum), with TLS 1.2 for old clients'],
    ]).clauses[0],
    '2.1-a',
  )
})

test('L17: every vendor that the text names is in the register', () => {
  assert.deepEqual(
    find('L17').map(({ clauses }) => clauses),
    [['2.2-d', '7.2-a.1'], ['7.2-a.1'], ['2.2-d'], ['3.3-c']],
  )
  const vendorsRegistered = ['aws', 'DigitalOcean ', 'HashiCorp Vault', 'haveibeenpwned']
  assert.deepEqual(find('L17', [], { vendorsRegistered }), [])
  const named = one('L17', [['watches the traffic', 'at Cloudflare watches the traffic']], {
    vendorsRegistered,
  })
  assert.deepEqual(named.clauses, ['4.2-a'])
  assert.deepEqual(find('L17', [['AWS and DigitalOcean', 'AWS']]).length, 3)
})

test('L18: a weekly scan is weaker than what the system can do', () => {
  endsWith(
    'L18',
    'note',
    '5.2-a',
    ['vulnerabilities every week', 'vulnerabilities every day'],
    ['vulnerabilities every week', 'vulnerabilities every 3 days'],
  )
})

test('L19: logs are kept for a year at least, and their deletion is promised', () => {
  endsWith('L19', 'vague', '8.2-a.1', [
    '[1 year](set:audit.retention).',
    '[1 year](set:audit.retention) and are then deleted.',
  ])
  assert.equal(
    one('L19', [['[1 year](set:audit.retention).', '[90 days](set:audit.retention) and are then deleted.']])
      .severity,
    'conflict',
  )
})

test('L20: the next review is announced, and overdue when it is', () => {
  assert.match(one('L20').why, /due on 2027-01-30, in 69 days/)
  assert.deepEqual(find('L20', [], { today: new Date('2026-03-01T00:00:00Z') }), [])
  assert.equal(one('L20', [], { today: new Date('2027-01-31T00:00:00Z') }).severity, 'conflict')
  assert.deepEqual(find('L20', [['[12 months](set:policy.review)', '[2 years](set:policy.review)']]), [])
  assert.deepEqual(find('L20', [], { lastPublishedAt: null }), [])
})

test('there is one rule for each of the twenty numbers', () => {
  assert.deepEqual(
    lintRules.map(({ id }) => id),
    Array.from({ length: 20 }, (_, index) => `L${index + 1}`),
  )
})

test('only a contradiction contradicts, and each clause is told why', () => {
  const policy = compiled()
  const findings = lintPolicy(policy, facts)
  for (const { severity, contradicts, clauses, why, proposed } of findings) {
    assert.equal(contradicts.length > 0, severity === 'contradicted')
    for (const clause of [...clauses, ...contradicts]) assert.ok(policy.clauses.has(clause))
    assert.ok(why.endsWith('.') && proposed !== '')
  }
  assert.deepEqual([...contradictionsOf(findings).keys()], ['7.1-0', '6.2-b'])
})

test('whatever the text says, the rules answer and name clauses of it', () => {
  fc.assert(
    fc.property(editedFiles, (files) => {
      const policy = compilePolicy(files, sampleParameters, clauseCatalogue)
      if ('errors' in policy) return
      for (const { clauses } of lintPolicy(policy, facts))
        for (const clause of clauses) assert.equal(policy.clauses.get(clause)?.removed, false)
    }),
    { numRuns: 40 },
  )
})

test('times are read from prose as people mean them', () => {
  assert.equal(timeIn('patched within 24 hours'), 86_400)
  assert.equal(timeIn('searched every week'), 7 * 86_400)
  assert.equal(timeIn('The objective (RPO) is one hour.'), 3600)
  assert.equal(timeIn('soon'), undefined)
})
