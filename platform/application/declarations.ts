import { declare } from '../kernel/control.ts'

/** The clauses of chapter 5 that no control proves. */
export const applicationDeclarations = [
  ...declare('computed', ['5.1-0'], 'Follows from the clauses below it.'),
  ...declare('attested', ['5.1-a'], 'No record of a developer’s completed training is on file.'),
  ...declare('unproven', ['5.1-b'], 'Reviews are not yet recorded where the system could see them.'),
  ...declare(
    'unproven',
    ['5.1-c', '5.1-d', '5.1-e'],
    'No scanner with a planted fault runs in the system yet.',
  ),
  ...declare('computed', ['5.2-0'], 'Follows from the clauses below it.'),
  ...declare('unproven', ['5.2-a'], 'No scanner runs in the system yet.'),
  ...declare('attested', ['5.2-b'], 'No report of an outside penetration test is on file.'),
  ...declare('unproven', ['5.2-c'], 'There is no form for reports with a receipt yet.'),
  ...declare('unproven', ['5.2-d', '5.2-e'], 'Findings and their clocks are not built yet.'),
]
