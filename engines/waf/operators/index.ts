/** What rules ask of values: every operator, made from its argument when rules are loaded or a macro's text is known. */
import type { OperatorName } from '../names.ts'
import { ipMatch, ipMatchFromFile } from './addresses.ts'
import { detectSQLi, detectXSS } from './detectors.ts'
import { noMatch, unconditionalMatch } from './fixed.ts'
import { verifyCC, verifyCPF, verifySSN, verifySVNR } from './identity-numbers.ts'
import { eq, ge, gt, le, lt } from './number.ts'
import type { MakeOperator } from './operator.ts'
import {
  fuzzyHash,
  geoLookup,
  gsbLookup,
  inspectFile,
  rbl,
  validateDTD,
  validateHash,
  validateSchema,
} from './outside.ts'
import { rsub, rx, rxGlobal } from './pattern.ts'
import { pm, pmFromFile } from './phrases.ts'
import { beginsWith, contains, containsWord, endsWith, streq, within } from './text.ts'
import { validateByteRange, validateUrlEncoding, validateUtf8Encoding } from './validate-bytes.ts'

export { readNumber } from './number.ts'

/** Every operator by name; making one throws `operator-argument`, `file-missing` or `host-missing`. */
export const operators: Readonly<Record<OperatorName, MakeOperator>> = {
  beginsWith,
  contains,
  containsWord,
  detectSQLi,
  detectXSS,
  endsWith,
  eq,
  fuzzyHash,
  ge,
  geoLookup,
  gsbLookup,
  gt,
  inspectFile,
  ipMatch,
  ipMatchFromFile,
  le,
  lt,
  noMatch,
  pm,
  pmFromFile,
  rbl,
  rsub,
  rx,
  rxGlobal,
  streq,
  strmatch: contains,
  unconditionalMatch,
  validateByteRange,
  validateDTD,
  validateHash,
  validateSchema,
  validateUrlEncoding,
  validateUtf8Encoding,
  verifyCC,
  verifyCPF,
  verifySSN,
  verifySVNR,
  within,
}
