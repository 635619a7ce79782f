import { declare } from '../kernel/control.ts'

/** The clauses of chapter 9; none of them is proven by a machine yet. */
export const incidentDeclarations = [
  ...declare('attested', ['9.1-0'], 'The response plan is a document; none is on file with an approval.'),
  ...declare(
    'unproven',
    ['9.1-a', '9.1-b', '9.1-c', '9.1-d.1', '9.1-d.2', '9.1-e'],
    'Incidents are not yet handled as cases in the system, so nothing shows that the plan is followed.',
  ),
  ...declare('computed', ['9.2-0'], 'Follows from the clauses below it.'),
  ...declare(
    'unproven',
    ['9.2-a', '9.2-b', '9.2-c', '9.2-d'],
    'Clocks and notices for a breach are not built yet.',
  ),
]
