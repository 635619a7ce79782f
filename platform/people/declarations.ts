import { declare } from '../kernel/control.ts'

/** The clauses of chapter 10; people keep them, and nothing is on file. */
export const peopleDeclarations = [
  ...declare('attested', ['10.1-a'], 'No record of a completed background check is on file.'),
  ...declare('computed', ['10.2-0'], 'Follows from the clauses below it.'),
  ...declare('attested', ['10.2-a', '10.2-b'], 'No record of completed training is on file.'),
  ...declare('unproven', ['10.2-c'], 'No phishing exercise is run by the system.'),
  ...declare('attested', ['10.3-a'], 'No signed agreement is on file.'),
]
