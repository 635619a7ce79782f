/** Reads queries, forms, cookies, JSON, XML, multipart bodies and request lines into what rules look at; never throws on any input. */
export { readCookies } from './cookies.ts'
export { type JsonBody, type JsonLimits, readJson } from './json.ts'
export { type Pair, type Pairs, readPairs } from './pairs.ts'
export { type Decoded, decodePercent } from './percent.ts'
export { type RawRequest, readFirstLine, readRawRequest } from './raw-request.ts'
export { splitTarget, type TargetParts } from './target.ts'
