/** Which disks folders lie on and what encrypts them, as the kernel tells it, and reports of that from other servers. */
export { isDisks, publicKeyOf, readReport, ReportError, writeReport, type DiskReport } from './report.ts'
export { judge, type Judgement } from './judge.ts'
export { lookAtDisks, lookAtSwap, type FolderDisk } from './look.ts'
export type { Device } from './devices.ts'
