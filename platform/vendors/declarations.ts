import { declare } from '../kernel/control.ts'

/** The clauses of chapters 7 and 11; each waits for a document of a provider. */
export const vendorDeclarations = [
  ...declare(
    'inherited',
    ['7.1-0'],
    'No document of a data-centre operator that supports this sentence is on file.',
  ),
  ...declare(
    'inherited',
    ['7.1-a', '7.1-b', '7.1-c', '7.1-d', '7.1-e'],
    'No report of a data-centre operator that says this literally is on file.',
  ),
  ...declare(
    'inherited',
    ['7.2-a.1', '7.2-a.2', '7.2-a.3', '7.2-a.4'],
    'No current certificate or report of the cloud providers named is on file.',
  ),
  ...declare('attested', ['11.1-a', '11.1-b'], 'No assessment of a provider is on file.'),
  ...declare('attested', ['11.2-a'], 'No signed data processing agreement is on file.'),
]
