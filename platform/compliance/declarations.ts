import { declare } from '../kernel/control.ts'

/** The clauses of chapters 1 and 12; none of them is proven by a machine yet. */
export const complianceDeclarations = [
  ...declare('computed', ['1.1-0'], 'Follows from the frameworks named below it.'),
  ...declare(
    'unproven',
    ['1.1-a', '1.1-b', '1.1-c'],
    'Each clause names the requirements it answers to; a complete statement of applicability with dates and owners is not built yet.',
  ),
  ...declare('unproven', ['1.1-d'], 'No test per category with a planted fault runs yet.'),
  ...declare(
    'attested',
    ['1.2-a'],
    'Audits and penetration tests are done by people; no report of one is on file.',
  ),
  ...declare('computed', ['12.1-0'], 'Follows from the laws named below it.'),
  ...declare(
    'unproven',
    ['12.1-a', '12.1-b', '12.1-c', '12.1-d'],
    'The duties of this law are not yet recorded as requests, clocks and registers that could be checked.',
  ),
  ...declare(
    'inherited',
    ['12.1-e'],
    'Card data is handled by a payment processor; no attestation of compliance of one is on file.',
  ),
  ...declare('computed', ['12.2-0'], 'Follows from the certificates below it.'),
  ...declare('attested', ['12.2-a', '12.2-b'], 'No certificate or report is on file.'),
]
