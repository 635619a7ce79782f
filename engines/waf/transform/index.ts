/** What rules do to values before looking at them: pure functions over bytes that give back the identical text when nothing changes. */
import { trimBlank, trimBlankEnd, trimBlankStart } from '../blank.ts'
import type { Bytes } from '../model.ts'
import type { TransformationName } from '../names.ts'
import { base64Decode, base64DecodeExt, base64Encode } from './base64.ts'
import { lowercase, uppercase } from './case.ts'
import { cmdLine } from './cmd-line.ts'
import { removeComments, removeCommentsChar, replaceComments } from './comments.ts'
import { md5, sha1 } from './digest.ts'
import { cssDecode, escapeSeqDecode, jsDecode } from './escapes.ts'
import { hexDecode, hexEncode, sqlHexDecode } from './hex.ts'
import { htmlEntityDecode } from './html-entity.ts'
import { removeNulls, replaceNulls } from './nulls.ts'
import { parityEven7bit, parityOdd7bit, parityZero7bit } from './parity.ts'
import { normalizePath, normalizePathWin } from './path.ts'
import { phpArgsNames } from './php-args-names.ts'
import { urlDecode, urlDecodeUni, urlEncode } from './url.ts'
import { utf8toUnicode } from './utf8.ts'
import { compressWhitespace, removeWhitespace } from './whitespace.ts'

/** Every transformation by name; each takes time in proportion to the value's length. */
export const transformations: Readonly<Record<TransformationName, (value: Bytes) => Bytes>> = {
  base64Decode,
  base64DecodeExt,
  base64Encode,
  cmdLine,
  compressWhitespace,
  cssDecode,
  escapeSeqDecode,
  hexDecode,
  hexEncode,
  htmlEntityDecode,
  jsDecode,
  length: (value) => String(value.length),
  lowercase,
  md5,
  normalizePath,
  normalizePathWin,
  parityEven7bit,
  parityOdd7bit,
  parityZero7bit,
  phpArgsNames,
  removeComments,
  removeCommentsChar,
  removeNulls,
  removeWhitespace,
  replaceComments,
  replaceNulls,
  sha1,
  sqlHexDecode,
  trim: trimBlank,
  trimLeft: trimBlankStart,
  trimRight: trimBlankEnd,
  uppercase,
  urlDecode,
  urlDecodeUni,
  urlEncode,
  utf8toUnicode,
}
