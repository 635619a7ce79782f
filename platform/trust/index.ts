/** Chapters 13 to 15: the public page, the customer's part, notices of change, and the contact. */
export { trustRoutes, type TrustRouteParts } from './routes.ts'
export { buildReport, type TrustSource } from './build-report.ts'
export { trustControls, trustDeclarations, type TrustSystem } from './controls.ts'
export { trustPage } from './page.ts'
export type { TrustReport, TrustView } from './report.ts'
