/** A second server that follows the first and can take its place: its beginning, its state, and what was seen of each change. */
export { copyCluster, type CopyRequest } from './copy-cluster.ts'
export { followChanges, openStandby, type StandbyParts } from './standby.ts'
export { newestChange } from './queries.ts'
export { standbyRoutes } from './routes.ts'
export { standbyControls, type StandbySystem } from './failover-control.ts'
