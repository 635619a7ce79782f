import { DAY } from '../../kernel/clock.ts'
import { ending, rule, type Rule, timeIn, type Words } from './finding.ts'

const namesGdpr = ({ says }: Words): boolean => /General Data Protection Regulation|GDPR/.test(says('12.1-a'))

/** Rules on chapters 6 to 12: backups, data centres, logs, breaches, people and law. */
export const dataRules: readonly Rule[] = [
  // https://aws.amazon.com/compliance/uptimeinstitute/: “we have chosen not to have a certified … tiering level”.
  rule('L1', ({ says }) => {
    const claim = says('7.1-0')
    if (!/\bTier\b/.test(claim) || !/\bcertifi/i.test(claim) || !/\bAWS\b|Amazon/.test(says('7.2-a.1')))
      return undefined
    return {
      severity: 'contradicted',
      clauses: ['7.1-0', '7.2-a.1'],
      contradicts: ['7.1-0'],
      why: 'AWS publishes that it has chosen not to hold a certified tier of the Uptime Institute, so data centres of AWS cannot be “certified Tier III+”.',
      proposed: 'The data centres that host our infrastructure are aligned with Tier III+.',
    }
  }),
  rule('L3', ({ says, valueText, seconds }, { changesArchived }) => {
    // What is archived as it is made is not lost with the time between two backups.
    if (changesArchived) return undefined
    const objective = timeIn(says('6.2-b'))
    const interval = seconds('backup.interval')
    if (objective === undefined || interval === undefined || interval <= objective) return undefined
    const increments = timeIn(says('6.1-b'))
    const everything = !/\bcritical\b/i.test(says('6.1-b'))
    if (
      /\bcritical\b/i.test(says('6.2-b')) ||
      (everything && increments !== undefined && increments <= objective)
    )
      return undefined
    return {
      severity: 'contradicted',
      clauses: ['6.2-b', '6.1-a', '6.1-b'],
      contradicts: ['6.2-b'],
      why: `Data outside the critical databases is backed up ${valueText('backup.interval')}; up to that much of it can be lost, more than the recovery point objective allows.`,
      proposed:
        'The recovery point objective (RPO) is 1 hour for critical databases and 24 hours for everything else.',
    }
  }),
  // GDPR Art. 33(2); California Civil Code 1798.82(b); UAE Federal Decree-Law 45/2021 Art. 9.
  rule('L4', (words) => {
    const claim = words.says('9.2-a')
    if (timeIn(claim) === undefined || /without undue delay|immediately/i.test(claim) || !namesGdpr(words))
      return undefined
    return {
      severity: 'conflict',
      clauses: ['9.2-a', '12.1-a'],
      why: 'A processor must notify without undue delay (GDPR 33(2)), and in California immediately; the hours can only be the outer bound.',
      proposed:
        'We notify the customers affected by a breach without undue delay, and at the latest within 72 hours of becoming aware of it.',
    }
  }),
  rule('L7', ({ says, clauses }, { certificateStates }) => {
    const claim = says('12.2-0')
    const listed = clauses.filter((id) => id.startsWith('12.2-') && id !== '12.2-0')
    const wanting = listed.filter((id) => certificateStates[id] !== 'held')
    const proposed = 'These are our certifications, and the state of each: held, or being worked towards.'
    if (/\bor\b.*\bwork/i.test(claim)) {
      const why =
        'A sentence that says “maintain or are working towards” is true of anything; each certificate has one state.'
      return { severity: 'vague', clauses: ['12.2-0', ...listed], why, proposed }
    }
    if (!/\b(?:maintain|hold|held)\b/i.test(claim) || /\bwork/i.test(claim) || wanting.length === 0)
      return undefined
    return {
      severity: 'contradicted',
      clauses: ['12.2-0', ...wanting],
      contradicts: wanting,
      why: `The register holds no valid certificate for ${wanting.join(' and ')}, which the sentence says we maintain.`,
      proposed,
    }
  }),
  rule('L10', ({ says, written }) => {
    const both = /\bcontractors?\b/i
    if (!/\bemployees?\b/i.test(says('10.1-a')) || both.test(says('10.1-a')) || !both.test(says('10.3-a')))
      return undefined
    return {
      severity: 'conflict',
      clauses: ['10.1-a', '10.3-a'],
      why: 'Contractors sign confidentiality agreements, but the sentence on background checks leaves those with access to data unscreened.',
      proposed: written('10.1-a').replace(/\bemployee\b/i, (word) => `${word} and contractor`),
    }
  }),
  rule('L11', ({ says }) => {
    const claim = says('12.1-d')
    if (!/\bUAE\b|United Arab Emirates/.test(claim) || /45\/2021|\bDIFC\b|\bADGM\b/.test(claim))
      return undefined
    return {
      severity: 'vague',
      clauses: ['12.1-d'],
      why: 'Three data protection laws apply in the United Arab Emirates: the federal one, that of the DIFC and that of the ADGM.',
      proposed:
        'Federal Decree-Law 45/2021 of the United Arab Emirates (UAE) on the protection of personal data.',
    }
  }),
  // GDPR Art. 12(3) gives one month to act on a request, Art. 17 the right to erasure.
  rule('L12', (words) => {
    const retention = words.seconds('backup.retention')
    const answered = ['6.1-e', '15-c'].some((id) => /\beras|\bdelet/i.test(words.says(id)))
    if (retention === undefined || retention <= 31 * DAY || answered || !namesGdpr(words)) return undefined
    return {
      severity: 'conflict',
      clauses: ['6.1-e', '12.1-a'],
      why: `Backups of ${words.valueText('backup.retention')} outlive the month in which a request for erasure must be answered, and the text does not say what becomes of erased data in them.`,
      proposed: ending(
        words.written('6.1-e'),
        '; data that was erased on request leaves them with age, and is erased again after a restore.',
      ),
    }
  }),
  rule('L14', ({ says }) => {
    const claim = says('9.2-a')
    if (!/\bdiscover/i.test(claim) || /\baware\b/i.test(claim)) return undefined
    return {
      severity: 'vague',
      clauses: ['9.2-a', '9.2-d'],
      why: 'The laws that apply count from “aware” (GDPR) or from “discovery or notification” (California); one recorded moment has to start every clock.',
      proposed:
        'We notify the customers affected by a breach without undue delay, and at the latest within 72 hours of becoming aware of it.',
    }
  }),
  // PCI DSS 10.5.1 asks for 12 months of logs.
  rule('L19', ({ says, written, valueText, seconds }) => {
    const retention = seconds('audit.retention')
    if (retention === undefined) return undefined
    if (retention < 365 * DAY)
      return {
        severity: 'conflict',
        clauses: ['8.2-a.1', '12.1-e'],
        why: `PCI DSS 10.5.1 asks for logs of 12 months; the text says ${valueText('audit.retention')}.`,
        proposed: 'Logs are kept for [1 year](set:audit.retention) and are then deleted.',
      }
    if (/\bdelet|\beras|at most|no longer than/i.test(says('8.2-a.1'))) return undefined
    return {
      severity: 'vague',
      clauses: ['8.2-a.1'],
      why: 'The sentence says how long logs are kept at least, but not when they are deleted; logs hold personal data.',
      proposed: ending(written('8.2-a.1'), ' and are then deleted.'),
    }
  }),
]
