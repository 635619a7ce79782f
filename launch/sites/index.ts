/** Two sites of one database: one takes writes, the other follows and can take its place, with the old one fenced first. */
export { keptSites, type KeptSites, type SiteStatus } from './kept-sites.ts'
export type { SiteChange, ChangeKind } from './change.ts'
export { stableSocket } from './stable-socket.ts'
export { STANDBY_NAME } from './site.ts'
